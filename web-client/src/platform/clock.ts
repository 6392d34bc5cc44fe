// Time and chance, so that tests can hold them.

/** Stops a timer. */
export type CancelTimer = () => void;

/** Time and chance. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Calls `fire` once, `ms` from now. */
  after(ms: number, fire: () => void): CancelTimer;
  /** A number in 0 ≤ x < 1. */
  random(): number;
}

/** The browser's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, fire) => {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
