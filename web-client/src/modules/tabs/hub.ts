// The leading tab: owns the one connection, and serves the other tabs over it.
import { RingdownError, type Call, type RingdownClient } from '../../index.js';
import type { OpenSocket, Socket, SocketHandlers } from '../../signaling/socket.js';
import type { Identity } from './identity.js';
import { Watchers } from './watchers.js';
import { readFrame, type Frame, type TabMessage } from './wire.js';

/** What the hub needs of its tab. */
export interface HubPorts {
  readonly post: (message: Omit<TabMessage, 'from'>) => void;
  readonly client: () => RingdownClient | null;
  /** Whose phone it is. */
  readonly identity: Identity;
  /** The phone is left to the other tabs. */
  readonly onLeft: () => void;
}

/** The connection of all tabs. */
export class Hub {
  readonly #ports: HubPorts;
  readonly #followers = new Set<string>();
  /** Who asked what over the connection, by the id it has there. */
  readonly #asked = new Map<number, (answer: Record<string, unknown>) => void>();
  readonly #watchers = new Watchers();
  #nextId = FIRST_ID;
  #socket: Socket | null = null;
  #handlers: SocketHandlers | null = null;
  #greeting = 0;
  #session = '';
  #secret = '';
  #ready = false;

  constructor(ports: HubPorts) {
    this.#ports = ports;
  }

  /** Opens the one connection, for this tab's own client. */
  open(open: OpenSocket, url: string, handlers: SocketHandlers): Socket {
    this.#handlers = handlers;
    const socket = this.#socket = open(url, {
      onOpen: () => handlers.onOpen(),
      onText: (text) => this.#handleServer(text, handlers),
      onClose: (code) => {
        this.#lose();
        handlers.onClose(code);
      },
    });
    return {
      send: (text) => this.#handleOwn(text, socket),
      close: () => {
        if (this.#socket === socket) this.#lose();
        socket.close();
      },
    };
  }

  /** A message of another tab. */
  handle({ from, type, text }: TabMessage): void {
    if (type === 'gone') this.#forget(from);
    else if (type === 'open' && this.#ready) {
      this.#followers.add(from);
      this.#ports.post({ to: from, type: 'opened' });
    } else if (type === 'text' && text !== undefined) {
      const frame = readFrame(text);
      if (typeof frame?.id === 'number' && typeof frame.method === 'string') this.#serve(from, frame as unknown as Frame);
    }
  }

  /** Leads no more: closes the connection without a word, so that another tab goes on with the session. */
  leave(): void {
    const handlers = this.#handlers;
    this.#watchers.clear();
    this.#socket?.close();
    this.#lose();
    handlers?.onClose(1000);
  }

  /** A tab is gone, and watches nobody any more. */
  #forget(tab: string): void {
    this.#followers.delete(tab);
    const users = this.#watchers.leave(tab);
    for (let start = 0; start < users.length; start += MAX_USERS) {
      this.#ask('presence.unwatch', { users: users.slice(start, start + MAX_USERS) }, () => undefined);
    }
  }

  #lose(): void {
    this.#socket = this.#handlers = null;
    this.#asked.clear();
    if (this.#ready) this.#ports.post({ to: 'all', type: 'closed' });
    this.#ready = false;
  }

  #handleOwn(text: string, socket: Socket): void {
    const frame = readFrame(text);
    const params = frame?.params;
    if (frame?.method === 'hello' || frame?.method === 'resume') {
      this.#greeting = frame.id ?? 0;
      if (frame.method === 'hello') {
        this.#ports.identity.take(stringOf(params?.token));
        this.#watchers.clear();
      } else this.#ports.identity.recall(stringOf(params?.session));
      this.#session = stringOf(params?.session);
      this.#secret = stringOf(params?.secret);
    } else if (frame?.method === 'bye' && this.#followers.size > 0) {
      // This tab's user leaves; the other tabs keep the phone.
      this.#ports.onLeft();
      return;
    } else if (frame?.method === 'presence.watch') this.#watchers.watch('', usersOf(params));
    else if (frame?.method === 'presence.unwatch') {
      const users = this.#watchers.unwatch('', usersOf(params));
      if (users.length > 0) socket.send(JSON.stringify({ ...frame, params: { users } }));
      else queueMicrotask(() => this.#handlers?.onText(JSON.stringify({ id: frame.id, result: {} })));
      return;
    }
    socket.send(text);
  }

  #handleServer(text: string, handlers: SocketHandlers): void {
    const frame = readFrame(text);
    const asked = typeof frame?.id === 'number' ? this.#asked.get(frame.id) : undefined;
    if (frame && asked) {
      this.#asked.delete(frame.id ?? 0);
      asked(frame);
      return;
    }
    handlers.onText(text);
    if (frame?.id === this.#greeting && frame.result) {
      const welcome = frame.result as { session?: string; secret?: string };
      this.#session = welcome.session ?? this.#session;
      this.#secret = welcome.secret ?? this.#secret;
      if (welcome.session) this.#ports.identity.begin(welcome.session);
      this.#greeting = -1;
      this.#ready = true;
      this.#ports.post({ to: 'all', type: 'leader' });
    } else if (this.#ready && frame && 'event' in frame && frame.event !== 'ping') {
      this.#ports.post({ to: 'all', type: 'text', text: frame.event === 'call.incoming' ? withoutAutoAnswer(frame) : text });
    }
  }

  #serve(from: string, { id, method, params }: Frame): void {
    const result = (value: unknown): void => this.#answer(from, { id, result: value });
    const settle = (done: Promise<unknown>): void => {
      done.then((value) => result(value ?? {}), (thrown: unknown) => this.#answer(from, { id, error: errorOf(thrown) }));
    };
    const call = this.#ports.client()?.calls.find((known) => known.id === params.call);
    switch (method) {
      case 'hello':
        if (!this.#ports.identity.isOf(stringOf(params.token), this.#ports.client()?.me?.userId ?? '')) this.#ports.post({ to: from, type: 'foreign' });
        else this.#ask('session.state', {}, ({ result: welcome }) => result({ ...(welcome as object), session: this.#session, secret: this.#secret }));
        return;
      case 'resume':
        if (params.session !== this.#session || params.secret !== this.#secret) this.#answer(from, { id, error: EXPIRED });
        else {
          this.#ask('session.state', {}, ({ result: welcome }) => {
            const { seq, state } = welcome as { seq: number; state: unknown };
            result({ seq, state });
          });
        }
        return;
      case 'bye':
        this.#forget(from);
        result({});
        return;
      case 'presence.watch':
        this.#watchers.watch(from, usersOf(params));
        this.#forward(from, id, method, params);
        return;
      case 'presence.unwatch': {
        const users = this.#watchers.unwatch(from, usersOf(params));
        if (users.length > 0) this.#forward(from, id, method, { users });
        else result({});
        return;
      }
      // What only a page with the audio can say. What it plays, it plays here.
      case 'ping': case 'call.describe': case 'call.candidate': case 'presence.sound':
        result({});
        return;
      case 'call.start':
        settle(this.#start(params));
        return;
      case 'call.answer':
        // It may be answered already, here or by itself.
        if (call) settle(call.state === 'ringing' ? call.answer() : Promise.resolve());
        else this.#forward(from, id, method, params);
        return;
      case 'call.mute':
        if (call?.mine) settle(call.mute(params.muted === true));
        else this.#forward(from, id, method, params);
        return;
      default:
        this.#forward(from, id, method, params);
    }
  }

  async #start(params: Frame['params']): Promise<unknown> {
    const client = this.#ports.client();
    if (!client) throw new Error('there is no client');
    const call = await client.call(stringOf(params.to), { variables: (params.variables ?? {}) as Record<string, string> });
    return { call: infoOf(call) };
  }

  #forward(from: string, id: number, method: string, params: unknown): void {
    this.#ask(method, params, (answer) => this.#answer(from, { ...answer, id }));
  }

  #ask(method: string, params: unknown, asked: (answer: Record<string, unknown>) => void): void {
    if (!this.#ready || this.#asked.size >= MAX_ASKED) return;
    const id = this.#nextId;
    this.#nextId = id < LAST_ID ? id + 1 : FIRST_ID;
    this.#asked.set(id, asked);
    this.#socket?.send(JSON.stringify({ id, method, params }));
  }

  #answer(to: string, frame: Record<string, unknown>): void {
    this.#ports.post({ to, type: 'text', text: JSON.stringify(frame) });
  }
}

const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const usersOf = (params: Readonly<Record<string, unknown>> | undefined): string[] =>
  (Array.isArray(params?.users) ? params.users : []).filter((user) => typeof user === 'string');

/** Another tab shows the call; this one answers it. */
const withoutAutoAnswer = (frame: Record<string, unknown>): string =>
  JSON.stringify({ ...frame, data: { ...(frame.data as object), autoAnswer: false } });

const errorOf = (thrown: unknown): Record<string, unknown> => {
  const { name, code, message, causes, solutions, fatal } = thrown instanceof RingdownError
    ? thrown : { name: 'internal', code: 4012, message: 'the leading tab failed', causes: [], solutions: [], fatal: false };
  return { name, code, message, causes, solutions, fatal };
};

const EXPIRED = { code: 4006, name: 'session-expired', message: 'the tabs have another session', causes: [], solutions: [], fatal: true };

const infoOf = (call: Call): unknown => ({
  ...call.info, mine: true, state: call.answeredAt === null ? 'dialing' : 'active',
  held: call.held, heldByPeer: call.heldByPeer, peerLost: call.peerLost, peerMuted: call.peerMuted, muted: call.muted, answeredAt: call.answeredAt,
});

/** Ids of the other tabs' requests, far from the own client's. */
const FIRST_ID = 1_000_000_000;
const LAST_ID = 2_000_000_000;
/** People in one request, as the protocol limits them. */
const MAX_USERS = 500;
/** Requests of other tabs that wait; the next one is dropped, and times out there. */
const MAX_ASKED = 256;
