// Who waits on which parking slot.
import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { duration } from '../messages/format.js';
import { t } from '../messages/index.js';
import { avatar, empty, row } from '../shared/parts.js';
import { nameOf, photoOf } from '../shared/people.js';
import { base } from '../shared/styles.js';
import type { PhoneModel } from '../shell/phone-model.js';
import { PhoneView } from '../shell/phone-view.js';

/** Everybody who waits; anybody may take them. */
@customElement('ringdown-parked')
export class ParkedView extends PhoneView {
  static override styles = [base, css`
    ul { margin: 0 -8px; }
    .slot { font-weight: 600; }
  `];

  @property({ attribute: false }) close: () => void = () => undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render(): TemplateResult {
    const parked = this.model.client?.parked ?? [];
    if (parked.length === 0) return empty('park', t('calls.parked-none'));
    return html`
      <ul data-testid="parked">${parked.map(({ slot, party, by, until }) => html`
        <li class="row" data-testid="parked-call" data-slot=${slot}>${row({
          start: avatar({ name: nameOf(party), photo: photoOf(this.model, party) }),
          title: nameOf(party),
          more: html`<span class="clip digits"><span class="slot">${slot}</span> · ${t('calls.parked-by', { name: nameOf(by) })} · ${duration(Math.max(0, until - Date.now()))}</span>`,
          end: html`<button class="button small" @click=${() => this.#take(slot)} aria-label=${t('calls.pick-up-one', { name: nameOf(party) })} data-testid="pick-up">${t('calls.pick-up')}</button>`,
        })}</li>`)}
      </ul>`;
  }

  #take(slot: number): void {
    this.close();
    void this.model.call(String(slot));
  }
}

/** Shows who is parked. */
export const openParked = (model: PhoneModel): void => model.openDialog({
  title: t('calls.parked'),
  content: (close) => html`<ringdown-parked .model=${model} .close=${close}></ringdown-parked>`,
});
