// Where an embedded phone stands in the page: in a container of the page's, or in a dock at its edge.

import type { DockWords } from './words.js';

/** What the dock tells. */
export interface DockHandlers {
  /** The frame's page is there. */
  onLoad: (frame: Window) => void;
  onPopOut: () => void;
}

/** The phone's place in the page. */
export class Dock {
  readonly #address: string;
  readonly #handlers: DockHandlers;
  readonly #host: HTMLElement;
  readonly #body: HTMLElement;
  readonly #panel: HTMLElement | null;
  readonly #words: DockWords;
  #knob: HTMLButtonElement | null = null;
  #frame: HTMLIFrameElement | null = null;

  constructor(container: HTMLElement | null, address: string, words: DockWords, handlers: DockHandlers) {
    this.#address = address;
    this.#words = words;
    this.#handlers = handlers;
    this.#host = container ?? document.createElement('div');
    if (container) {
      this.#body = container;
      this.#panel = null;
      return;
    }
    const root = this.#host.attachShadow({ mode: 'closed' });
    const styles = new CSSStyleSheet();
    styles.replaceSync(STYLES);
    root.adoptedStyleSheets = [styles];
    this.#panel = part('section', 'panel');
    const bar = part('header', 'bar');
    bar.append(button('⧉', words.popOut, () => handlers.onPopOut()), button('–', words.hide, () => { this.#show(false); this.#knob?.focus(); }));
    this.#body = part('div', 'body');
    this.#panel.append(bar, this.#body);
    const knob = this.#knob = button('☎', words.show, () => this.#toggle());
    knob.className = 'knob';
    this.#panel.setAttribute('aria-label', words.phone);
    this.#panel.addEventListener('keydown', ({ key }) => { if (key === 'Escape') { this.#show(false); knob.focus(); } });
    root.append(this.#panel, knob);
    this.#show(false);
    document.body.append(this.#host);
  }

  /** The frame's window, where the phone is in the page. */
  get frame(): Window | null { return this.#frame?.contentWindow ?? null; }

  /** Shows the phone. */
  open(): void {
    if (this.#frame) this.#show(true);
  }

  /** Puts the phone into the page. */
  showFrame(): void {
    if (this.#frame) return;
    const frame = document.createElement('iframe');
    frame.title = this.#words.phone;
    frame.allow = 'microphone; camera; autoplay; display-capture; speaker-selection; hid; fullscreen; clipboard-write';
    frame.src = this.#address;
    Object.assign(frame.style, { width: '100%', height: '100%', border: '0', display: 'block' });
    frame.addEventListener('load', () => { if (frame.contentWindow) this.#handlers.onLoad(frame.contentWindow); });
    this.#frame = frame;
    this.#body.append(frame);
  }

  /** Takes it out of the page. */
  hideFrame(): void {
    this.#frame?.remove();
    this.#frame = null;
    this.#show(false);
  }

  destroy(): void {
    this.hideFrame();
    if (this.#panel) this.#host.remove();
  }

  #show(on: boolean): void {
    if (!this.#panel || !this.#knob) return;
    this.#panel.hidden = !on;
    this.#knob.setAttribute('aria-expanded', String(on));
    this.#knob.title = on ? this.#words.hide : this.#words.show;
    this.#knob.setAttribute('aria-label', this.#knob.title);
  }

  #toggle(): void {
    if (!this.#panel) return;
    if (this.#frame) this.#show(this.#panel.hidden !== false);
    else this.#handlers.onPopOut();
  }
}

const part = (name: string, kind: string): HTMLElement => {
  const element = document.createElement(name);
  element.className = kind;
  return element;
};

const button = (text: string, label: string, run: () => void): HTMLButtonElement => {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = text;
  element.title = label;
  element.setAttribute('aria-label', label);
  element.addEventListener('click', run);
  return element;
};

const STYLES = `
  :host { color-scheme: light dark; position: fixed; right: 16px; bottom: 16px; z-index: 2147483000; display: grid; justify-items: end; gap: 8px; }
  .panel { width: min(360px, calc(100vw - 32px)); height: min(640px, calc(100vh - 96px)); display: grid; grid-template-rows: auto 1fr; overflow: hidden;
    background: Canvas; color: CanvasText; border-radius: 14px; box-shadow: 0 10px 40px rgb(0 0 0 / .28); }
  .panel[hidden] { display: grid; visibility: hidden; position: absolute; pointer-events: none; }
  .bar { display: flex; justify-content: end; gap: 4px; padding: 4px; }
  button { font: 16px/1 system-ui; min-width: 28px; min-height: 28px; border: 0; border-radius: 8px; background: none; color: inherit; cursor: pointer; }
  button:hover { background: color-mix(in srgb, currentColor 12%, transparent); }
  button:focus-visible { outline: 2px solid Highlight; outline-offset: 2px; }
  .knob { width: 52px; height: 52px; border-radius: 50%; background: #16606a; color: #fff; font-size: 22px; box-shadow: 0 4px 16px rgb(0 0 0 / .3); }
  .knob:hover { background: #0f4a52; }`;
