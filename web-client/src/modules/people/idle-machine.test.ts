import { describe, expect, it } from 'vitest';
import { stepIdle, type IdleEvent, type IdleSaying, type IdleState } from './idle-machine.js';

const MINUTE = 60_000;

/** Plays events at minutes; what is said is what the person then says of themselves. */
const play = (...events: (readonly [minute: number, event: 'touched' | 'looked' | 'busy' | 'locked' | { readonly say: string | undefined }])[]): IdleSaying[] => {
  let state: IdleState = { touchedAt: 0, saidAway: false };
  let activity: string | undefined;
  const said: IdleSaying[] = [];
  for (const [minute, what] of events) {
    if (typeof what === 'object') {
      activity = what.say;
      continue;
    }
    const event: IdleEvent = what === 'touched' ? { type: 'touched' } : what === 'locked' ? { type: 'idle', forMs: 5 * MINUTE }
      : { type: 'looked', activity, busy: what === 'busy', afterMs: 5 * MINUTE };
    const step = stepIdle(state, event, minute * MINUTE);
    ({ state } = step);
    if (step.say === null) continue;
    said.push(step.say);
    activity = step.say === 'away' ? 'away' : undefined;
  }
  return said;
};

describe('who touches nothing', () => {
  it('is away after a while and back at the first touch', () => {
    expect(play([4, 'looked'], [5, 'looked'], [6, 'looked'], [9, 'touched'], [9, 'looked'], [10, 'looked'])).toEqual(['away', 'ready']);
  });

  it('is not away in a call', () => {
    expect(play([9, 'busy'], [12, 'looked'])).toEqual(['away']);
  });

  it('is away at once when the screen is locked', () => {
    expect(play([1, 'touched'], [2, 'locked'], [2, 'looked'])).toEqual(['away']);
  });

  it('keeps what they said themselves, also that they are away', () => {
    expect(play([1, { say: 'meal' }], [30, 'looked'], [31, 'touched'], [31, 'looked'])).toEqual([]);
    expect(play([1, { say: 'away' }], [30, 'looked'], [31, 'touched'], [31, 'looked'])).toEqual([]);
    expect(play([5, 'looked'], [6, { say: 'break' }], [7, 'looked'], [8, 'touched'], [8, 'looked'])).toEqual(['away']);
  });
});
