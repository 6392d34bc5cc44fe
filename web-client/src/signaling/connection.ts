// The shell around the connection machine: runs its effects on a socket, a clock and a token source.
import { asRingdownError, clientError, type RingdownError } from '../errors.js';
import type { LogSink } from '../logging.js';
import type { CancelTimer, Clock } from '../platform/clock.js';
import type { ClientInfo, ResumeResult, Welcome } from '../protocol/generated.js';
import type { AnyMethod, MethodName, ParamsOf, Push, ResultOf } from '../protocol/messages.js';
import {
  connectionTimeout, newConnection, stepConnection,
  type ConnectionEffect, type ConnectionEvent, type ConnectionPhase, type ConnectionState,
} from './connection-machine.js';
import type { OpenSocket, Socket } from './socket.js';

/** What a connection needs. */
export interface ConnectionOptions {
  readonly url: string;
  readonly client: ClientInfo;
  readonly token: () => Promise<string>;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly log: LogSink;
  /** The session of the page before this one. */
  readonly kept?: { readonly session: string; readonly secret: string } | null;
}

/** What a connection says. */
export interface ConnectionHandlers {
  onPhase: (phase: ConnectionPhase) => void;
  onWelcome: (welcome: Welcome) => void;
  onResumed: (result: ResumeResult) => void;
  onPush: (push: Push) => void;
  onGiveUp: (error: RingdownError) => void;
}

interface Waiter {
  resolve: (result: unknown) => void;
  reject: (error: RingdownError) => void;
}

/** A connection to the app server that keeps itself alive. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #waiters = new Map<number, Waiter>();
  readonly #events: ConnectionEvent[] = [];
  #state: ConnectionState;
  #socket: Socket | null = null;
  #cancelTimer: CancelTimer | null = null;
  #nextKey = 1;
  #running = false;

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#state = newConnection(options.client, options.kept);
  }

  /** Where the connection is. */
  get phase(): ConnectionPhase {
    return this.#state.phase;
  }

  /** Connects, and keeps connected until `disconnect`. */
  connect(): void {
    this.#dispatch({ type: 'connect' });
  }

  /** Says bye and closes. */
  disconnect(): void {
    this.#dispatch({ type: 'disconnect' });
  }

  /** Closes without a word and keeps the session: `connect` goes on with it. */
  suspend(): void {
    this.#dispatch({ type: 'suspend' });
  }

  /** Whether there is a session to go on with. */
  get hasSession(): boolean {
    return this.#state.session !== null;
  }

  /** Tries again at once, or probes the connection. */
  nudge(): void {
    this.#dispatch({ type: 'nudge' });
  }

  /** Asks the server; settles on its answer. */
  request<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    const key = this.#nextKey++;
    return new Promise((resolve, reject) => {
      this.#waiters.set(key, { resolve: resolve as Waiter['resolve'], reject });
      this.#dispatch({ type: 'request', key, call: { method, params } as AnyMethod });
    });
  }

  /** One event at a time: a handler that causes another event gets it handled after this one. */
  #dispatch(event: ConnectionEvent): void {
    this.#events.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#step(next);
    } finally {
      this.#running = false;
    }
  }

  #step(event: ConnectionEvent): void {
    const { clock, log } = this.#options;
    const before = this.#state.phase;
    const { state, effects } = stepConnection(this.#state, event, clock.now(), clock.random());
    this.#state = state;
    if (before.name !== state.phase.name) {
      log.debug('connection', { from: before.name, to: state.phase.name, on: event.type });
    }
    for (const effect of effects) this.#run(effect);
    this.#setTimer();
    if (before.name !== state.phase.name) this.#handlers.onPhase(state.phase);
  }

  #run(effect: ConnectionEffect): void {
    switch (effect.type) {
      case 'fetchToken':
        this.#fetchToken();
        return;
      case 'open':
        this.#open();
        return;
      case 'close':
        this.#socket?.close();
        this.#socket = null;
        return;
      case 'send':
        this.#socket?.send(effect.text);
        return;
      case 'settle':
        this.#take(effect.key)?.resolve(effect.result);
        return;
      case 'refuse':
        this.#take(effect.key)?.reject(effect.error);
        return;
      case 'welcome':
        this.#handlers.onWelcome(effect.welcome);
        return;
      case 'resumed':
        this.#handlers.onResumed(effect.result);
        return;
      case 'push':
        this.#handlers.onPush(effect.push);
        return;
      case 'giveUp':
        this.#handlers.onGiveUp(effect.error);
    }
  }

  #take(key: number): Waiter | undefined {
    const waiter = this.#waiters.get(key);
    this.#waiters.delete(key);
    return waiter;
  }

  #fetchToken(): void {
    this.#options.token().then(
      (token) => this.#dispatch({ type: 'token', token }),
      (thrown: unknown) => this.#dispatch({ type: 'tokenFailed', error: asRingdownError(thrown, 'sign-in-failed') }),
    );
  }

  #open(): void {
    const current = (): boolean => this.#socket === socket;
    let socket: Socket | null = null;
    try {
      socket = this.#options.openSocket(this.#options.url, {
        onOpen: () => current() && this.#dispatch({ type: 'opened' }),
        onText: (text) => current() && this.#dispatch({ type: 'text', text }),
        onClose: (code) => current() && this.#dispatch({ type: 'closed', code }),
      });
    } catch (thrown) {
      const error = clientError('bad-argument', { message: 'The server address cannot be used.', fatal: true }, thrown);
      this.#handlers.onGiveUp(error);
      this.#dispatch({ type: 'disconnect' });
    }
    this.#socket = socket;
  }

  #setTimer(): void {
    this.#cancelTimer?.();
    const at = connectionTimeout(this.#state);
    const { clock } = this.#options;
    this.#cancelTimer = at === null
      ? null
      : clock.after(Math.max(0, at - clock.now()), () => this.#dispatch({ type: 'timer' }));
  }
}
