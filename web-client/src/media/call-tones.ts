// Call-progress tones (ITU-T E.180): what a caller hears of a call that was not answered, as the server names them.
import type { CallTones } from '../protocol/generated.js';

/** What a tone tells: the other side does not want to talk now, or the call could not be put through. */
export type CallTone = keyof CallTones;

/** What E.180 recommends where a country has no tones of its own. */
export const INTERNATIONAL_TONES: CallTones = { busy: '425/500,0/500', congestion: '425/250,0/250' };

/** Seconds a tone lasts, as nearly as its cadence allows. */
const DURATIONS: Readonly<Record<CallTone, number>> = { busy: 3, congestion: 2 };

/** The amplitude of the switch's own ringing tone, which was heard just before. */
const LEVEL = 0.22;

/** How far a modulated tone's level sways, as in the switch's own tones. */
const SWAY = 0.85;

/** Seconds in which a beat rises and falls: shorter clicks, longer blurs the cadence. */
const EDGE = 0.008;

/** A part of a cadence, silent without frequencies. */
interface Part {
  readonly frequencies: readonly number[];
  /** Hz of what sways the level; 0 for nothing. */
  readonly modulation: number;
  readonly seconds: number;
}

/** A cadence of up to 16 parts, each shorter than 10 s: more is none that anybody knows. Something of it sounds. */
const CADENCE = /^(?=.*(?:^|[,+])[1-9])(?:\d{1,4}(?:\+\d{1,4}){0,3}(?:\*\d{1,3})?(?:\/[1-9]\d{0,3})?(?:$|,(?!$))){1,16}$/;

/** Reads a cadence. A part without a length lasts `endless` seconds. */
const partsOf = (cadence: string, endless: number): Part[] => cadence.split(',').map((part) => {
  const [sound = '', milliseconds] = part.split('/');
  const [chord = '', modulation] = sound.split('*');
  return {
    frequencies: chord.split('+').map(Number).filter(Boolean),
    modulation: Number(modulation ?? 0),
    seconds: milliseconds === undefined ? endless : Number(milliseconds) / 1000,
  };
});

/** The whole tone, from its first beat to the rest after its last: as many periods of the cadence as fit best. */
export const callToneSamples = (tone: CallTone, cadence: string, sampleRate: number): Float32Array<ArrayBuffer> => {
  const duration = DURATIONS[tone];
  const parts = partsOf(CADENCE.test(cadence) ? cadence : INTERNATIONAL_TONES[tone], duration);
  const period = parts.flatMap((part) => [...soundOf(part, sampleRate)]);
  const samples = new Float32Array(period.length * Math.max(1, Math.round((duration * sampleRate) / period.length)));
  for (let start = 0; start < samples.length; start += period.length) samples.set(period, start);
  return samples;
};

const soundOf = ({ frequencies, modulation, seconds }: Part, sampleRate: number): Float32Array => {
  const samples = new Float32Array(Math.round(sampleRate * seconds));
  // Together they are as loud as one would be.
  const level = LEVEL / Math.sqrt(Math.max(1, frequencies.length));
  for (let index = 0; index < samples.length; index += 1) {
    const time = index / sampleRate;
    const edge = Math.min(1, Math.min(time, seconds - time) / EDGE);
    const sway = modulation > 0 ? (1 + SWAY * Math.sin(2 * Math.PI * modulation * time)) / (1 + SWAY) : 1;
    const sum = frequencies.reduce((sum, hertz) => sum + Math.sin(2 * Math.PI * hertz * time), 0);
    samples[index] = level * edge * sway * sum;
  }
  return samples;
};
