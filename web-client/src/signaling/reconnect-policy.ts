// How long to wait before the next attempt to connect.

/** Waits before attempts, in milliseconds. The first retry is at once: most losses are a server restart or a blip. */
const DELAYS = [0, 300, 1200, 2700, 4800, 7000] as const;

/** The least span over which clients spread: a larger value eases a restarted server and delays everybody. */
const MIN_SPREAD_MS = 250;

/** How long to wait before attempt number `attempt` (0 is the first retry), in milliseconds. `random` is 0 ≤ x < 1. */
export const reconnectDelay = (attempt: number, random: number): number => {
  const delay = DELAYS[Math.min(attempt, DELAYS.length - 1)] ?? 0;
  return Math.round(delay + random * Math.max(MIN_SPREAD_MS, delay * 0.3));
};
