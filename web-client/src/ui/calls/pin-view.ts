// A conference room that asks for its PIN.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Call } from '../../index.js';
import { t } from '../messages/index.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';

/** Takes the PIN and presses its keys; the keypad does as well. */
@customElement('ringdown-pin')
export class PinView extends PhoneView {
  static override styles = [base, css`
    :host { display: block; width: 100%; max-width: 280px; margin-top: 14px; }
    form { display: grid; gap: 8px; text-align: start; }
    .line { display: flex; gap: 8px; }
    .field { flex: 1; min-width: 0; letter-spacing: .2em; text-align: center; }
  `];

  @property({ attribute: false }) call!: Call;
  /** How many were wrong so far. */
  @property({ type: Number }) wrong = 0;
  @state() private pin = '';
  @query('input') private input!: HTMLInputElement;

  override firstUpdated(): void {
    // Who is in the widget types the PIN at once; who writes elsewhere goes on writing.
    const root = this.getRootNode();
    if (root instanceof ShadowRoot && root.host.matches(':focus-within')) this.input.focus({ preventScroll: true });
  }

  override render(): TemplateResult {
    const wrong = this.wrong > 0;
    return html`
      <form class="formrow" @submit=${this.#enter} data-testid="pin-form" data-wrong=${this.wrong}>
        <label for="pin">${t('calls.pin-asked')}</label>
        <div class="line">
          <input class="field digits" id="pin" type="password" inputmode="numeric" autocomplete="off" maxlength="16" required pattern="[0-9]+"
            .value=${this.pin} @input=${() => { this.pin = this.input.value; }} aria-invalid=${wrong} aria-describedby="pin-wrong" data-testid="pin">
          <button class="button primary" ?disabled=${!/^[0-9]+$/.test(this.pin)} data-testid="pin-enter">${t('calls.pin-enter')}</button>
        </div>
        <p class="wrong" id="pin-wrong" role="alert" data-testid="pin-wrong">${wrong ? t('calls.pin-wrong') : nothing}</p>
      </form>`;
  }

  readonly #enter = (event: Event): void => {
    event.preventDefault();
    const { call, pin } = this;
    this.pin = '';
    this.input.focus({ preventScroll: true });
    void this.model.act(() => call.sendDtmf(`${pin}#`));
  };
}
