// A server that behaves like the real one towards its clients, in memory: for tests, demonstrations and development.
import { systemClock, type Clock } from '../platform/clock.js';
import { MAX_DEPTH, MAX_FRAME_BYTES, type Request, type ResumeParams, type HelloParams, type ResumeResult, type Welcome, type ErrorCode } from '../protocol/generated.js';
import type { MethodName, Push } from '../protocol/messages.js';
import type { OpenSocket } from '../signaling/socket.js';
import { FakeDesk } from './fake-desk.js';
import type { FakeSwitchMedia } from './fake-leg.js';
import { answersOf, type FakeAnswer, type FakeAnswers } from './fake-methods.js';
import { FAKE_PEOPLE, FakeFault, type FakeAccount } from './fake-people.js';
import { FakePerson } from './fake-person.js';
import type { FakeLink, FakeSession } from './fake-session.js';

/** How a fake server is set up. */
export interface FakeServerOptions {
  /** Who works there; `FAKE_PEOPLE` unless given. */
  readonly people?: readonly FakeAccount[];
  /** Time; give a `FakeClock` to hold it. */
  readonly clock?: Clock;
  /** The media of pages' calls: only a server for real browsers needs any. */
  readonly media?: FakeSwitchMedia;
}

/** What a connection says to the server. */
export interface FakeConnection {
  handleText(text: string): void;
  /** The client closed, or the network did. */
  handleClose(): void;
}

interface Connection {
  /** The connection itself. */
  readonly raw: FakeLink;
  /** The same as a session uses it: silent once frozen or lost. */
  readonly link: FakeLink;
  session: FakeSession | null;
  strikes: number;
  cancelTimer: (() => void) | null;
  frozen: boolean;
  open: boolean;
}

/**
 * A server in memory. People sign in with their username for a token; calls between them ring, connect, hold, move and
 * end as with the real server, and so do sessions, resumes and errors. Whoever has no page open has a telephone, played
 * by `person()`.
 */
export class FakeServer {
  /** What the server knows; for tests that look closely. */
  readonly desk: FakeDesk;
  /** Every request that came, in order. */
  readonly requests: Request[] = [];
  readonly #people: readonly FakeAccount[];
  readonly #persons = new Map<string, FakePerson>();
  readonly #clock: Clock;
  readonly #connections = new Set<Connection>();
  readonly #answers: FakeAnswers;
  readonly #refusals = new Map<MethodName, FakeFault[]>();
  #down = false;

  /** A company of these people; of everybody in `FAKE_PEOPLE` unless given. */
  constructor({ people = FAKE_PEOPLE, clock = systemClock, media }: FakeServerOptions = {}) {
    this.#people = people;
    this.#clock = clock;
    this.desk = new FakeDesk({ people, clock, media, onTelephone: (leg) => this.person(leg.self.number).handleRinging(leg) });
    this.#answers = answersOf(this.desk);
  }

  /** Somebody by number, username or id, with the telephone the test plays. */
  person(who: string): FakePerson {
    const account = this.#people.find(({ extension, username, userId }) => [extension, username, userId].includes(who));
    if (!account) throw new Error(`nobody is called ${who}`);
    const known = this.#persons.get(account.userId) ?? new FakePerson(account, this.desk);
    this.#persons.set(account.userId, known);
    return known;
  }

  /** The server's HTTP for files, for a client in the same program: the option `fetch` of the chat. */
  readonly fetch = async (url: string | URL | globalThis.Request, init: RequestInit = {}): Promise<Response> => {
    const request = new globalThis.Request(new URL(url instanceof globalThis.Request ? url.url : url, 'http://fake.invalid'), init);
    const body = init.body instanceof Blob ? init.body : await request.blob();
    return this.desk.files.answer(new URL(request.url), request.method, body);
  };

  /** The way in for a client in the same program: its port `openSocket`. */
  readonly openSocket: OpenSocket = (_url, handlers) => {
    let open = true;
    const soon = (what: () => void): void => queueMicrotask(() => { if (open) what(); });
    let connection: FakeConnection | null = null;
    queueMicrotask(() => {
      if (!open) return;
      if (this.#down) {
        open = false;
        handlers.onClose(1006);
        return;
      }
      connection = this.accept({
        send: (text) => soon(() => handlers.onText(text)),
        close: (code) => soon(() => {
          open = false;
          handlers.onClose(code);
        }),
      });
      handlers.onOpen();
    });
    return {
      send: (text) => soon(() => connection?.handleText(text)),
      close: () => {
        open = false;
        connection?.handleClose();
      },
    };
  };

  /** Takes a connection that came over a network. */
  accept(raw: FakeLink): FakeConnection {
    const link: FakeLink = {
      send: (text) => { if (connection.open && !connection.frozen) raw.send(text); },
      close: (code) => this.#close(connection, code),
    };
    const connection: Connection = { raw, link, session: null, strikes: 0, cancelTimer: null, frozen: false, open: true };
    this.#connections.add(connection);
    this.#watch(connection, HELLO_WITHIN_MS, 4003);
    return {
      handleText: (text) => { if (!connection.frozen && connection.open) this.#handle(connection, text); },
      handleClose: () => this.#lose(connection),
    };
  }

  /** Answers a method otherwise, or one that the fake server does not know. */
  answer<M extends MethodName>(method: M, answer: FakeAnswer<M>): void {
    (this.#answers as Record<string, unknown>)[method] = answer;
  }

  /** Refuses the next request of a method. */
  refuse(method: MethodName, name: ErrorCode, message?: string): void {
    this.#refusals.set(method, [...(this.#refusals.get(method) ?? []), new FakeFault(name, message)]);
  }

  /** Pushes to every page of somebody, or of everybody. */
  push(push: Push, who?: string): void {
    const account = who === undefined ? null : this.person(who).account;
    for (const session of this.desk.sessions) if (!account || session.account === account) session.push(push);
  }

  /** The softswitch goes, or comes. */
  setSwitch(up: boolean): void {
    this.desk.switchUp = up;
    this.desk.tellAll({ event: 'switch', data: { up } });
  }

  /** Breaks connections, of somebody or all: the clients come back and resume. */
  drop(who?: string, code = 1006): void {
    for (const connection of this.#of(who)) this.#close(connection, code);
  }

  /** Connections stay open and carry nothing any more, in neither direction. */
  freeze(who?: string): void {
    for (const connection of this.#of(who)) {
      connection.frozen = true;
      if (connection.session) this.desk.detach(connection.session, RESUME_WINDOW_MS);
    }
  }

  /** Stops taking connections and breaks those there are. With `forget`, sessions and calls are gone when it starts. */
  stop({ forget = false, code = 1001 }: { forget?: boolean; code?: number } = {}): void {
    this.#down = true;
    this.drop(undefined, code);
    if (forget) this.desk.forget();
  }

  /** Takes connections again. */
  start(): void { this.#down = false; }

  /** Ends everything: no timer is left. */
  close(): void {
    this.stop({ forget: true });
    for (const person of this.#persons.values()) person.close();
  }

  #of(who?: string): Connection[] {
    const account = who === undefined ? null : this.person(who).account;
    return [...this.#connections].filter(({ session }) => !account || session?.account === account);
  }

  #lose(connection: Connection): void {
    if (!connection.open) return;
    connection.open = false;
    connection.cancelTimer?.();
    this.#connections.delete(connection);
    const { session } = connection;
    if (session?.link === connection.link) this.desk.detach(session, RESUME_WINDOW_MS);
  }

  /** Closes a connection that has not done in time what it should. */
  #watch(connection: Connection, ms: number, code: number): void {
    connection.cancelTimer?.();
    connection.cancelTimer = this.#clock.after(ms, () => this.#close(connection, code));
  }

  #close(connection: Connection, code: number): void {
    this.#lose(connection);
    connection.raw.close(code);
  }

  #handle(connection: Connection, text: string): void {
    if (connection.session) this.#watch(connection, SILENCE_MS, 1001);
    let id = 0;
    try {
      const request = parse(text);
      id = request.id;
      if (this.requests.push(request) > MAX_REQUESTS) this.requests.shift();
      this.#obey(connection, request);
    } catch (thrown) {
      this.#refuse(connection, id, thrown);
    }
  }

  #obey(connection: Connection, request: Request): void {
    const refusal = this.#refusals.get(request.method)?.shift();
    if (refusal) throw refusal;
    if (request.method === 'hello') {
      this.#hello(connection, request.id, request.params);
      return;
    }
    if (request.method === 'resume') {
      this.#resume(connection, request.id, request.params);
      return;
    }
    const { session } = connection;
    if (!session) throw new FakeFault('not-authenticated', 'say hello first');
    if (request.method === 'session.state') {
      this.#respond(connection, request.id, { ...this.#welcomeTo(session), secret: '' });
      return;
    }
    const answer = this.#answers[request.method] as ((params: unknown, session: FakeSession) => unknown) | undefined;
    if (!answer) throw new FakeFault('unknown-method', `no method ${request.method}`);
    if (typeof request.params !== 'object') throw new FakeFault('bad-request', 'params are missing');
    this.desk.answering(() => answer(request.params, session), (result) => {
      if (!(result instanceof Promise)) this.#respond(connection, request.id, result);
      else result.then((late) => this.#respond(connection, request.id, late), (thrown: unknown) => this.#refuse(connection, request.id, thrown));
    });
  }

  #hello(connection: Connection, id: number, { token, ticket }: HelloParams): void {
    const account = this.#people.find(({ username }) => username === (token ?? ticket));
    if (!account) throw new FakeFault('bad-credentials', 'the token is not valid');
    if (connection.session) throw new FakeFault('wrong-state', 'this connection has a session');
    // Who else is told that they are here, and they themselves, is told after the welcome.
    this.desk.answering(() => this.#welcome(connection, account), (welcome) => this.#respond(connection, id, welcome));
  }

  #welcome(connection: Connection, account: FakeAccount): Welcome {
    const session = this.desk.open(account, connection.link);
    this.#attach(connection, session);
    return this.#welcomeTo(session);
  }

  #welcomeTo(session: FakeSession): Welcome {
    const { userId, username, name, extension } = session.account;
    return {
      session: session.id, secret: session.secret, me: { userId, username, name, extension, role: 'user' },
      seq: session.seq, state: this.desk.stateFor(session), serverVersion: '0.1.0', iceServers: [], pingIntervalMs: 25_000, resumeWindowMs: RESUME_WINDOW_MS,
    };
  }

  #resume(connection: Connection, id: number, { session: name, secret, lastSeq }: ResumeParams): void {
    const session = this.desk.session(name, secret);
    if (!session || connection.session) throw new FakeFault('session-expired', 'no such session');
    const old = [...this.#connections].find((other) => other.session === session);
    if (old) this.#close(old, 4006);
    session.cancelExpiry?.();
    session.link = null;
    session.reachable = true;
    const missed = session.missed(lastSeq);
    if (!missed) session.restartAfter(lastSeq);
    const result: ResumeResult = missed ? { seq: lastSeq } : { seq: session.seq, state: this.desk.stateFor(session) };
    this.#respond(connection, id, result);
    this.#attach(connection, session);
    if (missed) for (const { seq, push } of missed) connection.link.send(JSON.stringify({ seq, ...push }));
    else this.desk.calls.offerAgain(session);
    this.desk.updatePresence(session.account);
  }

  #attach(connection: Connection, session: FakeSession): void {
    connection.session = session;
    session.link = connection.link;
    this.#watch(connection, SILENCE_MS, 1001);
  }

  #respond(connection: Connection, id: number, result: unknown): void {
    connection.link.send(JSON.stringify({ id, result }));
  }

  #refuse(connection: Connection, id: number, thrown: unknown): void {
    const { info } = thrown instanceof FakeFault ? thrown : new FakeFault('internal', String(thrown));
    connection.link.send(JSON.stringify({ id, error: info }));
    connection.strikes += info.name === 'bad-request' && id === 0 ? 1 : 0;
    if (info.fatal || connection.strikes >= MAX_STRIKES) this.#close(connection, info.code);
  }
}

const parse = (text: string): Request => {
  if (new TextEncoder().encode(text).length > MAX_FRAME_BYTES || depthOf(text) > MAX_DEPTH) throw new FakeFault('too-large', 'the frame is too large');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FakeFault('bad-request', 'the frame is no JSON');
  }
  const { id, method } = (value ?? {}) as Partial<Request>;
  if (typeof id !== 'number' || typeof method !== 'string') throw new FakeFault('bad-request', 'the frame is no request');
  return value as Request;
};

/** How deep brackets are nested, outside strings. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/g)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, (depth += 1));
    else if (token === ']' || token === '}') depth -= 1;
  }
  return deepest;
};

/** As the real server. */
const HELLO_WITHIN_MS = 5_000;
const SILENCE_MS = 70_000;
const RESUME_WINDOW_MS = 120_000;
/** Frames that are no requests before the connection is closed. */
const MAX_STRIKES = 20;
/** Requests kept for tests to look at. */
const MAX_REQUESTS = 10_000;
