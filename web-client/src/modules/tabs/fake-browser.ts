// A browser's tabs for tests: its locks and channels, and tabs of one person's phone in it.
import { RingdownClient, type SessionStorage } from '../../index.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { FakeMedia } from '../../testing/fake-media.js';
import { FakeServer } from '../../testing/fake-socket.js';
import { Tabs, type TabChannel, type TabLocks, type TabMessage } from './index.js';

/** Alice's token, as the server makes it. */
export const TOKEN = `v1.${btoa(JSON.stringify({ u: 'u-alice' }))}.tag`;

/** Locks and channels of one browser. */
export class FakeBrowser {
  readonly #waiting: { held: (lock: unknown) => Promise<void> | undefined; settle: () => void }[] = [];
  readonly #channels = new Set<TabChannel>();
  #holder: { lose: (error: unknown) => void } | null = null;

  readonly locks: TabLocks = {
    request: (_name, { ifAvailable, steal, signal }, held) => new Promise((resolve, reject) => {
      if (ifAvailable && this.#holder) {
        resolve(held(null));
        return;
      }
      const entry = { held, settle: () => this.#grant(held, resolve, reject) };
      signal?.addEventListener('abort', () => {
        const index = this.#waiting.indexOf(entry);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(new Error('AbortError'));
      });
      if (steal) {
        const before = this.#holder;
        entry.settle();
        before?.lose(new Error('AbortError'));
      } else if (this.#holder) this.#waiting.push(entry);
      else entry.settle();
    }),
  };

  readonly openChannel = (): TabChannel => {
    const channel: TabChannel = {
      onmessage: null,
      postMessage: (message: TabMessage) => {
        for (const other of this.#channels) if (other !== channel) queueMicrotask(() => other.onmessage?.({ data: message }));
      },
      close: () => this.#channels.delete(channel),
    };
    this.#channels.add(channel);
    return channel;
  };

  #grant(held: (lock: unknown) => Promise<void> | undefined, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    const holder = this.#holder = { lose: reject };
    void Promise.resolve(held({})).then(() => {
      if (this.#holder !== holder) return;
      this.#holder = null;
      resolve(undefined);
      this.#waiting.shift()?.settle();
    });
  }
}

/** A tab of alice's in a browser; all tabs talk to one server. */
export class Tab {
  readonly server = new FakeServer();
  readonly media = new FakeMedia();
  readonly clock = new FakeClock();
  readonly client: RingdownClient;
  readonly tabs: Tabs;
  isShown = false;
  show: () => void = () => undefined;
  leave: () => void = () => undefined;

  constructor(browser: Pick<FakeBrowser, 'locks' | 'openChannel'>, token = TOKEN, storage: SessionStorage | null = null) {
    this.tabs = new Tabs('test', {
      locks: browser.locks,
      openChannel: browser.openChannel,
      isShown: () => this.isShown,
      storage,
      watch: (onShown, onGone) => {
        this.show = onShown;
        this.leave = onGone;
        return () => undefined;
      },
    });
    this.client = new RingdownClient({ server: 'https://pbx.test', token: () => Promise.resolve(token), logLevel: 'silent', tabs: this.tabs }, {
      openSocket: this.server.openSocket, openMedia: this.media.open, clock: this.clock, watchPage: () => () => undefined, storage,
    });
    void this.client.connect().catch(() => undefined);
  }
}
