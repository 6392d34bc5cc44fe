// Several tabs of one browser are one phone.
import type { RingdownClient, TabSharing } from '../../index.js';
import type { MediaEngine } from '../../media/port.js';
import type { SessionStorage } from '../../signaling/kept-session.js';
import type { OpenSocket, Socket, SocketHandlers } from '../../signaling/socket.js';
import { Hub } from './hub.js';
import { Identity } from './identity.js';
import { TabMedia } from './silent-media.js';
import { readFrame, type TabChannel, type TabLocks, type TabMessage } from './wire.js';

/** What tabs stand on; tests give fakes. */
export interface TabPorts {
  readonly locks: TabLocks;
  readonly openChannel: (name: string) => TabChannel;
  /** Tells when the tab is looked at, and when it goes; the result stops that. */
  readonly watch: (onShown: () => void, onGone: () => void) => () => void;
  readonly isShown: () => boolean;
  /** Where the tab keeps who it is, for its page after a reload; its `sessionStorage` unless given. */
  readonly storage?: SessionStorage | null;
}

/**
 * Makes one phone of the tabs that share a browser, a server and a person:
 *
 * ```text
 *             lock granted               another tab is looked at, no call
 *  (deciding) ────────────▶ leads ──────────────────────────────────────▶ follows
 *       │                     ▲                                             │
 *       │ lock taken          └──────────── the leader is gone ─────────────┤
 *       └───────────────────────────────────────────────────────────────────┘
 * ```
 *
 * The leader (by Web Locks) has the only connection, the microphone, the sound and the ringing. The others speak the same
 * protocol to it over a `BroadcastChannel`: they show and control the same calls. Who comes to lead goes on with the session.
 * Where a browser has no Web Locks, or another tab is somebody else's phone, a tab is a phone of its own.
 */
export class Tabs implements TabSharing {
  readonly #name: string;
  readonly #id = Math.random().toString(36).slice(2);
  readonly #ports: TabPorts | null;
  readonly #listeners = new Set<(leads: boolean) => void>();
  readonly #hub: Hub;
  readonly #identity: Identity;
  readonly #decided: Promise<void>;
  #role: 'deciding' | 'leads' | 'follows' | 'alone' = 'deciding';
  #channel: TabChannel | null = null;
  #release: (() => void) | null = null;
  #waiting: AbortController | null = null;
  #client: RingdownClient | null = null;
  #media: TabMedia | null = null;
  /** This tab's line to the leader, and whether it is open. */
  #line: SocketHandlers | null = null;
  #isOpen = false;
  /** The id of this tab's hello to the leader, whose answer names the session. */
  #hello: unknown = null;
  #stopWatching: () => void = () => undefined;
  #destroyed = false;

  /** `name` tells phones apart that are not to be shared, of two servers on one site for example. */
  constructor(name = 'ringdown', ports: TabPorts | null = browserTabs()) {
    this.#name = name;
    this.#ports = ports;
    this.#identity = new Identity(name, ports?.storage);
    this.#hub = new Hub({
      identity: this.#identity,
      post: (message) => this.#post(message),
      client: () => this.#client,
      onLeft: () => this.#leave(),
    });
    this.#decided = ports ? this.#begin(ports) : Promise.resolve();
    if (!ports) this.#role = 'alone';
  }

  /** Whether this tab has the connection and the audio. */
  get leads(): boolean { return this.#role === 'leads' || this.#role === 'alone'; }

  /** Calls `listener` when this tab begins or ceases to lead; the result stops that. */
  onLeader(listener: (leads: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @internal */
  attach(client: RingdownClient): void {
    this.#client = client;
    client.on('push', (push) => {
      // The mute of a call is the user's to say: here it is what the other tab said.
      if (push.event !== 'call.state' || this.#role !== 'follows') return;
      const { id, muted, mine } = push.data.call;
      const call = client.calls.find((known) => known.id === id);
      if (mine && call && call.muted !== muted) call.showMuted(muted);
    });
  }

  /** @internal */
  media(real: MediaEngine): MediaEngine {
    this.#media = new TabMedia(real, () => this.leads);
    return this.#media.engine;
  }

  /** @internal */
  socket(open: OpenSocket): OpenSocket {
    return (url, handlers) => {
      let socket: Socket | null = null;
      let closed = false;
      void this.#decided.then(() => {
        if (closed) return;
        socket = this.#role === 'alone' ? open(url, handlers) : this.#role === 'leads' ? this.#hub.open(open, url, handlers) : this.#openLine(handlers);
      });
      return {
        send: (text) => socket?.send(text),
        close: () => {
          closed = true;
          socket?.close();
        },
      };
    };
  }

  /** @internal Leaves the phone to the other tabs. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#post({ to: 'leader', type: 'gone' });
    this.#stopWatching();
    this.#waiting?.abort();
    this.#release?.();
    this.#channel?.close();
    this.#channel = null;
    this.#listeners.clear();
  }

  /** Settles once the role is decided, whatever the browser refuses: in a sandboxed frame there are neither locks nor channels. */
  async #begin(ports: TabPorts): Promise<void> {
    try {
      this.#channel = ports.openChannel(this.#name);
      this.#channel.onmessage = ({ data }) => this.#handle(data);
      this.#stopWatching = ports.watch(() => this.#want(), () => this.#post({ to: 'leader', type: 'gone' }));
      await new Promise<void>((decided, refused) => {
        ports.locks.request(this.#name, { ifAvailable: true }, (lock) => {
          const held = lock === null || this.#destroyed ? undefined : this.#hold();
          if (!held && !this.#destroyed) this.#follow();
          decided();
          return held;
        }).catch(() => {
          refused(new Error('there are no locks'));
          this.#lost();
        });
      });
    } catch {
      this.#stopWatching();
      this.#goAlone();
    }
  }

  /** Leads until the result is settled. */
  #hold(): Promise<void> {
    const promoted = this.#role === 'follows';
    this.#setRole('leads');
    if (promoted) this.#promote();
    return new Promise((release) => { this.#release = release; });
  }

  /** Another tab leads; this one waits for its turn. */
  #follow(): void {
    this.#setRole('follows');
    this.#media?.follow();
    const waiting = this.#waiting = new AbortController();
    this.#ports?.locks.request(this.#name, { signal: waiting.signal }, () => (this.#destroyed ? undefined : this.#hold()))
      .catch(() => {
        if (!waiting.signal.aborted) this.#lost();
      });
  }

  /** The lead was taken, or the waiting for it given up. */
  #lost(): void {
    if (this.#destroyed || this.#role !== 'leads') return;
    this.#release = null;
    this.#follow();
    this.#hub.leave();
  }

  /** The leader is gone: the session is gone on with here, and so are its calls. */
  #promote(): void {
    this.#media?.lead();
    const client = this.#client;
    const off = client?.on('ready', () => {
      off?.();
      for (const call of client.calls) if (call.mine) call.recover('tab');
    });
    this.#breakLine();
  }

  /** This tab's user signs out; the others go on. */
  #leave(): void {
    this.#setRole('alone');
    this.#hub.leave();
    this.destroy();
  }

  /** The user looks at this tab: where nothing goes on, the sound and the browser's questions belong here. */
  #want(): void {
    if (this.#role === 'follows' && this.#client?.calls.every(({ mine }) => !mine)) this.#post({ to: 'leader', type: 'want' });
  }

  #take(): void {
    if (this.#role !== 'follows' || this.#destroyed) return;
    this.#waiting?.abort();
    this.#ports?.locks.request(this.#name, { steal: true }, () => (this.#destroyed ? undefined : this.#hold())).catch(() => this.#lost());
  }

  #handle(message: TabMessage): void {
    const { to, from, type, text } = message;
    if (this.#destroyed || from === this.#id) return;
    if (to === 'leader') {
      if (this.#role !== 'leads') return;
      const idle = this.#client?.calls.every(({ mine }) => !mine) && this.#ports?.isShown() === false;
      if (type === 'want') {
        if (idle) this.#post({ to: from, type: 'take' });
      } else this.#hub.handle(message);
      return;
    }
    if (this.#role !== 'follows' || (to !== 'all' && to !== this.#id)) return;
    switch (type) {
      case 'leader':
        if (this.#isOpen) this.#breakLine();
        else if (this.#line) this.#post({ to: 'leader', type: 'open' });
        return;
      case 'opened':
        if (!this.#line || this.#isOpen) return;
        this.#isOpen = true;
        this.#line.onOpen();
        return;
      case 'text':
        if (this.#isOpen && text !== undefined) this.#handleText(text);
        return;
      case 'closed':
        if (this.#isOpen) this.#breakLine();
        return;
      case 'foreign':
        this.#goAlone();
        return;
      case 'take':
        this.#take();
        return;
      // The leader's to hear.
      case 'open': case 'gone': case 'want':
    }
  }

  #openLine(handlers: SocketHandlers): Socket {
    this.#line = handlers;
    this.#isOpen = false;
    this.#post({ to: 'leader', type: 'open' });
    return {
      send: (text) => {
        if (!this.#isOpen) return;
        this.#post({ to: 'leader', type: 'text', text });
        const frame = readFrame(text);
        if (frame?.method === 'hello' && typeof frame.params?.token === 'string') {
          this.#identity.take(frame.params.token);
          this.#hello = frame.id;
        } else if (frame?.method === 'resume' && typeof frame.params?.session === 'string') this.#identity.recall(frame.params.session);
        else if (frame?.method === 'bye') this.#post({ to: 'leader', type: 'gone' });
      },
      close: () => {
        if (this.#line === handlers) this.#line = null;
        this.#isOpen = false;
      },
    };
  }

  #handleText(text: string): void {
    if (this.#hello !== null) {
      const frame = readFrame(text);
      if (frame && frame.id === this.#hello) {
        this.#hello = null;
        const { session } = (frame.result ?? {}) as { session?: unknown };
        if (typeof session === 'string') this.#identity.begin(session);
      }
    }
    this.#line?.onText(text);
  }

  #breakLine(): void {
    const line = this.#line;
    this.#line = null;
    this.#isOpen = false;
    line?.onClose(1001);
  }

  /** The other tabs are somebody else's phone. */
  #goAlone(): void {
    this.#setRole('alone');
    this.#waiting?.abort();
    this.#channel?.close();
    this.#channel = null;
    this.#breakLine();
  }

  #setRole(role: 'leads' | 'follows' | 'alone'): void {
    const before = this.#role !== 'deciding' && this.leads;
    this.#role = role;
    if (before !== this.leads) for (const listener of this.#listeners) listener(this.leads);
  }

  #post(message: Omit<TabMessage, 'from'>): void {
    this.#channel?.postMessage({ from: this.#id, ...message });
  }
}

/** The browser's tabs; null where it cannot tell which one leads. */
const browserTabs = (): TabPorts | null => {
  if (typeof window === 'undefined' || typeof BroadcastChannel === 'undefined') return null;
  const { locks } = navigator as { locks?: TabLocks };
  if (!locks) return null;
  return {
    locks,
    openChannel: (name) => new BroadcastChannel(name) as TabChannel,
    watch: (onShown, onGone) => {
      const stop = new AbortController();
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') onShown();
      }, { signal: stop.signal });
      window.addEventListener('focus', onShown, { signal: stop.signal });
      window.addEventListener('pagehide', onGone, { signal: stop.signal });
      return () => stop.abort();
    },
    isShown: () => document.visibilityState === 'visible' && document.hasFocus(),
  };
};
