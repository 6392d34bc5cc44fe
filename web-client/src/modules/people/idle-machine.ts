// When somebody who touches nothing is away, and when they are back.
//
//   nothing touched for as long as chosen, and nothing said ──▶ says "away"
//   something touched, and still "away" by itself           ──▶ says nothing any more
//
// What a person says themselves is never changed: they may be away on purpose.

/** What is known of a person's absence. */
export interface IdleState {
  /** When something was last touched. */
  readonly touchedAt: number;
  /** Whether "away" was said by itself. */
  readonly saidAway: boolean;
}

/** What happens. */
export type IdleEvent =
  /** Something was touched. */
  | { readonly type: 'touched' }
  /** The system says that nobody touched anything for `forMs`, in no program. */
  | { readonly type: 'idle'; readonly forMs: number }
  /** Time passed; `activity` is what the person says of themselves, `busy` whether a call is under way. */
  | { readonly type: 'looked'; readonly activity: string | undefined; readonly busy: boolean; readonly afterMs: number };

/** What to say: away, or nothing any more. */
export type IdleSaying = 'away' | 'ready' | null;

/** Takes what happened. */
export const stepIdle = (state: IdleState, event: IdleEvent, now: number): { readonly state: IdleState; readonly say: IdleSaying } => {
  switch (event.type) {
    case 'touched':
      return { state: { ...state, touchedAt: now }, say: null };
    case 'idle':
      return { state: { ...state, touchedAt: Math.min(state.touchedAt, now - event.forMs) }, say: null };
    case 'looked': {
      const isIdle = event.afterMs > 0 && now - state.touchedAt >= event.afterMs && !event.busy;
      if (state.saidAway) {
        // Another word since: it is the person's own.
        if (event.activity !== 'away') return { state: { ...state, saidAway: false }, say: null };
        return isIdle ? { state, say: null } : { state: { ...state, saidAway: false }, say: 'ready' };
      }
      return isIdle && event.activity === undefined ? { state: { ...state, saidAway: true }, say: 'away' } : { state, say: null };
    }
  }
};
