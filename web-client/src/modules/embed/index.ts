// A phone in a page of another site: in a frame of the server's own origin, or in a window that outlives the page. The
// page's scripts reach the phone by messages alone, and no token of the phone's ever reaches the page.
import { Emitter, type Unsubscribe } from '../../emitter.js';
import { bindClickToCall } from '../click-to-call/index.js';
import { Dock } from './dock.js';
import { dockWords } from './words.js';
import { CONNECT, isHere, originOf, readContact, type Contact, type Order, type PhoneEventMap, type ToPage, type ToPhone } from './wire.js';

export type { CallDetail, CallRecord, Contact, PhoneEventMap } from './wire.js';
export { bindClickToCall, telephoneNumber, type Dial } from '../click-to-call/index.js';

/** How the phone is embedded. */
export interface EmbedOptions {
  /** The server: `https://pbx.example`. Where this script came from unless given. */
  readonly server?: string;
  /** Where the phone goes, which it fills; a dock at the page's edge unless given. */
  readonly container?: HTMLElement;
  /** A token that the page's own server signed or fetched, a fresh one each time. The phone asks for a name and a password unless given. */
  readonly token?: () => Promise<string>;
  /** Who has a number; null for nobody known. */
  readonly resolveContact?: (number: string) => Promise<Contact | null> | Contact | null;
  /** Whether `tel:` links and `data-ringdown-call` elements call; they do unless `false`. */
  readonly clickToCall?: boolean;
  /** The phone's language, as a tag such as `de`, unless the user chose one; the page's own unless given. */
  readonly lang?: string;
}

/** The events with their listeners' arguments. */
type Events = { [E in keyof PhoneEventMap]: [detail: PhoneEventMap[E]] } & {
  /** Where the phone is: in the page, or in its own window. */
  place: [place: 'page' | 'window'];
};

/** A phone within a page. */
export class EmbeddedPhone {
  readonly #options: EmbedOptions;
  readonly #server: string;
  readonly #origin: string;
  readonly #events: Emitter<Events>;
  readonly #dock: Dock;
  readonly #waiting = new Map<number, { resolve: (call: string | null) => void; reject: (error: Error) => void }>();
  readonly #ends: (() => void)[] = [];
  readonly #tab = crypto.randomUUID();
  #port: MessagePort | null = null;
  #window: Window | null = null;
  /** The page in the window that has the port. */
  #here = '';
  /** A window had the phone, and began with what the frame kept: that is used up. */
  #isBack = false;
  #orders = 0;
  #watching: ReturnType<typeof setInterval> | null = null;

  /** Puts the phone into the page, or finds the window that has it. */
  constructor(options: EmbedOptions = {}) {
    this.#options = options;
    this.#server = options.server ?? new URL(import.meta.url).origin;
    this.#origin = originOf(this.#server);
    this.#events = new Emitter<Events>((thrown) => { queueMicrotask(() => { throw thrown; }); });
    const words = dockWords([options.lang ?? '', document.documentElement.lang, ...navigator.languages]);
    this.#dock = new Dock(options.container ?? null, `${this.#origin}/embed.html`, words, {
      onLoad: (frame) => { if (!this.#window) this.#connect(frame); },
      onPopOut: () => this.popOut(),
    });
    const onMessage = (event: MessageEvent): void => this.#handleMessage(event);
    const onFocus = (): void => localStorage.setItem(FOCUSED, this.#tab);
    window.addEventListener('message', onMessage);
    window.addEventListener('focus', onFocus);
    this.#ends.push(() => window.removeEventListener('message', onMessage), () => window.removeEventListener('focus', onFocus));
    if (options.clickToCall !== false) {
      this.#ends.push(bindClickToCall((number, variables) => { void this.call(number, variables).catch(() => undefined); }));
    }
    if (document.hasFocus() || localStorage.getItem(FOCUSED) === null) onFocus();
    // A page that follows another one finds the window that one opened.
    if (sessionStorage.getItem(POPPED) === null) this.#dock.showFrame();
    else {
      const late = setTimeout(() => { if (!this.#window) this.#popIn(); }, FOUND_WITHIN_MS);
      this.#ends.push(() => clearTimeout(late));
    }
  }

  /** Where the phone is. */
  get place(): 'page' | 'window' { return this.#window ? 'window' : 'page'; }

  /** Calls `listener` on every `event`; returns a function that removes it. */
  on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** Calls a number; `variables` travel to the other side. Resolves with the call's `id`. */
  call(number: string, variables: Readonly<Record<string, string>> = {}): Promise<string | null> {
    this.#dock.open();
    return this.#order({ do: 'call', number, variables });
  }

  /** Answers a call that rings. */
  answer(call: string): Promise<unknown> { return this.#order({ do: 'answer', call }); }
  /** Declines one. */
  decline(call: string): Promise<unknown> { return this.#order({ do: 'decline', call }); }
  /** Ends a call. */
  hangup(call: string): Promise<unknown> { return this.#order({ do: 'hangup', call }); }
  /** Puts the other side on hold. */
  hold(call: string): Promise<unknown> { return this.#order({ do: 'hold', call }); }
  /** Takes it back. */
  unhold(call: string): Promise<unknown> { return this.#order({ do: 'unhold', call }); }
  /** Silences the microphone, or opens it. */
  mute(call: string, on: boolean): Promise<unknown> { return this.#order({ do: 'mute', call, on }); }
  /** Sends digits. */
  sendDtmf(call: string, digits: string): Promise<unknown> { return this.#order({ do: 'dtmf', call, digits }); }
  /** Hands the other side on. */
  transfer(call: string, to: string): Promise<unknown> { return this.#order({ do: 'transfer', call, to }); }

  /**
   * Puts the phone into a window of its own: it and its calls outlive this page and find the next one of the same tab.
   * From a click only, or the browser blocks it; false where it did. A call under way in the page ends there: pop out first.
   */
  popOut(): boolean {
    if (this.#window && !this.#window.closed) {
      this.#window.focus();
      return true;
    }
    const opened = window.open(`${this.#origin}/embed.html`, 'ringdown-phone', 'popup,width=380,height=680');
    if (!opened) return false;
    sessionStorage.setItem(POPPED, '1');
    this.#adopt(opened);
    return true;
  }

  /** Ends everything in this page. A phone in its own window stays. */
  destroy(): void {
    for (const end of this.#ends.splice(0)) end();
    if (this.#watching !== null) clearInterval(this.#watching);
    this.#drop();
    this.#dock.destroy();
    this.#events.clear();
  }

  /** The window has the phone; it says `HERE` once it listens. */
  #adopt(opened: Window): void {
    this.#window = opened;
    this.#drop();
    this.#dock.hideFrame();
    this.#watching ??= setInterval(() => { if (this.#window?.closed) this.#popIn(); }, LOOK_EVERY_MS);
    this.#events.emit('place', 'window');
  }

  #popIn(): void {
    if (this.#watching !== null) clearInterval(this.#watching);
    this.#watching = this.#window = null;
    sessionStorage.removeItem(POPPED);
    this.#isBack = true;
    this.#drop();
    this.#dock.showFrame();
    this.#events.emit('place', 'page');
  }

  #drop(): void {
    this.#port?.close();
    this.#port = null;
    for (const { reject } of this.#waiting.values()) reject(new Error('The phone is gone.'));
    this.#waiting.clear();
  }

  #handleMessage(event: MessageEvent): void {
    // Only the server's own pages are the phone.
    if (event.origin !== this.#origin || !isHere(event.data) || !event.source) return;
    const from = event.source as Window;
    if (from === this.#window) {
      // A window that was reloaded has lost its port.
      if (!this.#port || this.#here !== event.data) this.#connect(from, event.data);
      return;
    }
    // Another window than the one known: of the page before this one, in this tab.
    if (this.#window || sessionStorage.getItem(POPPED) === null || from === this.#dock.frame) return;
    this.#adopt(from);
    this.#connect(from, event.data);
  }

  /** `here` is the name by which a page in a window of its own knows itself. */
  #connect(phone: Window, here = ''): void {
    this.#drop();
    this.#here = here;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<ToPage>) => this.#handle(data);
    const { token, resolveContact } = this.#options;
    const lang = this.#options.lang ?? document.documentElement.lang;
    this.#post({ begin: { hasToken: token !== undefined, hasContacts: resolveContact !== undefined, lang, isBack: this.#isBack } });
    this.#isBack = false;
    // Whoever else is there by now does not get the port.
    phone.postMessage(CONNECT, this.#origin, [port2]);
  }

  #post(message: ToPhone): void {
    this.#port?.postMessage(message);
  }

  #order(order: Order): Promise<string | null> {
    if (!this.#port) return Promise.reject(new Error('The phone is not there yet.'));
    const id = ++this.#orders;
    this.#post({ order, id });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #handle(message: ToPage): void {
    if ('event' in message) {
      if (message.event === 'incoming') this.#dock.open();
      // Of several tabs the one that was looked at last pops.
      if (message.event === 'screenPop' && localStorage.getItem(FOCUSED) !== this.#tab) return;
      (this.#events.emit as (event: string, detail: unknown) => void).call(this.#events, message.event, message.detail);
    } else if ('done' in message) {
      const waiting = this.#waiting.get(message.done);
      this.#waiting.delete(message.done);
      if (message.error) waiting?.reject(Object.assign(new Error(message.error.message), { name: message.error.name }));
      else waiting?.resolve(message.call);
    } else {
      void this.#answer(message);
    }
  }

  async #answer(question: Extract<ToPage, { ask: string }>): Promise<void> {
    const { token, resolveContact } = this.#options;
    let value: unknown = null;
    try {
      value = question.ask === 'token' ? await token?.() : readContact(await resolveContact?.(question.number));
    } catch {
      // The phone goes on without.
    }
    this.#post({ answer: question.id, value: value ?? null });
  }
}

/** The tab that was looked at last, among those of the page's site. */
const FOCUSED = 'ringdown.focused';
/** This tab has put the phone into a window. */
const POPPED = 'ringdown.popped';
/** A window says so every second; one that was closed meanwhile never does. */
const FOUND_WITHIN_MS = 2500;
const LOOK_EVERY_MS = 1000;

declare global {
  interface Window {
    /** The phone of `<script type="module" data-ringdown-phone src="…/ringdown-embed.js">`. */
    ringdownPhone?: EmbeddedPhone;
  }
  interface DocumentEventMap {
    'ringdown:embedded': CustomEvent<EmbeddedPhone>;
  }
}

/** What the page's server answers; a sign-in page or an error it answers in its place is no token. */
const fetchToken = async (url: string): Promise<string> => {
  const response = await fetch(url, { method: 'POST', credentials: 'same-origin' });
  if (!response.ok) throw new Error(`${url} answers with status ${response.status}.`);
  return response.text();
};

// One script tag does: what it needs to know stands in its attributes.
const tag = typeof document === 'undefined' ? null : document.querySelector<HTMLScriptElement>('script[data-ringdown-phone]');
if (tag && !window.ringdownPhone) {
  const { tokenUrl, container, clickToCall } = tag.dataset;
  const within = container === undefined ? null : document.querySelector<HTMLElement>(container);
  window.ringdownPhone = new EmbeddedPhone({
    ...(within ? { container: within } : {}),
    ...(tokenUrl === undefined ? {} : { token: () => fetchToken(tokenUrl) }),
    clickToCall: clickToCall !== 'off',
    resolveContact: (number) => {
      const event = new CustomEvent<{ number: string; contact: Promise<Contact | null> | Contact | null }>('ringdown:resolve-contact', { detail: { number, contact: null } });
      document.dispatchEvent(event);
      return event.detail.contact;
    },
  });
  document.dispatchEvent(new CustomEvent('ringdown:embedded', { detail: window.ringdownPhone }));
}
