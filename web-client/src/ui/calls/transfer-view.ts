// Whom a call is handed on to, or who comes in.
import { css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Call } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { nameOf } from '../shared/people.js';
import '../shared/picker.js';
import type { Picked } from '../shared/picker.js';
import { base } from '../shared/styles.js';
import type { PhoneModel } from '../shell/phone-model.js';
import { PhoneView } from '../shell/phone-view.js';
import { ask, invite, roomOf, transfer, type Purpose } from './moves.js';

/** A picker, and what is done with who is picked. */
@customElement('ringdown-transfer')
export class TransferView extends PhoneView {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; min-height: 0; flex: 1; gap: 12px; }
    ringdown-picker { flex: 1 1 auto; min-height: 200px; }
    .actions { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 8px; flex: none; }
    .button { padding: 6px 10px; line-height: 1.25; }
    @container phone (max-width: 379px) { .actions svg { display: none; } }
  `];

  @property({ attribute: false }) call!: Call;
  @property() purpose: Purpose = 'transfer';
  @property({ attribute: false }) close: () => void = () => undefined;
  @state() private picked: Picked | null = null;

  override render(): TemplateResult {
    const { model, call, picked, purpose } = this;
    const room = roomOf(model, call);
    const there = room ? [...room.members, ...room.invited].flatMap(({ party }) => [party.userId, party.number]) : [call.peer.userId, call.peer.number];
    return html`
      <ringdown-picker .model=${model} .without=${there.filter((one) => one !== null && one !== '')} @pick=${(event: CustomEvent<Picked | null>) => { this.picked = event.detail; }}></ringdown-picker>
      <div class="actions">
        <button class="button" ?disabled=${!picked} @click=${() => this.#do((who) => ask(model, call, who, purpose))} data-testid="ask-first">
          ${icons.phone}${t('calls.ask-first')}</button>
        ${purpose === 'add'
          ? html`<button class="button primary" ?disabled=${!picked} @click=${() => this.#do((who) => invite(model, call, who))} data-testid="invite">${icons.addPerson}${t('calls.invite')}</button>`
          : html`<button class="button primary" ?disabled=${!picked} @click=${() => this.#do((who) => transfer(model, call, who))} data-testid="transfer-now">${icons.transfer}${t('calls.transfer-now')}</button>`}
      </div>`;
  }

  #do(work: (who: Picked) => Promise<void>): void {
    const { picked } = this;
    if (!picked) return;
    this.close();
    void work(picked);
  }
}

/** Asks whom `call` is handed on to, or who comes in. */
export const chooseFor = (model: PhoneModel, call: Call, purpose: Purpose): void => model.openDialog({
  title: purpose === 'add' ? t('calls.add-title') : t('calls.transfer-title', { name: nameOf(call.peer) }),
  content: (close) => html`<ringdown-transfer .model=${model} .call=${call} .purpose=${purpose} .close=${close}></ringdown-transfer>`,
  belongsTo: call,
});
