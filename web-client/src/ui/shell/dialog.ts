// A dialog over the widget: a sheet at the lower edge where it is narrow, a window in the middle where it is wide.
import { LitElement, css, html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { focused, mainOf, tabbable } from '../shared/focus.js';
import { iconButton } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import type { PhoneModel } from './phone-model.js';
import type { Dialog } from './screen.js';

/**
 * Shows `model.dialog`. The keyboard goes into it, stays in it, and returns to where it was. It covers the widget and not
 * the page around it, which is somebody else's: hence no `<dialog>`.
 */
@customElement('ringdown-dialog')
export class DialogView extends LitElement {
  static override styles = [base, css`
    :host { position: absolute; inset: 0; z-index: 20; display: flex; flex-direction: column; justify-content: flex-end; background: var(--veil); animation: fade .15s ease-out; }
    @keyframes fade { from { background: transparent; } }
    .sheet { display: flex; flex-direction: column; max-height: calc(100% - 28px); min-height: 0; padding-bottom: env(safe-area-inset-bottom); border-radius: 20px 20px 0 0; background: var(--bg); box-shadow: var(--sheet); animation: up .2s cubic-bezier(.2, .8, .3, 1); outline: 0; }
    @keyframes up { from { transform: translateY(24px); opacity: 0; } }
    header { display: flex; align-items: center; gap: 8px; padding: 12px 10px 8px 20px; }
    h2 { flex: 1; min-width: 0; font-size: 16px; font-weight: 600; line-height: 1.3; }
    header .round { color: var(--soft); }
    .content { display: flex; flex-direction: column; flex: 1; min-height: 0; overflow-y: auto; padding: 0 20px 20px; }
    .choice { display: flex; flex-wrap: wrap; gap: 8px; justify-content: flex-end; margin-top: 16px; }
    @container phone (min-width: 560px) {
      :host { justify-content: center; align-items: center; }
      .sheet { width: 440px; max-height: min(640px, calc(100% - 48px)); border-radius: 20px; }
    }
  `];

  @property({ attribute: false }) model!: PhoneModel;
  @property({ attribute: false }) dialog!: Dialog;
  #before: HTMLElement | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#before = focused();
    this.addEventListener('keydown', this.#key);
    this.addEventListener('pointerdown', this.#outside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // What had the keyboard may be gone with the call it belonged to.
    if (this.#before?.isConnected) this.#before.focus({ preventScroll: true });
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has('dialog')) return;
    // Elements of the dialog draw themselves a moment later.
    requestAnimationFrame(() => (mainOf(this.renderRoot as ShadowRoot) ?? this.renderRoot.querySelector<HTMLElement>('.sheet'))?.focus({ preventScroll: true }));
  }

  override render(): TemplateResult {
    const { title, content } = this.dialog;
    return html`
      <div class="sheet" role="dialog" aria-modal="true" aria-labelledby="title" tabindex="-1" data-testid="dialog">
        <header><h2 id="title">${title}</h2>${iconButton({ icon: 'close', label: t('shell.close'), run: this.#close, testid: 'dialog-close' })}</header>
        <div class="content scroll">${content(this.#close)}</div>
      </div>`;
  }

  readonly #close = (): void => this.model.closeDialog();

  readonly #outside = (event: PointerEvent): void => {
    if (event.composedPath()[0] === this) this.#close();
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.defaultPrevented) {
      event.stopPropagation();
      this.#close();
    }
    if (event.key !== 'Tab') return;
    const stops = tabbable(this.renderRoot as ShadowRoot);
    const at = stops.findIndex((stop) => stop === focused());
    const to = event.shiftKey ? at - 1 : at + 1;
    if (at >= 0 && to >= 0 && to < stops.length) return;
    event.preventDefault();
    stops[event.shiftKey ? stops.length - 1 : 0]?.focus();
  };
}
