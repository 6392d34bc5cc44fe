import { describe, expect, it } from 'vitest';
import { reconnectDelay } from './reconnect-policy.js';

describe('reconnect policy', () => {
  it('tries at once, then ever slower, and never stops', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => reconnectDelay(attempt, 0)))
      .toEqual([0, 300, 1200, 2700, 4800, 7000, 7000, 7000]);
  });

  it('spreads clients, so that a restarted server is not met by all at once', () => {
    expect(reconnectDelay(0, 0.99)).toBeGreaterThan(200);
    expect(reconnectDelay(5, 0.99)).toBeLessThan(10_000);
  });
});
