// The connection to the app server as a pure machine: hello and resume, request table, pings, reconnecting.
import type { RingdownError } from '../errors.js';
import { badArgument, connectionLost, notConnected, serverError, timedOut } from '../errors.js';
import { MAX_FRAME_BYTES } from '../protocol/generated.js';
import type { ClientInfo, PushFrame, Response, ResumeResult, Welcome } from '../protocol/generated.js';
import type { AnyMethod, Push } from '../protocol/messages.js';
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
  | Timed & { readonly name: 'authorizing' | 'waiting' }
  | Timed & { readonly name: 'opening'; readonly token: string | null }
  | Timed & { readonly name: 'greeting'; readonly requestId: number }
  /** `pingId` is the ping that waits for its answer. */
  | Timed & { readonly name: 'ready'; readonly pingId: number | null };

interface Timed {
  /** How often was tried in vain; 0 when ready. */
  readonly attempt: number;
  /** When patience with the phase ends: then the next attempt is made, or, when ready, the next ping. */
  readonly deadline: number;
}

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
      return end(state, null, ...(phase.name === 'ready' ? [frame(state.nextId, { method: 'bye', params: {} })] : []), CLOSE);
    // Closes, and keeps the session for the next connect.
    case 'suspend':
      return end(state, state.session, CLOSE);
    case 'token':
      return phase.name === 'authorizing' ? open(state, phase.attempt, event.token, now) : only(state);
    case 'tokenFailed':
      if (phase.name !== 'authorizing') return only(state);
      return event.error.fatal ? giveUp(state, event.error) : lose(state, phase, now, random);
    case 'opened':
      return phase.name === 'opening' ? greet(state, phase, now) : only(state);
    case 'closed':
      if (phase.name === 'offline' || phase.name === 'authorizing' || phase.name === 'waiting') return only(state);
      // Another page has the session, or it is over: taking it back would be done again by the other.
      return lose(phase.name === 'ready' && event.code === SESSION_GONE ? { ...state, session: null } : state, phase, now, random);
    case 'text':
      return handleText(state, event.text, now, random);
    case 'request':
      return handleRequest(state, event, now);
    case 'nudge':
      // The network changed or the page woke up: what waits is tried at once, what seems to live is probed.
      if (phase.name === 'waiting') return begin(state, phase.attempt, now);
      return phase.name === 'ready' ? ping(state, now, PROBE_MS) : only(state);
    case 'timer':
      return handleTimer(state, now, random);
  }
};

/** When the machine wants a `timer` event, or null. */
export const connectionTimeout = (state: ConnectionState): number | null => {
  const times = [state.phase, ...unanswered(state)].map((one) => ('deadline' in one ? one.deadline : Infinity));
  const first = Math.min(...times);
  return first === Infinity ? null : first;
};

const only = (state: ConnectionState, ...effects: ConnectionEffect[]): ConnectionStep => ({ state, effects });

const before = (effects: readonly ConnectionEffect[], step: ConnectionStep): ConnectionStep => ({
  state: step.state,
  effects: [...effects, ...step.effects],
});

const unanswered = ({ sent, queue }: ConnectionState): Pending[] => [...sent.values(), ...queue];

const refuse = (all: readonly Pending[], error: (method: string) => RingdownError): ConnectionEffect[] =>
  all.map(({ key, call }) => ({ type: 'refuse', key, error: error(call.method) }));

const frame = (id: number, { method, params }: AnyMethod): ConnectionEffect & { type: 'send' } => ({
  type: 'send',
  text: JSON.stringify({ id, method, params }),
});

/** Fetches a token for a new session; an old session goes on without one. */
const begin = (state: ConnectionState, attempt: number, now: number): ConnectionStep =>
  state.session
    ? open(state, attempt, null, now)
    : only({ ...state, phase: { name: 'authorizing', attempt, deadline: now + TOKEN_MS } }, { type: 'fetchToken' });

const open = (state: ConnectionState, attempt: number, token: string | null, now: number): ConnectionStep =>
  only({ ...state, phase: { name: 'opening', attempt, deadline: now + OPEN_MS, token } }, { type: 'open' });

const greet = (state: ConnectionState, { attempt, token }: ConnectionPhase & { name: 'opening' }, now: number): ConnectionStep => {
  const { nextId, session } = state;
  const call: AnyMethod = session
    ? { method: 'resume', params: { session: session.id, secret: session.secret, lastSeq: session.lastSeq } }
    : { method: 'hello', params: { token: token ?? '', client: state.client } };
  return only({ ...state, nextId: nextId + 1, phase: { name: 'greeting', attempt, deadline: now + GREETING_MS, requestId: nextId } }, frame(nextId, call));
};

/** The connection is lost: waits for the next attempt. What may be repeated is sent again then. */
const lose = (state: ConnectionState, { attempt }: Timed, now: number, random: number): ConnectionStep => {
  const sent = [...state.sent.values()];
  const mayRepeat = ({ call }: Pending): boolean => REPEATABLE.test(call.method);
  const phase: ConnectionPhase = { name: 'waiting', attempt: attempt + 1, deadline: now + reconnectDelay(attempt, random) };
  return only(
    { ...state, phase, sent: new Map(), queue: [...sent.filter(mayRepeat), ...state.queue] },
    CLOSE, ...refuse(sent.filter((pending) => !mayRepeat(pending)), connectionLost),
  );
};

const end = (state: ConnectionState, session: Session | null, ...effects: ConnectionEffect[]): ConnectionStep =>
  only({ ...newConnection(state.client), nextId: state.nextId + 1, session }, ...refuse(unanswered(state), notConnected), ...effects);

const giveUp = (state: ConnectionState, error: RingdownError): ConnectionStep => end(state, null, CLOSE, { type: 'giveUp', error });

const handleRequest = (state: ConnectionState, { key, call }: ConnectionEvent & { type: 'request' }, now: number): ConnectionStep => {
  const pending: Pending = { key, call, deadline: now + REQUEST_MS };
  if (state.phase.name === 'offline' || state.queue.length >= MAX_QUEUE) return only(state, ...refuse([pending], notConnected));
  return state.phase.name === 'ready' ? send(state, pending) : only({ ...state, queue: [...state.queue, pending] });
};

const send = (state: ConnectionState, pending: Pending): ConnectionStep => {
  const { nextId } = state;
  const effect = frame(nextId, pending.call);
  if (effect.text.length > MAX_FRAME_BYTES) return only(state, ...refuse([pending], (method) => badArgument(`The parameters of ${method} are too long.`)));
  return only({ ...state, nextId: nextId + 1, sent: new Map(state.sent).set(nextId, pending) }, effect);
};

const handleText = (state: ConnectionState, text: string, now: number, random: number): ConnectionStep => {
  const message = parse(text);
  if (message === null) return only(state);
  if ('event' in message) return handlePush(state, message, now, random);
  const { phase } = state;
  if (phase.name === 'greeting' && message.id === phase.requestId) return handleGreeting(state, phase, message, now, random);
  if (phase.name === 'ready' && message.id === phase.pingId) return only({ ...state, phase: readyPhase(state, now) });
  const sent = new Map(state.sent);
  const pending = sent.get(message.id);
  if (!pending) return only(state);
  sent.delete(message.id);
  const { error } = message;
  return only({ ...state, sent }, ...(error
    ? refuse([pending], () => serverError(error))
    : [{ type: 'settle', key: pending.key, result: message.result }] as const));
};

const readyPhase = ({ pingIntervalMs }: ConnectionState, now: number): ConnectionPhase =>
  ({ name: 'ready', attempt: 0, deadline: now + pingIntervalMs, pingId: null });

const handleGreeting = (
  state: ConnectionState, phase: Timed, { result, error }: Response, now: number, random: number,
): ConnectionStep => {
  if (error) return handleRefusal(state, phase, serverError(error), now, random);
  const { session } = state;
  if (session) {
    const resumed = result as ResumeResult;
    const ready = { ...state, tokenRefused: false, session: { ...session, lastSeq: resumed.seq } };
    return before([{ type: 'resumed', result: resumed }], flush(ready, now));
  }
  const welcome = result as Welcome;
  return before([{ type: 'welcome', welcome }], flush({
    ...state,
    tokenRefused: false,
    session: { id: welcome.session, secret: welcome.secret, lastSeq: welcome.seq },
    pingIntervalMs: Math.max(1000, welcome.pingIntervalMs),
  }, now));
};

const handleRefusal = (
  state: ConnectionState, phase: Timed, error: RingdownError, now: number, random: number,
): ConnectionStep => {
  if (state.session && error.fatal) {
    // The calls of a session that is gone are gone with it, and so is every request about them.
    const clean = { ...state, session: null, queue: [], sent: new Map<number, Pending>() };
    return before([...refuse(unanswered(state), connectionLost), CLOSE], begin(clean, phase.attempt, now));
  }
  if (error.name === 'bad-credentials' && !state.tokenRefused) return before([CLOSE], begin({ ...state, tokenRefused: true }, phase.attempt, now));
  return error.fatal || error.name === 'forbidden' ? giveUp(state, error) : lose(state, phase, now, random);
};

/** Ready: what waited is sent. */
const flush = (state: ConnectionState, now: number): ConnectionStep =>
  state.queue.reduce(
    (step, pending) => before(step.effects, send(step.state, pending)),
    only({ ...state, queue: [], phase: readyPhase(state, now) }),
  );

const handlePush = (state: ConnectionState, message: PushFrame, now: number, random: number): ConnectionStep => {
  const { phase, session, nextId } = state;
  if (phase.name !== 'ready' || !session) return only(state);
  if (message.event === 'ping') return only({ ...state, nextId: nextId + 1 }, frame(nextId, PING));
  const push = { type: 'push', push: message } as const;
  // Said again soon, and not counted: nothing to catch up with.
  if (message.seq === 0) return only(state, push);
  if (message.seq <= session.lastSeq) return only(state);
  // A gap means that pushes were lost: resuming from the last one seen replays them.
  if (message.seq > session.lastSeq + 1) return lose(state, phase, now, random);
  return only({ ...state, session: { ...session, lastSeq: message.seq } }, push);
};

const ping = (state: ConnectionState, now: number, patience: number): ConnectionStep => {
  const { nextId } = state;
  return only(
    { ...state, nextId: nextId + 1, phase: { name: 'ready', attempt: 0, deadline: now + patience, pingId: nextId } },
    frame(nextId, PING),
  );
};

const handleTimer = (state: ConnectionState, now: number, random: number): ConnectionStep => {
  const inTime = ({ deadline }: Pending): boolean => deadline > now;
  return before(refuse(unanswered(state).filter((pending) => !inTime(pending)), timedOut), handlePhaseTimer({
    ...state,
    sent: new Map([...state.sent].filter(([, pending]) => inTime(pending))),
    queue: state.queue.filter(inTime),
  }, now, random));
};

const handlePhaseTimer = (state: ConnectionState, now: number, random: number): ConnectionStep => {
  const { phase } = state;
  if (phase.name === 'offline' || phase.deadline > now) return only(state);
  if (phase.name === 'waiting') return begin(state, phase.attempt, now);
  return phase.name === 'ready' && phase.pingId === null ? ping(state, now, PONG_MS) : lose(state, phase, now, random);
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
const REPEATABLE = /^(directory\.search|history\.list|call\.(answer|decline|hangup|hold|unhold|mute|describe|candidate))$/;

const CLOSE = { type: 'close' } as const;
const PING: AnyMethod = { method: 'ping', params: {} };

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
