// Whether a microphone hears its own loop: two devices of a call in one room, each playing what the other hears. What comes of
// it is one tone that stays where it is, where speech moves and pauses.
//
//   quiet ──one steady tone for 1.5 s──▶ howling ──1 s without it──▶ quiet

/** A moment of a microphone's sound. */
export interface Moment {
  /** Its strongest frequency. */
  readonly hz: number;
  /** How much of its power is at that frequency, 0 to 1. */
  readonly share: number;
  /** How loud that is, in decibels of full scale. */
  readonly level: number;
}

/** What is known of the loop. */
export interface HowlState {
  readonly howling: boolean;
  /** The tone that may be one, and since when. */
  readonly tone: { readonly hz: number; readonly since: number } | null;
  /** When it was last heard. */
  readonly heardAt: number;
}

/** Nothing howls. */
export const QUIET: HowlState = { howling: false, tone: null, heardAt: 0 };

/** A shorter tone may be somebody's whistle, or a key of a telephone. */
const STEADY_MS = 1500;
const GONE_MS = 1000;
/** A loop keeps its frequency: a voice that sings does not within these parts of it. */
const DRIFT = 0.03;
/** A single harmonic of a voice has less of its power. */
const LEAST_SHARE = 0.85;
/** Softer than that nobody minds it. */
const LEAST_LEVEL = -45;

/** Takes a moment. */
export const stepHowl = (state: HowlState, { hz, share, level }: Moment, now: number): HowlState => {
  const isTone = share >= LEAST_SHARE && level >= LEAST_LEVEL;
  if (!isTone) {
    if (state.howling) return now - state.heardAt >= GONE_MS ? QUIET : state;
    return state.tone ? { ...state, tone: null } : state;
  }
  const known = state.tone !== null && Math.abs(hz / state.tone.hz - 1) <= DRIFT ? state.tone : null;
  const tone = known ?? { hz, since: now };
  if (state.howling && !known) return now - state.heardAt >= GONE_MS ? { ...QUIET, tone } : { ...state, tone };
  return { howling: state.howling || now - tone.since >= STEADY_MS, tone, heardAt: now };
};

/** A loop's tone is between these: below is the mains' hum, above hardly a loudspeaker. */
const [LOWEST_HZ, HIGHEST_HZ] = [180, 7500];
/** A tone fills so many bins to both sides of its own, as the analyser's window spreads it. */
const SPREAD = 4;

/** A moment from a spectrum in decibels, as `AnalyserNode.getFloatFrequencyData` gives it. */
export const momentOf = (spectrum: Float32Array, hzPerBin: number): Moment => {
  const [from, to] = [Math.ceil(LOWEST_HZ / hzPerBin), Math.min(spectrum.length - 1, Math.floor(HIGHEST_HZ / hzPerBin))];
  let peak = from;
  let whole = 0;
  for (let bin = from; bin <= to; bin += 1) {
    const level = spectrum[bin] ?? -Infinity;
    if (level > (spectrum[peak] ?? -Infinity)) peak = bin;
    whole += 10 ** (level / 10);
  }
  let own = 0;
  for (let bin = Math.max(from, peak - SPREAD); bin <= Math.min(to, peak + SPREAD); bin += 1) own += 10 ** ((spectrum[bin] ?? -Infinity) / 10);
  return { hz: peak * hzPerBin, share: whole > 0 ? own / whole : 0, level: spectrum[peak] ?? -Infinity };
};
