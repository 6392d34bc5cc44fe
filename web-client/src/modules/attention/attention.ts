// Being noticed: a desktop notification, the page's title and the application's badge, while somebody calls and after.
import type { Call, RingdownClient } from '../../index.js';
import { browserPage, type AttentionPage } from './page.js';

/** What is said, in the user's language. */
export interface AttentionTexts {
  /** Title and second line of the notification of a call that rings. */
  readonly calling: (call: Call) => readonly [title: string, body: string];
  /** Of a call that was missed. */
  readonly missed: (call: Call) => readonly [title: string, body: string];
  /** The page's title while a call rings. */
  readonly title: (call: Call) => string;
}

/** How to be noticed. */
export interface AttentionOptions {
  readonly texts: AttentionTexts;
  /** The user clicked on a notification. */
  readonly onOpen?: (call: Call) => void;
  /** Whether this page shows notifications; of several tabs one should. */
  readonly isInCharge?: () => boolean;
  readonly page?: AttentionPage;
}

/** Makes the user notice calls. Nothing is shown to somebody who looks at the page already. */
export class Attention {
  readonly #options: AttentionOptions;
  readonly #page: AttentionPage;
  readonly #stop: (() => void)[];
  /** What closes the notification of each call that rings; null while it shows none. */
  readonly #ringing = new Map<Call, (() => void) | null>();
  readonly #counts = new Map<string, number>();
  /** The application's own title, and what was put in its place. */
  #title: { readonly own: string; readonly ours: string } | null = null;

  /** `options` name what is shown where. */
  constructor(client: RingdownClient, options: AttentionOptions) {
    this.#options = options;
    const page = this.#page = options.page ?? browserPage();
    this.#stop = [
      client.on('incoming', (call) => this.#handleIncoming(call)),
      client.on('missedCall', (call) => this.#handleMissed(call)),
      page.watch(() => this.#notify()),
    ];
  }

  /** Whether notifications may be shown. */
  get permission(): AttentionPage['permission'] {
    return this.#page.permission;
  }

  /** Makes the browser ask for the right to notifications, from within a click. */
  ask(): Promise<AttentionPage['permission']> {
    return this.#page.ask();
  }

  /** Something waits for the user: missed calls, unread messages. The sum stands in the title and on the badge. */
  setCount(name: string, count: number): void {
    if ((this.#counts.get(name) ?? 0) === count) return;
    this.#counts.set(name, count);
    this.#page.setBadge(this.#count);
    this.#retitle();
  }

  /** Shows nothing more. */
  destroy(): void {
    for (const stop of this.#stop) stop();
    for (const close of this.#ringing.values()) close?.();
    this.#ringing.clear();
    this.#counts.clear();
    this.#page.setBadge(0);
    this.#retitle();
  }

  get #count(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  #handleIncoming(call: Call): void {
    if (!call.mine) return;
    this.#ringing.set(call, null);
    this.#notify();
    this.#retitle();
    // Answered or declined here, on another device, or given up: the notification goes at once.
    call.on('state', (state) => { if (state !== 'ringing') this.#rest(call); });
    call.once('ended', () => this.#rest(call));
  }

  #rest(call: Call): void {
    const close = this.#ringing.get(call);
    if (!this.#ringing.delete(call)) return;
    close?.();
    this.#retitle();
  }

  /** Who looks at the page sees the call there; who leaves it while it rings is notified. */
  #notify(): void {
    for (const [call, close] of this.#ringing) {
      if (this.#page.isSeen) {
        close?.();
        this.#ringing.set(call, null);
      } else if (!close) {
        this.#ringing.set(call, this.#show(call, this.#options.texts.calling(call), true));
      }
    }
  }

  #handleMissed(call: Call): void {
    this.#rest(call);
    if (!this.#page.isSeen) this.#show(call, this.#options.texts.missed(call), false);
  }

  #show(call: Call, [title, body]: readonly [string, string], stays: boolean): (() => void) | null {
    const page = this.#page;
    if (page.permission !== 'granted' || this.#options.isInCharge?.() === false) return null;
    return page.show({ title, body, stays, tag: `ringdown-call-${call.callId}` }, () => this.#options.onOpen?.(call));
  }

  #retitle(): void {
    const page = this.#page;
    // The application may have given the page another title meanwhile: that is its own then.
    const own = this.#title && page.title === this.#title.ours ? this.#title.own : page.title;
    const [call] = this.#ringing.keys();
    const count = this.#count;
    const ours = call ? this.#options.texts.title(call) : count > 0 ? `(${count}) ${own}` : own;
    this.#title = ours === own ? null : { own, ours };
    if (page.title !== ours) page.title = ours;
  }
}
