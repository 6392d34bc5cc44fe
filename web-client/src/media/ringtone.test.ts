import { expect, it } from 'vitest';
import { ringtoneSamples } from './ringtone.js';

it('is audible, never clips, and ends in silence so that its loop does not click', () => {
  const samples = ringtoneSamples(48_000);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  expect(peak).toBeGreaterThan(0.15);
  expect(peak).toBeLessThan(0.9);
  expect(Math.abs(samples.at(-1) ?? 1)).toBeLessThan(0.001);
});
