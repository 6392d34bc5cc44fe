import { describe, expect, it } from 'vitest';
import { callToneSamples } from './call-tones.js';

const RATE = 8_000;

/** Sound and silence in turn, in tenths of a second. */
const cadence = (samples: Float32Array): number[] => {
  const runs: number[] = [];
  let before: boolean | null = null;
  for (let start = 0; start < samples.length; start += RATE / 100) {
    const loud = samples.subarray(start, start + RATE / 100).some((sample) => Math.abs(sample) > 0.05);
    if (loud !== before) runs.push(0);
    runs[runs.length - 1]! += 0.01;
    before = loud;
  }
  return runs.map((run) => Math.round(run * 20) / 20);
};

describe('call-progress tones', () => {
  it('have the cadences of E.180 and end', () => {
    expect(cadence(callToneSamples('busy', RATE))).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(cadence(callToneSamples('congestion', RATE))).toEqual([0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]);
  });

  it('are 425 Hz, never clip and do not click', () => {
    const samples = callToneSamples('busy', RATE);
    const beat = samples.subarray(0, RATE / 2);
    const rises = beat.filter((sample, index) => sample > 0 && (beat[index - 1] ?? 0) <= 0).length;
    expect(Math.abs(rises * 2 - 425)).toBeLessThanOrEqual(2);
    expect(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThan(0.5);
    expect(Math.abs(samples[1] ?? 1)).toBeLessThan(0.01);
    expect(Math.abs(samples[RATE / 2 - 1] ?? 1)).toBeLessThan(0.01);
  });
});
