// Call-progress tones (ITU-T E.180): what a caller hears of a call that was not answered.

/** What a tone tells: the other side does not want to talk now, or the call could not be put through. */
export type CallTone = 'busy' | 'congestion';

/** Seconds of sound, as many of silence, and how often: about three seconds of busy, two of congestion. */
const CADENCES: Readonly<Record<CallTone, readonly [beat: number, beats: number]>> = {
  busy: [0.5, 3],
  congestion: [0.25, 4],
};

/** Hz; the frequency of the switch's own ringing tone. */
const FREQUENCY = 425;

/** The amplitude of the switch's own ringing tone, which was heard just before. */
const LEVEL = 0.22;

/** Seconds in which a beat rises and falls: shorter clicks, longer blurs the cadence. */
const EDGE = 0.008;

/** The whole tone, from its first beat to the rest after its last. */
export const callToneSamples = (tone: CallTone, sampleRate: number): Float32Array<ArrayBuffer> => {
  const [beat, beats] = CADENCES[tone];
  const samples = new Float32Array(Math.round(sampleRate * beat * 2 * beats));
  for (let index = 0; index < samples.length; index += 1) {
    const time = index / sampleRate;
    const inBeat = time % (2 * beat);
    const edge = Math.min(inBeat, beat - inBeat) / EDGE;
    samples[index] = LEVEL * Math.max(0, Math.min(1, edge)) * Math.sin(2 * Math.PI * FREQUENCY * time);
  }
  return samples;
};
