// The ringtone, computed: soft mallets, unless the user chose otherwise.

/** A ringtone: notes and a rest, looped. */
export interface Ringtone {
  /** Frequency in Hz and start in seconds of each note. */
  readonly notes: readonly (readonly [frequency: number, start: number])[];
  /** One round with its rest, at most 30. */
  readonly seconds: number;
  /** How fast a note dies away: 1.5 is a pad, 6 a mallet, 20 a click. */
  readonly decay?: number;
  /** Which overtone colours it; 0 for none. */
  readonly overtone?: number;
  /** The loudest note's amplitude. 0.22 unless given: loud enough across a desk, quiet enough in a headset. */
  readonly level?: number;
}

/** The usual ringtone. */
export const MALLETS: Ringtone = {
  notes: [
    [659, 0.0], [831, 0.14], [988, 0.28], [831, 0.5],
    [659, 0.9], [831, 1.04], [988, 1.18], [1319, 1.4],
  ],
  seconds: 3.6,
};

/** One round of a ringtone. */
export const ringtoneSamples = (sampleRate: number, ringtone: Ringtone = MALLETS): Float32Array<ArrayBuffer> => {
  // A bar's overtone at four times the frequency dies away first: that is what sounds like wood.
  const { notes, seconds, decay = 6, overtone = 4, level = 0.22 } = ringtone;
  const samples = new Float32Array(Math.round(sampleRate * Math.min(30, Math.max(1, seconds))));
  for (const [frequency, start] of notes) {
    const first = Math.round(start * sampleRate);
    for (let index = 0; index < 2 * sampleRate && first + index < samples.length; index += 1) {
      const time = index / sampleRate;
      const attack = Math.min(1, time / 0.006);
      const phase = 2 * Math.PI * frequency * time;
      const tone = Math.sin(phase) * Math.exp(-time * decay) + 0.35 * Math.sin(overtone * phase) * Math.exp(-time * (decay + 16));
      samples[first + index] = (samples[first + index] ?? 0) + level * attack * tone;
    }
  }
  return samples;
};
