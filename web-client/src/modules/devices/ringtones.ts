// Ringtones to choose from, as notes: nothing has to be loaded.
import { MALLETS, type Ringtone } from '../../media/ringtone.js';

/** What a ringtone is called. `mallets` is the usual one. */
export type RingtoneName = 'mallets' | 'bell' | 'chime' | 'pulse' | 'harp' | 'silent';

/** A bell's hammer: two gongs in turn, twenty times a second. */
const hammer = (start: number, strokes: number): [number, number][] =>
  Array.from({ length: strokes }, (_, stroke) => [stroke % 2 ? 1661 : 1319, start + stroke / 20]);

/** Every ringtone. */
export const RINGTONES: Readonly<Record<RingtoneName, Ringtone>> = {
  mallets: MALLETS,
  bell: { notes: [...hammer(0, 20), ...hammer(1.5, 20)], seconds: 4.5, decay: 9, overtone: 2.76, level: 0.14 },
  chime: { notes: [[1046.5, 0], [783.99, 0.45], [659.26, 0.9], [523.25, 1.35]], seconds: 4.5, decay: 2.5, overtone: 3 },
  pulse: { notes: [[988, 0], [1319, 0.12], [988, 0.24], [1319, 0.36], [988, 1.1], [1319, 1.22], [988, 1.34], [1319, 1.46]], seconds: 3, decay: 14, overtone: 2 },
  harp: { notes: [[261.63, 0], [329.63, 0.1], [392, 0.2], [523.25, 0.3], [659.26, 0.4], [783.99, 0.5], [1046.5, 0.6]], seconds: 4, decay: 3, overtone: 2, level: 0.17 },
  silent: { notes: [], seconds: 1 },
};

/** Their names, in the order in which to offer them. */
export const RINGTONE_NAMES = Object.keys(RINGTONES) as readonly RingtoneName[];
