// The connection to the app server as a pure machine: hello and resume, request table, pings, reconnecting.
import type { RingdownError} from '../errors.js';
import { connectionLost, notConnected, serverError, timedOut, clientError } from '../errors.js';
import { MAX_FRAME_BYTES } from '../protocol/generated.js';
import type { ClientInfo, PushFrame, Response, ResumeResult, Welcome } from '../protocol/generated.js';
import type { AnyMethod, MethodName, Push } from '../protocol/messages.js';
import { reconnectDelay } from './reconnect-policy.js';

/**
 * Where the connection is.
 *
 * ```text
 *            connect                token                opened              welcome
 *  offline ──────────▶ authorizing ───────▶ opening ───────────▶ greeting ───────────▶ ready
 *     ▲                     ▲                  ▲                     │                   │
 *     │ disconnect,         │ no session       │ session: resume     │ closed, silent    │ closed, silent,
 *     │ refused             └──────── waiting ─┴─────────────────────┴───────────────────┘ gap in numbers
 * ```
 */
export type ConnectionPhase =
  | { readonly name: 'offline' }
  | { readonly name: 'authorizing'; readonly attempt: number; readonly deadline: number }
  | { readonly name: 'opening'; readonly attempt: number; readonly deadline: number; readonly token: string | null }
  | { readonly name: 'greeting'; readonly attempt: number; readonly deadline: number; readonly requestId: number; readonly resume: boolean }
  | { readonly name: 'ready'; readonly pingAt: number; readonly ping: { readonly id: number; readonly deadline: number } | null }
  | { readonly name: 'waiting'; readonly attempt: number; readonly retryAt: number };

/** What `resume` needs. The secret never leaves this machine but in `resume`. */
interface Session {
  readonly id: string;
  readonly secret: string;
  readonly lastSeq: number;
}

interface Pending {
  readonly key: number;
  readonly call: AnyMethod;
  readonly deadline: number;
}

/** The whole state of a connection. */
export interface ConnectionState {
  readonly phase: ConnectionPhase;
  readonly client: ClientInfo;
  readonly session: Session | null;
  /** Sent and not answered, by request id. */
  readonly sent: ReadonlyMap<number, Pending>;
  /** To be sent when ready. */
  readonly queue: readonly Pending[];
  readonly nextId: number;
  readonly pingIntervalMs: number;
  /** A refused token is fetched anew once before the client gives up. */
  readonly tokenRefused: boolean;
}

/** What happens to a connection. */
export type ConnectionEvent =
  | { readonly type: 'connect' | 'disconnect' | 'suspend' | 'opened' | 'timer' | 'nudge' }
  | { readonly type: 'closed'; readonly code?: number }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'tokenFailed'; readonly error: RingdownError }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'request'; readonly key: number; readonly call: AnyMethod };

/** What the shell has to do. */
export type ConnectionEffect =
  | { readonly type: 'fetchToken' | 'open' | 'close' }
  | { readonly type: 'send'; readonly text: string }
  | { readonly type: 'settle'; readonly key: number; readonly result: unknown }
  | { readonly type: 'refuse'; readonly key: number; readonly error: RingdownError }
  | { readonly type: 'welcome'; readonly welcome: Welcome }
  | { readonly type: 'resumed'; readonly result: ResumeResult }
  | { readonly type: 'push'; readonly push: Push }
  | { readonly type: 'giveUp'; readonly error: RingdownError };

/** The machine's answer to an event. */
export interface ConnectionStep {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
}

/** A connection that is not made yet; with a session of an earlier page it goes on with that. */
export const newConnection = (client: ClientInfo, kept: { readonly session: string; readonly secret: string } | null = null): ConnectionState => ({
  phase: { name: 'offline' },
  client,
  // 0 asks for the state.
  session: kept && { id: kept.session, secret: kept.secret, lastSeq: 0 },
  sent: new Map(),
  queue: [],
  nextId: 1,
  pingIntervalMs: 20_000,
  tokenRefused: false,
});

/** Advances the connection. `random` is a number in 0 ≤ x < 1. */
export const stepConnection = (state: ConnectionState, event: ConnectionEvent, now: number, random: number): ConnectionStep => {
  const { phase } = state;
  switch (event.type) {
    case 'connect':
      return phase.name === 'offline' ? begin(state, 0, now) : only(state);
    case 'disconnect':
      return disconnect(state);
    case 'token':
      return phase.name === 'authorizing' ? open(state, phase.attempt, event.token, now) : only(state);
    case 'tokenFailed':
      if (phase.name !== 'authorizing') return only(state);
      return event.error.fatal ? giveUp(state, event.error) : lose(state, phase.attempt, now, random);
    case 'opened':
      return phase.name === 'opening' ? greet(state, phase, now) : only(state);
    case 'suspend':
      return suspend(state);
    case 'closed':
      return phase.name === 'opening' || phase.name === 'greeting'
        ? lose(state, phase.attempt, now, random)
        // Another page has the session, or it is over: taking it back would be done again by the other.
        : phase.name === 'ready' ? lose(event.code === SESSION_GONE ? { ...state, session: null } : state, 0, now, random) : only(state);
    case 'text':
      return handleText(state, event.text, now, random);
    case 'request':
      return handleRequest(state, event.key, event.call, now);
    case 'nudge':
      return handleNudge(state, now);
    case 'timer':
      return handleTimer(state, now, random);
  }
};

/** When the machine wants a `timer` event, or null. */
export const connectionTimeout = ({ phase, sent, queue }: ConnectionState): number | null => {
  const times = [...sent.values(), ...queue].map(({ deadline }) => deadline);
  if (phase.name === 'ready') times.push(phase.ping ? phase.ping.deadline : phase.pingAt);
  else if (phase.name === 'waiting') times.push(phase.retryAt);
  else if (phase.name !== 'offline') times.push(phase.deadline);
  return times.length === 0 ? null : Math.min(...times);
};

const only = (state: ConnectionState, ...effects: ConnectionEffect[]): ConnectionStep => ({ state, effects });

const before = (effects: readonly ConnectionEffect[], step: ConnectionStep): ConnectionStep => ({
  state: step.state,
  effects: [...effects, ...step.effects],
});

/** Fetches a token for a new session; an old session goes on without one. */
const begin = (state: ConnectionState, attempt: number, now: number): ConnectionStep =>
  state.session
    ? open(state, attempt, null, now)
    : only({ ...state, phase: { name: 'authorizing', attempt, deadline: now + TOKEN_MS } }, { type: 'fetchToken' });

const open = (state: ConnectionState, attempt: number, token: string | null, now: number): ConnectionStep =>
  only({ ...state, phase: { name: 'opening', attempt, token, deadline: now + OPEN_MS } }, { type: 'open' });

const greet = (state: ConnectionState, { attempt, token }: ConnectionPhase & { name: 'opening' }, now: number): ConnectionStep => {
  const id = state.nextId;
  const { session } = state;
  const call: AnyMethod = session
    ? { method: 'resume', params: { session: session.id, secret: session.secret, lastSeq: session.lastSeq } }
    : { method: 'hello', params: { token: token ?? '', client: state.client } };
  const phase: ConnectionPhase = { name: 'greeting', attempt, deadline: now + GREETING_MS, requestId: id, resume: session !== null };
  return only({ ...state, nextId: id + 1, phase }, frame(id, call));
};

const frame = (id: number, { method, params }: AnyMethod): ConnectionEffect & { type: 'send' } => ({
  type: 'send',
  text: JSON.stringify({ id, method, params }),
});

/** The connection is lost: waits for the next attempt. What may be repeated is sent again then. */
const lose = (state: ConnectionState, attempt: number, now: number, random: number): ConnectionStep => {
  const again: Pending[] = [];
  const effects: ConnectionEffect[] = [{ type: 'close' }];
  for (const pending of state.sent.values()) {
    if (REPEATABLE.has(pending.call.method)) again.push(pending);
    else effects.push({ type: 'refuse', key: pending.key, error: connectionLost(pending.call.method) });
  }
  const phase: ConnectionPhase = { name: 'waiting', attempt: attempt + 1, retryAt: now + reconnectDelay(attempt, random) };
  return only({ ...state, phase, sent: new Map(), queue: [...again, ...state.queue] }, ...effects);
};

const refuseAll = (state: ConnectionState, error: (method: string) => RingdownError): ConnectionEffect[] =>
  [...state.sent.values(), ...state.queue].map(({ key, call }) => ({ type: 'refuse', key, error: error(call.method) }));

const giveUp = (state: ConnectionState, error: RingdownError): ConnectionStep =>
  only(
    { ...newConnection(state.client), nextId: state.nextId },
    ...refuseAll(state, notConnected),
    { type: 'close' },
    { type: 'giveUp', error },
  );

const disconnect = (state: ConnectionState): ConnectionStep => {
  const bye = state.phase.name === 'ready' ? [frame(state.nextId, { method: 'bye', params: {} })] : [];
  return only(
    { ...newConnection(state.client), nextId: state.nextId + 1 },
    ...refuseAll(state, notConnected),
    ...bye,
    { type: 'close' },
  );
};

/** Closes, and keeps the session for the next connect. */
const suspend = (state: ConnectionState): ConnectionStep =>
  only({ ...newConnection(state.client), nextId: state.nextId, session: state.session }, ...refuseAll(state, notConnected), { type: 'close' });

const handleRequest = (state: ConnectionState, key: number, call: AnyMethod, now: number): ConnectionStep => {
  if (state.phase.name === 'offline' || state.queue.length >= MAX_QUEUE) {
    return only(state, { type: 'refuse', key, error: notConnected() });
  }
  const pending: Pending = { key, call, deadline: now + REQUEST_MS };
  return state.phase.name === 'ready' ? send(state, pending) : only({ ...state, queue: [...state.queue, pending] });
};

const send = (state: ConnectionState, pending: Pending): ConnectionStep => {
  const effect = frame(state.nextId, pending.call);
  if (effect.text.length > MAX_FRAME_BYTES) {
    const error = clientError('bad-argument', { message: `The parameters of ${pending.call.method} are too long.` });
    return only(state, { type: 'refuse', key: pending.key, error });
  }
  return only({ ...state, nextId: state.nextId + 1, sent: new Map(state.sent).set(state.nextId, pending) }, effect);
};

const handleText = (state: ConnectionState, text: string, now: number, random: number): ConnectionStep => {
  const message = parse(text);
  if (message === null) return only(state);
  if ('event' in message) return handlePush(state, message, now, random);
  const { phase } = state;
  if (phase.name === 'greeting' && message.id === phase.requestId) return handleGreeting(state, phase, message, now, random);
  if (phase.name === 'ready' && message.id === phase.ping?.id) {
    return only({ ...state, phase: { ...phase, ping: null, pingAt: now + state.pingIntervalMs } });
  }
  const pending = state.sent.get(message.id);
  if (!pending) return only(state);
  const sent = new Map(state.sent);
  sent.delete(message.id);
  return only({ ...state, sent }, message.error
    ? { type: 'refuse', key: pending.key, error: serverError(message.error) }
    : { type: 'settle', key: pending.key, result: message.result });
};

const handleGreeting = (
  state: ConnectionState, phase: ConnectionPhase & { name: 'greeting' }, { result, error }: Response, now: number, random: number,
): ConnectionStep => {
  if (error) return handleRefusal(state, phase, serverError(error), now, random);
  const ready = { ...state, phase: { name: 'ready', pingAt: now + state.pingIntervalMs, ping: null }, tokenRefused: false } as const;
  if (phase.resume && state.session) {
    const resumed = result as ResumeResult;
    const session = { ...state.session, lastSeq: resumed.seq };
    return before([{ type: 'resumed', result: resumed }], flush({ ...ready, session }));
  }
  const welcome = result as Welcome;
  const session = { id: welcome.session, secret: welcome.secret, lastSeq: welcome.seq };
  const pingIntervalMs = Math.max(1000, welcome.pingIntervalMs);
  const fresh = { ...ready, session, pingIntervalMs, phase: { ...ready.phase, pingAt: now + pingIntervalMs } };
  return before([{ type: 'welcome', welcome }], flush(fresh));
};

const handleRefusal = (
  state: ConnectionState, phase: ConnectionPhase & { name: 'greeting' }, error: RingdownError, now: number, random: number,
): ConnectionStep => {
  if (phase.resume && error.fatal) {
    // The calls of a session that is gone are gone with it, and so is every request about them.
    const clean = { ...state, session: null, queue: [], sent: new Map<number, Pending>() };
    return before([...refuseAll(state, connectionLost), { type: 'close' }], begin(clean, phase.attempt, now));
  }
  if (error.name === 'bad-credentials' && !state.tokenRefused) {
    return before([{ type: 'close' }], begin({ ...state, tokenRefused: true }, phase.attempt, now));
  }
  if (error.fatal || error.name === 'forbidden') return giveUp(state, error);
  return lose(state, phase.attempt, now, random);
};

const flush = (state: ConnectionState): ConnectionStep =>
  state.queue.reduce<ConnectionStep>(
    (step, pending) => before(step.effects, send(step.state, pending)),
    only({ ...state, queue: [] }),
  );

const handlePush = (state: ConnectionState, message: PushFrame, now: number, random: number): ConnectionStep => {
  const { phase, session } = state;
  if (phase.name !== 'ready' || !session) return only(state);
  if (message.event === 'ping') {
    return only({ ...state, nextId: state.nextId + 1 }, frame(state.nextId, { method: 'ping', params: {} }));
  }
  // Said again soon, and not counted: nothing to catch up with.
  if (message.seq === 0) return only(state, { type: 'push', push: message });
  if (message.seq <= session.lastSeq) return only(state);
  // A gap means that pushes were lost: resuming from the last one seen replays them.
  if (message.seq > session.lastSeq + 1) return lose(state, 0, now, random);
  return only({ ...state, session: { ...session, lastSeq: message.seq } }, { type: 'push', push: message });
};

/** The network changed or the page woke up: what waits is tried now, what seems to live is probed. */
const handleNudge = (state: ConnectionState, now: number): ConnectionStep => {
  const { phase } = state;
  if (phase.name === 'waiting') return begin(state, phase.attempt, now);
  return phase.name === 'ready' ? ping(state, now, PROBE_MS) : only(state);
};

const ping = (state: ConnectionState, now: number, patience: number): ConnectionStep => {
  const id = state.nextId;
  const phase: ConnectionPhase = { name: 'ready', pingAt: now, ping: { id, deadline: now + patience } };
  return only({ ...state, nextId: id + 1, phase }, frame(id, { method: 'ping', params: {} }));
};

const handleTimer = (state: ConnectionState, now: number, random: number): ConnectionStep => {
  const late = ({ deadline }: Pending): boolean => deadline <= now;
  const refusals = [...state.sent.values(), ...state.queue].filter(late)
    .map(({ key, call }): ConnectionEffect => ({ type: 'refuse', key, error: timedOut(call.method) }));
  const kept: ConnectionState = refusals.length === 0 ? state : {
    ...state,
    sent: new Map([...state.sent].filter(([, pending]) => !late(pending))),
    queue: state.queue.filter((pending) => !late(pending)),
  };
  return before(refusals, handlePhaseTimer(kept, now, random));
};

const handlePhaseTimer = (state: ConnectionState, now: number, random: number): ConnectionStep => {
  const { phase } = state;
  switch (phase.name) {
    case 'offline':
      return only(state);
    case 'waiting':
      return phase.retryAt <= now ? begin(state, phase.attempt, now) : only(state);
    case 'authorizing':
    case 'opening':
    case 'greeting':
      return phase.deadline <= now ? lose(state, phase.attempt, now, random) : only(state);
    case 'ready':
      if (phase.ping) return phase.ping.deadline <= now ? lose(state, 0, now, random) : only(state);
      return phase.pingAt <= now ? ping(state, now, PONG_MS) : only(state);
  }
};

const parse = (text: string): PushFrame | Response | null => {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null) return null;
    if ('event' in message && 'seq' in message && typeof message.seq === 'number') return message as PushFrame;
    return 'id' in message && typeof message.id === 'number' ? (message as Response) : null;
  } catch {
    return null;
  }
};

/** The session's end, as the server says it when it closes. */
const SESSION_GONE = 4006;

/** Methods that do no harm when done twice. Placing a call or sending digits twice would. */
const REPEATABLE: ReadonlySet<MethodName> = new Set<MethodName>([
  'directory.search', 'history.list', 'call.answer', 'call.decline', 'call.hangup', 'call.hold', 'call.unhold',
  'call.mute', 'call.describe', 'call.candidate',
]);

/** A request fails after this; longer leaves the user waiting, shorter fails on a slow network. */
const REQUEST_MS = 10_000;
const TOKEN_MS = 15_000;
const OPEN_MS = 8_000;
/** The server closes a connection that has not said hello within 5 s. */
const GREETING_MS = 5_000;
/** An unanswered ping means a dead connection after this; shorter takes a slow network for a dead one. */
const PONG_MS = 10_000;
/** The same after the network changed, when a dead connection is likely. */
const PROBE_MS = 3_000;
/** Requests kept while reconnecting; the next one is refused. */
const MAX_QUEUE = 64;
