// The browser under a client, as its ports: network, media, page and time, all in a test's hands.
import type { ClientPorts } from '../phone/client-options.js';
import { systemClock, type Clock } from '../platform/clock.js';
import type { PageHandlers, WatchPage } from '../platform/page.js';
import type { SessionStorage } from '../signaling/kept-session.js';
import type { OpenSocket, Socket } from '../signaling/socket.js';
import { FakeMedia } from './fake-media.js';
import type { FakeServer } from './fake-server.js';

/** How a device is set up. */
export interface FakeDeviceOptions {
  /** Time; the server's, if that is held by a test. */
  readonly clock?: Clock;
  /** The tab's `sessionStorage`: a reloaded page is a new device with the storage of the one before. */
  readonly storage?: SessionStorage;
}

/**
 * A browser in memory, to be given to a client as its ports:
 *
 * ```js
 * const client = new RingdownClient({ server: 'https://pbx.test', token: async () => 'alice' }, new FakeDevice(server));
 * ```
 */
export class FakeDevice implements ClientPorts {
  /** Microphone, sound and calls; what was done with them is recorded. */
  readonly media = new FakeMedia();
  readonly openMedia = this.media.open;
  readonly clock: Clock;
  readonly #time: Clock;
  readonly #server: FakeServer;
  readonly #sockets = new Set<() => void>();
  #page: PageHandlers | null = null;
  #online = true;
  #frozen = false;
  #held: (() => void)[] = [];

  /** The tab's `sessionStorage`. */
  readonly storage: SessionStorage;

  /** A device of a person’s: a browser, or a page of one. */
  constructor(server: FakeServer, { clock = systemClock, storage = memoryStorage() }: FakeDeviceOptions = {}) {
    this.storage = storage;
    this.#server = server;
    this.#time = clock;
    this.media.connects = true;
    this.clock = {
      now: () => clock.now(),
      random: () => clock.random(),
      after: (ms, fire) => {
        let waits = true;
        const cancel = clock.after(ms, () => this.#whenAwake(() => { if (waits) fire(); }));
        return () => {
          waits = false;
          cancel();
        };
      },
    };
  }

  readonly openSocket: OpenSocket = (url, handlers) => {
    let open = true;
    let socket: Socket | null = null;
    const cut = (): void => {
      socket?.close();
      lose(1006);
    };
    const lose = (code: number): void => {
      if (!open) return;
      open = false;
      this.#sockets.delete(cut);
      handlers.onClose(code);
    };
    if (this.#online) {
      this.#sockets.add(cut);
      socket = this.#server.openSocket(url, {
        onOpen: () => this.#whenAwake(() => { if (open) handlers.onOpen(); }),
        onText: (text) => this.#whenAwake(() => { if (open) handlers.onText(text); }),
        onClose: (code) => this.#whenAwake(() => lose(code)),
      });
    } else {
      queueMicrotask(() => lose(1006));
    }
    return {
      send: (text) => socket?.send(text),
      close: () => {
        open = false;
        this.#sockets.delete(cut);
        socket?.close();
      },
    };
  };

  readonly watchPage: WatchPage = (handlers) => {
    this.#page = handlers;
    return () => { this.#page = null; };
  };

  /** What the client listens to on its page; null once it is destroyed. */
  get page(): PageHandlers | null { return this.#page; }

  /** The network goes: connections break, sound stops. */
  goOffline(): void {
    this.#online = this.media.online = false;
    for (const cut of [...this.#sockets]) cut();
    this.media.interrupt();
  }

  /** The network comes back, as another: sound returns once the client has mended its calls. */
  goOnline(): void {
    this.#online = this.media.online = true;
    this.#page?.onWake(true);
  }

  /** The browser freezes the tab: no timer fires and nothing is heard of the server. */
  freeze(): void { this.#frozen = true; }

  /** The tab is looked at again: what was due happens at once. */
  thaw(): void {
    this.#frozen = false;
    for (const what of this.#held.splice(0)) what();
    this.#page?.onWake(false);
  }

  /** The page is reloaded, or crashed: its client does nothing any more. The result is for the client of the next page. */
  reload({ crashed = false }: { readonly crashed?: boolean } = {}): FakeDevice {
    if (!crashed) this.#page?.onLeave(false);
    this.#frozen = true;
    for (const cut of [...this.#sockets]) cut();
    return new FakeDevice(this.#server, { clock: this.#time, storage: this.storage });
  }

  #whenAwake(what: () => void): void {
    if (this.#frozen) this.#held.push(what);
    else what();
  }
}

const memoryStorage = (): SessionStorage => {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
};
