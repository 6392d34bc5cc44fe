// The keypad within a call.
import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { KEYS } from '../shared/parts.js';
import { base } from '../shared/styles.js';

/** Keys that are sent as they are pressed; `press` tells each. */
@customElement('ringdown-keys')
export class KeysView extends LitElement {
  static override styles = [base, css`
    :host { display: block; width: 100%; max-width: 280px; animation: rise .18s ease-out; }
    .sent { min-height: 32px; line-height: 32px; font-size: 21px; letter-spacing: .08em; direction: rtl; text-align: center; }
    .keys { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px 8px; margin-top: 4px; }
    .key { display: grid; place-content: center; justify-items: center; height: clamp(36px, 9cqh, 50px); border-radius: 14px; background: var(--surface); box-shadow: var(--shadow); font-size: 19px; line-height: 1.1; transition: background-color .12s; }
    .key small { font-size: 9px; font-weight: 600; letter-spacing: .12em; color: var(--soft); }
    .key:hover { background: color-mix(in srgb, var(--surface), var(--accent) 9%); } .key:active { background: var(--tint); }
  `];

  @property({ type: Boolean }) disabled = false;
  @state() private sent = '';

  override render(): TemplateResult {
    return html`
      <p class="sent digits clip" data-testid="sent-digits">${this.sent ? html`<bdi>${this.sent}</bdi>` : nothing}</p>
      <div class="keys" role="group" aria-label=${t('calls.keypad')}>
        ${KEYS.map(([key, letters]) => html`<button class="key digits" ?disabled=${this.disabled} @click=${() => this.press(key)} data-testid="dtmf" data-key=${key}>${key} ${letters ? html`<small>${letters}</small>` : nothing}</button>`)}
      </div>`;
  }

  /** Presses a key. */
  press(key: string): void {
    if (this.disabled) return;
    this.sent = (this.sent + key).slice(-24);
    this.dispatchEvent(new CustomEvent<string>('press', { detail: key }));
  }
}
