// The ringtone, computed: two soft mallet phrases and a rest, looped.

/** Frequency in Hz and start in seconds of each note. */
const NOTES: readonly (readonly [frequency: number, start: number])[] = [
  [659.26, 0.0], [830.61, 0.14], [987.77, 0.28], [830.61, 0.5],
  [659.26, 0.9], [830.61, 1.04], [987.77, 1.18], [1318.51, 1.4],
];

/** One round with its rest, in seconds. */
const ROUND_S = 3.6;

/** The loudest note's amplitude: loud enough across a desk, quiet enough in a headset. */
const LEVEL = 0.22;

/** One round of the ringtone. */
export const ringtoneSamples = (sampleRate: number): Float32Array<ArrayBuffer> => {
  const samples = new Float32Array(Math.round(sampleRate * ROUND_S));
  for (const [frequency, start] of NOTES) {
    const first = Math.round(start * sampleRate);
    for (let index = 0; index < sampleRate && first + index < samples.length; index += 1) {
      const time = index / sampleRate;
      const attack = Math.min(1, time / 0.006);
      const phase = 2 * Math.PI * frequency * time;
      // A bar's overtone at four times the frequency dies away first: that is what sounds like wood.
      const tone = Math.sin(phase) * Math.exp(-time * 6) + 0.35 * Math.sin(4 * phase) * Math.exp(-time * 22);
      samples[first + index] = (samples[first + index] ?? 0) + LEVEL * attack * tone;
    }
  }
  return samples;
};
