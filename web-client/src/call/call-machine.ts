// One call as a pure machine: what the server says, what the media does and what the user did give one state.
import type { CallDirection, CallInfo, CallState } from '../protocol/generated.js';
import { localEnd, type CallEnd } from './call-end.js';

/**
 * Where a call is, as a user sees it.
 *
 * ```text
 *          started                answered          media connected
 *  new ───────────────▶ dialing ───────────▶ connecting ───────────▶ active ◀──────▶ held
 *   │                   │    ▲                  ▲  ▲                  │  ▲            │
 *   │ incoming          ▼    ▼                  │  │       media lost │  │ media back │
 *   └─────────────▶ ringing / early ────────────┘  └─ answering       ▼  │            ▼
 *                                                                    reconnecting ◀───┘
 *  every state ─▶ ended, which is final
 * ```
 *
 * - `early`: nobody answered, nobody rings, and the network already speaks (an announcement, for example).
 * - `connecting`: answered, or being answered here; the audio is not there yet.
 * - `held`: the user put the other side on hold. Being put on hold is `heldByPeer`, in any state.
 * - `reconnecting`: answered, and the audio is interrupted.
 */
export type CallPhase = 'new' | 'dialing' | 'ringing' | 'early' | 'connecting' | 'active' | 'held' | 'reconnecting' | 'ended';

/** What the audio connection does. `none` on another device's call. */
export type MediaState = 'none' | 'connecting' | 'connected' | 'interrupted' | 'failed';

/** The whole state of a call. */
export interface CallMachine {
  readonly phase: CallPhase;
  readonly direction: CallDirection;
  readonly mine: boolean;
  readonly server: CallState | null;
  readonly media: MediaState;
  readonly answering: boolean;
  readonly held: boolean;
  readonly heldByPeer: boolean;
  readonly peerLost: boolean;
  readonly muted: boolean;
  readonly answeredAt: number | null;
  /** When the audio connection is next mended, while it is interrupted. */
  readonly restartAt: number | null;
  /** When the call is given up for lack of audio. */
  readonly giveUpAt: number | null;
  readonly end: CallEnd | null;
}

/** What happens to a call. */
export type CallEvent =
  | { readonly type: 'info'; readonly info: CallInfo }
  | { readonly type: 'answering'; readonly answering: boolean }
  | { readonly type: 'media'; readonly media: MediaState }
  | { readonly type: 'hold'; readonly held: boolean }
  | { readonly type: 'mute'; readonly muted: boolean }
  | { readonly type: 'networkChanged' | 'timer' | 'taken' }
  | { readonly type: 'ended'; readonly end: CallEnd };

/** What the owner has to do or tell. */
export type CallEffect =
  | { readonly type: 'phase'; readonly from: CallPhase; readonly to: CallPhase }
  | { readonly type: 'held' | 'heldByPeer' | 'peerLost' | 'muted'; readonly on: boolean }
  | { readonly type: 'reconnecting' | 'reconnected' | 'restartMedia' | 'giveUp' }
  | { readonly type: 'ended'; readonly end: CallEnd };

/** The machine's answer to an event. */
export interface CallStep {
  readonly state: CallMachine;
  readonly effects: readonly CallEffect[];
}

/** A call that nothing happened to. */
export const newCall = (direction: CallDirection, mine: boolean): CallMachine => ({
  phase: 'new',
  direction,
  mine,
  server: null,
  media: mine ? 'connecting' : 'none',
  answering: false,
  held: false,
  heldByPeer: false,
  peerLost: false,
  muted: false,
  answeredAt: null,
  restartAt: null,
  giveUpAt: null,
  end: null,
});

/** Which phases may follow a phase. */
export const FOLLOWS: Readonly<Record<CallPhase, readonly CallPhase[]>> = {
  new: ['dialing', 'ringing', 'early', 'connecting', 'active', 'held', 'reconnecting', 'ended'],
  dialing: ['ringing', 'early', 'connecting', 'active', 'held', 'reconnecting', 'ended'],
  ringing: ['dialing', 'early', 'connecting', 'active', 'held', 'reconnecting', 'ended'],
  early: ['dialing', 'ringing', 'connecting', 'active', 'held', 'reconnecting', 'ended'],
  connecting: ['ringing', 'active', 'held', 'reconnecting', 'ended'],
  active: ['held', 'connecting', 'reconnecting', 'ended'],
  held: ['active', 'connecting', 'reconnecting', 'ended'],
  reconnecting: ['active', 'held', 'connecting', 'ended'],
  ended: [],
};

/** Advances a call. */
export const stepCall = (state: CallMachine, event: CallEvent, now: number): CallStep => {
  if (state.end) return { state, effects: [] };
  switch (event.type) {
    case 'info':
      return transition(state, withInfo(state, event.info), now);
    case 'answering':
      return transition(state, { ...state, answering: event.answering }, now);
    case 'hold':
      return transition(state, { ...state, held: event.held }, now);
    case 'mute':
      return transition(state, { ...state, muted: event.muted }, now);
    case 'media':
      return transition(state, { ...state, media: state.mine ? event.media : 'none' }, now);
    case 'taken':
      // Its audio is connected anew here, so it is mended if that fails.
      return transition(state, { ...state, media: 'interrupted' }, now);
    case 'networkChanged':
      return state.mine && state.media !== 'none'
        ? { state: { ...state, restartAt: now + RESTART_AGAIN_MS }, effects: [{ type: 'restartMedia' }] }
        : { state, effects: [] };
    case 'timer':
      return handleTimer(state, now);
    case 'ended':
      return transition(state, { ...state, end: event.end, answering: false }, now);
  }
};

/** When the machine wants a `timer` event, or null. */
export const callTimeout = ({ restartAt, giveUpAt, end }: CallMachine): number | null => {
  if (end || (restartAt === null && giveUpAt === null)) return null;
  return Math.min(restartAt ?? Infinity, giveUpAt ?? Infinity);
};

/** The only door to another phase. */
const transition = (from: CallMachine, changed: CallMachine, now: number): CallStep => {
  const phase = phaseOf(changed);
  const to = { ...changed, phase, ...timersOf(from, { ...changed, phase }, now) };
  const effects: CallEffect[] = [];
  for (const type of ['held', 'heldByPeer', 'peerLost', 'muted'] as const) if (from[type] !== to[type]) effects.push({ type, on: to[type] });
  if (from.phase !== phase) {
    effects.push({ type: 'phase', from: from.phase, to: phase });
    if (phase === 'reconnecting') effects.push({ type: 'reconnecting' });
    else if (from.phase === 'reconnecting' && phase !== 'ended') effects.push({ type: 'reconnected' });
  }
  if (to.media === 'failed' && from.media !== 'failed') effects.push({ type: 'restartMedia' });
  if (to.end && !from.end) effects.push({ type: 'ended', end: to.end });
  return { state: to, effects };
};

const phaseOf = (state: CallMachine): CallPhase => {
  if (state.end) return 'ended';
  if (state.server === 'active') {
    if (!state.mine) return state.held ? 'held' : 'active';
    if (state.media === 'interrupted' || state.media === 'failed') return 'reconnecting';
    if (state.media === 'connecting') return state.phase === 'reconnecting' ? 'reconnecting' : 'connecting';
    return state.held ? 'held' : 'active';
  }
  if (state.server === null) return 'new';
  if (state.direction === 'inbound') return state.answering ? 'connecting' : 'ringing';
  if (state.server === 'ringing') return 'ringing';
  return state.mine && state.media === 'connected' ? 'early' : 'dialing';
};

const timersOf = (from: CallMachine, to: CallMachine, now: number): Pick<CallMachine, 'restartAt' | 'giveUpAt'> => {
  if (to.end || !to.mine) return { restartAt: null, giveUpAt: null };
  const sound = to.media === 'connected' || to.media === 'none';
  const silent = !sound && to.server === 'active';
  return {
    restartAt: to.media === from.media ? from.restartAt
      : to.media === 'interrupted' ? now + RESTART_MS
      : to.media === 'failed' ? now + RESTART_AGAIN_MS : null,
    giveUpAt: silent ? from.giveUpAt ?? now + GIVE_UP_MS : null,
  };
};

const handleTimer = (state: CallMachine, now: number): CallStep => {
  if (state.giveUpAt !== null && state.giveUpAt <= now) {
    const { state: ended, effects } = transition(
      state, { ...state, end: localEnd('media-failed', 'local', state.answeredAt, now) }, now);
    return { state: ended, effects: [{ type: 'giveUp' }, ...effects] };
  }
  if (state.restartAt === null || state.restartAt > now) return { state, effects: [] };
  const connected = state.media === 'connected' || state.media === 'none';
  return connected
    ? { state: { ...state, restartAt: null }, effects: [] }
    : { state: { ...state, restartAt: now + RESTART_AGAIN_MS }, effects: [{ type: 'restartMedia' }] };
};

/** What the server says. It never takes an answer back, and the own mute is the user's to say. */
const withInfo = (state: CallMachine, info: CallInfo): CallMachine => ({
  ...state,
  // `call.ended` alone ends a call: it brings the reason.
  server: state.server === 'active' || info.state === 'ended' ? state.server : info.state,
  held: info.held,
  heldByPeer: info.heldByPeer,
  peerLost: info.peerLost,
  muted: state.mine ? state.muted : info.muted,
  answeredAt: info.answeredAt ?? state.answeredAt,
});

/** An interruption shorter than this mends itself; longer leaves the user in silence. */
const RESTART_MS = 2_000;
/** The next attempt; shorter would cut off an attempt that is about to succeed. */
const RESTART_AGAIN_MS = 5_000;
/** Answered and without audio for this long, the call is hung up: as long as the server waits for a page. */
const GIVE_UP_MS = 120_000;
