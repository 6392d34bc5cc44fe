// The dial pad.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { KEYS } from '../shared/parts.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';

/** Keys and a number to call. Typing anywhere in it types the number. */
@customElement('ringdown-dial-pad')
export class DialPadView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; grid-template-rows: 1fr auto auto; justify-items: center; gap: 14px; height: 100%; min-height: 0; padding: 0 16px 20px; overflow-y: auto; }
    .number { align-self: end; width: 100%; max-width: 300px; text-align: center; }
    input { width: 100%; padding: 4px 36px; border: 0; border-bottom: 2px solid transparent; background: none; text-align: center; font-size: 30px;
      font-weight: 450; letter-spacing: .01em; font-variant-numeric: tabular-nums; border-radius: 0; }
    input:focus { outline: 0; border-color: var(--accent); }
    input::placeholder { color: var(--soft); font-size: 17px; letter-spacing: 0; }
    .box { position: relative; }
    .box .round { position: absolute; right: -4px; top: 5px; color: var(--soft); }
    .match { min-height: 21px; margin-top: 4px; color: var(--soft); }
    .keys { display: grid; grid-template-columns: repeat(3, minmax(60px, 76px)); gap: 8px 14px; }
    .key { display: grid; align-content: center; justify-items: center; height: 58px; border-radius: 18px; background: var(--surface); box-shadow: var(--shadow);
      font-size: 23px; line-height: 1.1; transition: background-color .12s, transform .08s; }
    .key:hover { background: color-mix(in srgb, var(--surface), var(--accent) 9%); }
    .key:active { background: var(--tint); transform: scale(.96); }
    .key small { font-size: 9.5px; font-weight: 600; letter-spacing: .14em; color: var(--soft); min-height: 12px; padding-left: .14em; }
    @media (max-height: 560px) { .key { height: 48px; } :host { gap: 8px; } }
  `];

  @state() private number = '';

  override render(): TemplateResult {
    const { client } = this.model;
    const match = client?.directory.byNumber(this.number);
    return html`
      <div class="number">
        <div class="box">
          <input type="tel" inputmode="tel" placeholder=${t('calls.enter-number')} aria-label=${t('calls.number-to-call')} maxlength="64" autocomplete="off"
            .value=${this.number} @input=${this.#input} @keydown=${this.#key} data-testid="number" data-main>
          <button class="round" ?hidden=${!this.number} @click=${this.#erase} aria-label=${t('calls.delete-digit')} data-testid="erase">${icons.backspace}</button>
        </div>
        <p class="match clip" role="status">${match?.name ?? ''}</p>
      </div>
      <div class="keys" role="group" aria-label=${t('calls.keys')}>
        ${KEYS.map(([key, letters]) => html`
          <button class="key" @click=${() => this.#press(key)} data-testid="key" data-key=${key} aria-label=${key}>${key}${letters || key === '1' ? html`<small>${letters}</small>` : nothing}</button>`)}
      </div>
      <button class="round go" ?disabled=${!this.number || !client?.switchUp} @click=${this.#call} aria-label=${t('calls.call')} title=${t('calls.call')} data-testid="dial">${icons.phone}</button>`;
  }

  readonly #input = (event: Event): void => {
    this.number = (event.target as HTMLInputElement).value;
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.number = '';
    if (event.key !== 'Enter') return;
    event.preventDefault();
    this.#call();
  };

  #press(key: string): void {
    this.number += key;
  }

  readonly #erase = (): void => {
    this.number = this.number.slice(0, -1);
  };

  readonly #call = (): void => {
    const number = this.number.replace(/[\s()/.-]+/g, '');
    if (!number) return;
    this.number = '';
    void this.model.call(number);
  };
}
