import { describe, expect, it } from 'vitest';
import { callToneSamples, INTERNATIONAL_TONES, type CallTone } from './call-tones.js';

const RATE = 8_000;

const samplesOf = (tone: CallTone, cadence = INTERNATIONAL_TONES[tone]): Float32Array => callToneSamples(tone, cadence, RATE);

/** Sound and silence in turn, in seconds to within 0.025. */
const cadenceOf = (samples: Float32Array): number[] => {
  const runs: number[] = [];
  let before: boolean | null = null;
  for (let start = 0; start < samples.length; start += RATE / 200) {
    const loud = samples.subarray(start, start + RATE / 200).some((sample) => Math.abs(sample) > 0.03);
    if (loud !== before) runs.push(0);
    runs[runs.length - 1]! += 0.005;
    before = loud;
  }
  return runs.map((run) => Math.round(run * 40) / 40);
};

/** The amplitude of one frequency in them. */
const amplitude = (samples: Float32Array, hertz: number): number => {
  let [real, imaginary] = [0, 0];
  for (const [index, sample] of samples.entries()) {
    real += sample * Math.cos((2 * Math.PI * hertz * index) / RATE);
    imaginary += sample * Math.sin((2 * Math.PI * hertz * index) / RATE);
  }
  return (2 * Math.hypot(real, imaginary)) / samples.length;
};

const peak = (samples: Float32Array): number => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

describe('call-progress tones', () => {
  it('have the cadences of E.180 and end', () => {
    expect(cadenceOf(samplesOf('busy'))).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(cadenceOf(samplesOf('congestion'))).toEqual([0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]);
  });

  it('have the cadence of another country, as often as fits', () => {
    expect(cadenceOf(samplesOf('busy', '400/375,0/375'))).toEqual(Array.from({ length: 8 }, () => 0.375));
    expect(cadenceOf(samplesOf('congestion', '400/400,0/350,400/225,0/525'))).toEqual([0.4, 0.35, 0.225, 0.525]);
    expect(samplesOf('busy', '425').length).toBe(3 * RATE);
    expect(samplesOf('congestion', '400/250,0/9750').length).toBe(10 * RATE);
  });

  it('have its frequencies, together as loud as one would be', () => {
    const beat = samplesOf('busy', '480+620/500,0/500').subarray(100, RATE / 2 - 100);
    for (const hertz of [480, 620]) expect(amplitude(beat, hertz)).toBeCloseTo(0.22 / Math.SQRT2, 2);
    expect(amplitude(beat, 425)).toBeLessThan(0.01);
    const swayed = samplesOf('busy', '400*25/500,0/500').subarray(0, RATE / 2);
    for (const side of [375, 425]) expect(amplitude(swayed, side)).toBeGreaterThan(0.04);
  });

  it('are 425 Hz where there is no other, never clip and do not click', () => {
    const samples = samplesOf('busy');
    expect(amplitude(samples.subarray(0, RATE / 2), 425)).toBeGreaterThan(0.2);
    expect(peak(samples)).toBeLessThan(0.5);
    expect(Math.abs(samples[1] ?? 1)).toBeLessThan(0.01);
    expect(Math.abs(samples[RATE / 2 - 1] ?? 1)).toBeLessThan(0.01);
  });

  it.each(['', '0/500', 'loud', '425/500,', '425/0', '425/99999', '-425/500', '425+/500', `${'425/9,'.repeat(20)}0/9`])(
    'are the international ones where the server’s are %j',
    (cadence) => {
      expect(cadenceOf(samplesOf('busy', cadence))).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    },
  );
});
