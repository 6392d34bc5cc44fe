// What a tab keeps of its session so that a reload, or a crash, ends no call: in `sessionStorage`, which is the tab's own.
import type { Welcome } from '../protocol/generated.js';

/** Where a tab keeps it. */
export type SessionStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** What is kept: all of the welcome but the state, which is asked for anew. */
export interface Kept {
  readonly url: string;
  /** Who was signed in, as far as the page says it. */
  readonly account: string;
  readonly welcome: Omit<Welcome, 'state'>;
  /** The calls that show the user's camera. */
  readonly cameras: readonly string[];
}

/** The session a tab keeps. */
export class KeptSession {
  readonly #storage: SessionStorage | null;
  readonly #url: string;
  readonly #account: string;
  #kept: Kept | null;
  /** What the page before had. */
  readonly before: Kept | null;

  constructor(storage: SessionStorage | null, url: string, account: string) {
    this.#storage = storage;
    this.#url = url;
    this.#account = account;
    this.before = this.#kept = this.#load();
  }

  /** Keeps a session from its welcome on. */
  begin(welcome: Welcome): void {
    const { session, secret, me, seq, serverVersion, iceServers, pingIntervalMs, resumeWindowMs } = welcome;
    const kept = { session, secret, me, seq, serverVersion, iceServers, pingIntervalMs, resumeWindowMs };
    this.#save({ url: this.#url, account: this.#account, welcome: kept, cameras: [] });
  }

  /** Notes whether a call shows the user's camera. */
  setCamera(call: string, shown: boolean): void {
    if (!this.#kept || this.#kept.cameras.includes(call) === shown) return;
    const others = this.#kept.cameras.filter((id) => id !== call);
    this.#save({ ...this.#kept, cameras: shown ? [...others, call] : others });
  }

  /** The session is over. */
  end(): void {
    this.#kept = null;
    this.#storage?.removeItem(KEY);
  }

  #save(kept: Kept): void {
    this.#kept = kept;
    try {
      this.#storage?.setItem(KEY, JSON.stringify(kept));
    } catch {
      // A full storage costs the call of a reload, not this one.
    }
  }

  #load(): Kept | null {
    try {
      const kept = JSON.parse(this.#storage?.getItem(KEY) ?? 'null') as Kept | null;
      const fits = kept?.url === this.#url && kept.account === this.#account && kept.welcome.secret !== '';
      return fits ? kept : null;
    } catch {
      return null;
    }
  }
}

/** The tab's storage; null where there is none, or the browser denies it. */
export const tabStorage = (): SessionStorage | null => {
  try {
    return typeof window === 'undefined' ? null : window.sessionStorage;
  } catch {
    return null;
  }
};

const KEY = 'ringdown.session';
