// Says "away" for who touches nothing, and takes it back when they do.
import type { RingdownClient } from '../../phone/client.js';
import type { People } from './people.js';
import { stepIdle, type IdleEvent, type IdleState } from './idle-machine.js';

/** `IdleDetector` of Chrome and Edge: whether the keyboard and the mouse rest, in whatever program. */
interface SystemIdle extends EventTarget {
  readonly userState: 'active' | 'idle' | null;
  readonly screenState: 'locked' | 'unlocked' | null;
  start(options: { readonly threshold: number; readonly signal: AbortSignal }): Promise<void>;
}

interface SystemIdleKind {
  new (): SystemIdle;
  requestPermission(): Promise<PermissionState>;
}

/** Where the choice is kept: `localStorage`, or what the application has for it. */
export type AwayStore = Pick<Storage, 'getItem' | 'setItem'>;

/**
 * Away by itself. What counts is the whole computer where the browser tells of it and the user allowed that, else the pages
 * of this origin: in a part of somebody's page, ask for the former.
 */
export class AutoAway {
  readonly #client: RingdownClient;
  readonly #people: People;
  readonly #store: AwayStore;
  readonly #stop = new AbortController();
  #state: IdleState = { touchedAt: Date.now(), saidAway: false };
  #system: AbortController | null = null;
  /** Whether the browser tells of the whole computer. */
  #seesSystem = false;
  #isSaying = false;

  /** Does as was chosen in `store` before; `destroy()` ends it. */
  constructor(client: RingdownClient, people: People, store: AwayStore = localStorage) {
    this.#client = client;
    this.#people = people;
    this.#store = store;
    if (typeof document === 'undefined') return;
    const { signal } = this.#stop;
    const touched = (): void => this.#touch();
    for (const event of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'visibilitychange']) {
      document.addEventListener(event, touched, { signal, capture: true, passive: true });
    }
    const timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
    if (this.minutes > 0) void this.#listen();
  }

  /** Whether the browser can tell whether the whole computer rests. */
  get canSeeSystem(): boolean { return detector() !== undefined; }

  /** After how many minutes; 0 for never. */
  get minutes(): number {
    const kept = Number(read(this.#store, CHOICE) ?? 0);
    return Number.isFinite(kept) && kept > 0 ? kept : 0;
  }

  /** Chooses it, for all tabs of the browser. Call it from a click: the browser may ask whether it may look at the computer. */
  async choose(minutes: number): Promise<void> {
    try {
      this.#store.setItem(CHOICE, String(minutes));
    } catch {
      // A store that is forbidden: nothing is chosen then.
    }
    this.#touch();
    if (minutes > 0) {
      await detector()?.requestPermission().catch(() => undefined);
      await this.#listen();
    } else {
      this.#system?.abort();
    }
  }

  /** Says nothing by itself any more. */
  destroy(): void {
    this.#system?.abort();
    this.#stop.abort();
  }

  async #listen(): Promise<void> {
    const kind = detector();
    this.#system?.abort();
    this.#seesSystem = false;
    if (!kind || this.minutes === 0) return;
    const stop = this.#system = new AbortController();
    try {
      const system = new kind();
      system.addEventListener('change', () => {
        if (system.userState === 'idle' || system.screenState === 'locked') this.#step({ type: 'idle', forMs: system.screenState === 'locked' ? this.minutes * MINUTE_MS : LEAST_IDLE_MS });
        else this.#touch();
        this.#look();
      }, { signal: stop.signal });
      await system.start({ threshold: LEAST_IDLE_MS, signal: stop.signal });
      this.#seesSystem = true;
    } catch {
      // Not allowed: the pages tell.
    }
  }

  #touch(): void {
    const now = Date.now();
    const before = this.#state.touchedAt;
    this.#step({ type: 'touched' }, now);
    // Other tabs of the browser are the same person; a moving mouse is told once in a while.
    if (now - before > TELL_EVERY_MS) write(this.#store, TOUCHED, String(now));
    if (this.#state.saidAway && before < now - TOUCH_AGAIN_MS) this.#look();
  }

  #look(): void {
    const told = Number(read(this.#store, TOUCHED) ?? 0);
    if (told > this.#state.touchedAt && told <= Date.now()) this.#state = { ...this.#state, touchedAt: told };
    const { me } = this.#people;
    // In a frame nothing is seen of the work in the page around it.
    if (!this.#seesSystem && window.top !== window) return;
    this.#state = { ...this.#state, saidAway: read(this.#store, SAID) === 'away' };
    // Of several tabs one speaks.
    if (!me || this.#isSaying || !this.#client.isLeader || this.#client.state !== 'ready') return;
    const say = this.#step({ type: 'looked', activity: me.activity, busy: this.#client.calls.length > 0, afterMs: this.minutes * MINUTE_MS });
    write(this.#store, SAID, this.#state.saidAway ? 'away' : '');
    if (say === null) return;
    this.#isSaying = true;
    this.#people.say(say, me.note === undefined ? {} : { note: me.note }).catch(() => {
      // It is said again at the next look.
      write(this.#store, SAID, say === 'away' ? '' : 'away');
    }).finally(() => {
      // What the user then says of themselves comes by a push of its own, a moment later.
      setTimeout(() => { this.#isSaying = false; }, SAID_WITHIN_MS);
    });
  }

  #step(event: IdleEvent, now = Date.now()): 'away' | 'ready' | null {
    const { state, say } = stepIdle(this.#state, event, now);
    this.#state = state;
    return say;
  }
}

const CHOICE = 'ringdown.away';
const TOUCHED = 'ringdown.touched';
/** What was said by itself: a page that is reloaded, and another tab, take it back. */
const SAID = 'ringdown.away-said';
const MINUTE_MS = 60_000;
/** More often would say it a few seconds sooner; timers of a tab in the background fire once a minute anyway. */
const LOOK_EVERY_MS = 10_000;
const TELL_EVERY_MS = 20_000;
const SAID_WITHIN_MS = 1000;
/** A moving mouse tells of itself many times a second. */
const TOUCH_AGAIN_MS = 500;
/** The least that browsers take. */
const LEAST_IDLE_MS = 60_000;

const detector = (): SystemIdleKind | undefined => (globalThis as { IdleDetector?: SystemIdleKind }).IdleDetector;

const read = (store: AwayStore, key: string): string | null => {
  try {
    return store.getItem(key);
  } catch {
    return null;
  }
};

const write = (store: AwayStore, key: string, value: string): void => {
  try {
    store.setItem(key, value);
  } catch {
    // Other tabs look for themselves.
  }
};
