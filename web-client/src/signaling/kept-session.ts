// What a tab keeps of its session so that a reload, or a crash, ends no call: in `sessionStorage`, which is the tab's own.
import type { Welcome } from '../protocol/generated.js';

/** Where a tab keeps it. */
export type SessionStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** What is kept. */
export interface Kept {
  /** All of it but the state, which is asked for anew. */
  readonly welcome: Omit<Welcome, 'state'> & { readonly state?: undefined };
  /** What calls show: `camera` or `screen` and the call's id. Another version of the library kept something else. */
  readonly shown?: readonly string[];
}

/** The session a tab keeps. */
export class KeptSession {
  readonly #storage: SessionStorage | null;
  readonly #key: string;
  #kept: Kept | null = null;
  /** What the page before had. */
  readonly before: Kept | null;

  /** `phone` tells phones apart that one tab may be, one after the other: their server, and who is signed in. */
  constructor(storage: SessionStorage | null, phone: string) {
    this.#storage = storage;
    this.#key = KEY + phone;
    try {
      this.#kept = JSON.parse(storage?.getItem(this.#key) ?? 'null') as Kept | null;
    } catch {
      // Somebody else's; it is written anew.
    }
    this.before = this.#kept;
  }

  /** Keeps a session from its welcome on. */
  begin(welcome: Welcome): void {
    this.#save({ welcome: { ...welcome, state: undefined }, shown: [] });
  }

  /** Notes whether a call shows the user's camera or screen. */
  setShown(what: string, isShown: boolean): void {
    if (!this.#kept) return;
    const others = (this.#kept.shown ?? []).filter((other) => other !== what);
    this.#save({ ...this.#kept, shown: isShown ? [...others, what] : others });
  }

  /** The session is over. */
  end(): void {
    this.#kept = null;
    this.#storage?.removeItem(this.#key);
  }

  #save(kept: Kept): void {
    this.#kept = kept;
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // A full storage costs the call of a reload, not this one.
    }
  }
}

/** The tab's storage; null where there is none, or the browser denies it. */
export const tabStorage = (): SessionStorage | null => {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
};

/** Whether this tab was a phone before its page was reloaded: connecting needs no sign-in then. */
export const hasKeptSession = (storage = tabStorage()): boolean =>
  storage !== null && Object.keys(storage).some((key) => key.startsWith(KEY));

/** Forgets what was kept for anybody but `user`, an account's id: of two people at one tab the second is not the first. */
export const forgetOthersSessions = (user: string, storage = tabStorage()): void => {
  for (const key of Object.keys(storage ?? {}).filter((name) => name.startsWith(KEY))) {
    const { before } = new KeptSession(storage, key.slice(KEY.length));
    if (before?.welcome.me.userId !== user) storage?.removeItem(key);
  }
};

const KEY = 'ringdown.session ';
