// The server's side of a connection, played by a test.
import type { CallInfo, CallTones, DirectoryEntry, ErrorInfo, Request, State, Welcome } from '../protocol/generated.js';
import type { MethodName, ParamsOf, Push, ResultOf } from '../protocol/messages.js';
import type { OpenSocket, SocketHandlers } from '../signaling/socket.js';
import { settle } from './fake-clock.js';

/** A request the client sent. */
export type Sent = Request;

/** The server's side of every connection the client opens. */
export class FakeServer {
  /** Connections opened so far. */
  opened = 0;
  /** Requests in the order they came, over all connections. */
  readonly requests: Sent[] = [];
  #handlers: SocketHandlers | null = null;
  #seq = 0;

  readonly openSocket: OpenSocket = (_url, handlers) => {
    this.opened += 1;
    this.#handlers = handlers;
    return {
      send: (text) => {
        if (this.#handlers === handlers) this.requests.push(JSON.parse(text) as Sent);
      },
      close: () => {
        if (this.#handlers === handlers) this.#handlers = null;
      },
    };
  };

  /** Whether the client holds a connection open. */
  get connected(): boolean {
    return this.#handlers !== null;
  }

  /** Opens the connection. */
  open(): void {
    this.#handlers?.onOpen();
  }

  /** Breaks the connection. */
  drop(): Promise<void> {
    return this.close(1006);
  }

  /** Closes the connection for this reason. */
  async close(code: number): Promise<void> {
    const handlers = this.#handlers;
    this.#handlers = null;
    handlers?.onClose(code);
    await settle();
  }

  /** Opens the connection and welcomes the client. */
  async welcome(state: Partial<State> = {}): Promise<void> {
    await settle();
    this.open();
    const hello = this.take('hello');
    this.#seq = 0;
    await this.result<'hello'>(hello.id, welcome(state));
  }

  /** The oldest request of this method that was not taken yet. */
  take<M extends MethodName>(method: M): Sent & { params: ParamsOf<M> } {
    const index = this.requests.findIndex((request) => request.method === method);
    if (index < 0) throw new Error(`no ${method} among ${this.requests.map((request) => request.method).join(', ')}`);
    return this.requests.splice(index, 1)[0] as Sent & { params: ParamsOf<M> };
  }

  /** Whether a request of this method waits. */
  has(method: MethodName): boolean {
    return this.requests.some((request) => request.method === method);
  }

  /** Answers a request. */
  async result<M extends MethodName>(id: number, result: ResultOf<M>): Promise<void> {
    this.text({ id, result });
    await settle();
  }

  /** Confirms the oldest request of this method. */
  async confirm(method: Exclude<MethodName, 'hello' | 'resume' | 'call.start'>): Promise<void> {
    await this.result(this.take(method).id, {});
  }

  /** Refuses a request. */
  async refuse(id: number, name: ErrorInfo['name'], fatal = false): Promise<void> {
    this.text({ id, error: { code: 4000, name, message: name, causes: [], solutions: [], fatal } });
    await settle();
  }

  /** Pushes. */
  async push(push: Push, seq?: number): Promise<void> {
    this.#seq = seq ?? this.#seq + 1;
    this.text({ seq: this.#seq, ...push });
    await settle();
  }

  /** Pushes what is neither counted nor replayed. */
  async pushUncounted(push: Push): Promise<void> {
    this.text({ seq: 0, ...push });
    await settle();
  }

  /** Sends a frame as it is. */
  text(frame: unknown): void {
    this.#handlers?.onText(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }
}

/** People of every story. */
export const PEOPLE: readonly DirectoryEntry[] = [
  { userId: 'u-alice', name: 'Alice Archer', extension: '101', department: 'Sales', presence: 'online' },
  { userId: 'u-bob', name: 'Bob Baker', extension: '102', department: 'Support', presence: 'online' },
  { userId: 'u-carol', name: 'Carol Céspedes', extension: '103', department: 'Sales', presence: 'offline' },
];

/** The tones of an installation whose country was not chosen. */
export const TONES: CallTones = { busy: '425/500,0/500', congestion: '425/250,0/250' };

/** A welcome for alice. */
export const welcome = (state: Partial<State> = {}): Welcome => ({
  session: 's1',
  secret: 'x1',
  me: { userId: 'u-alice', username: 'alice', name: 'Alice Archer', extension: '101', role: 'user' },
  seq: 0,
  state: {
    directory: [...PEOPLE], directoryComplete: true, favourites: [], missed: 0, voicemail: { new: 0, saved: 0 }, calls: [], callsComplete: true, rooms: [], parked: [], switchUp: true, tones: TONES, ...state,
  },
  serverVersion: '0.1.0',
  iceServers: [],
  pingIntervalMs: 20_000,
  resumeWindowMs: 120_000,
});

/** A call with bob. */
export const callInfo = (change: Partial<CallInfo> = {}): CallInfo => ({
  id: 'leg-1',
  callId: 'call-1',
  mine: true,
  direction: 'inbound',
  state: 'ringing',
  peer: { userId: 'u-bob', number: '102', name: 'Bob Baker' },
  held: false,
  heldByPeer: false,
  peerLost: false,
  muted: false,
  createdAt: 1_000_000,
  answeredAt: null,
  variables: {},
  ...change,
});
