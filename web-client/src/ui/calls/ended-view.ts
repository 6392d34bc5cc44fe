// How a call ended, or why there is none, in words.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { avatar } from '../shared/parts.js';
import { nameOf, photoOf } from '../shared/people.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';
import { endOf } from './words.js';

/** A call that ended well leaves by itself; any other stays until it is read. */
@customElement('ringdown-ended')
export class EndedView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; grid-template-rows: 1fr auto; justify-items: center; gap: 20px; height: 100%; padding: 16px 24px 40px; text-align: center; overflow-y: auto; }
    .what { display: grid; align-content: center; justify-items: center; gap: 4px; width: 100%; }
    .what .avatar { filter: saturate(.35); opacity: .75; margin-bottom: 16px; }
    .sign { display: grid; place-items: center; width: 84px; height: 84px; margin-bottom: 16px; border-radius: 50%; background: var(--stop-tint); color: var(--stop-text); }
    .sign svg { font-size: 38px; }
    h2 { font-size: 20px; font-weight: 600; letter-spacing: -.01em; line-height: 1.3; text-wrap: balance; }
    .help { color: var(--soft); text-wrap: pretty; max-width: 290px; }
    .name { font-weight: 550; }
    .advice { width: 100%; max-width: 320px; margin-top: 14px; padding: 12px 14px; border-radius: var(--radius); background: var(--surface); box-shadow: var(--shadow); text-align: left; font-size: 13px; display: grid; gap: 10px; }
    .advice h3 { font-size: 12px; font-weight: 600; color: var(--soft); }
    .advice li { position: relative; padding-left: 15px; margin-top: 3px; }
    .advice li::before { content: ''; position: absolute; left: 2px; top: 8px; width: 5px; height: 5px; border-radius: 50%; background: var(--accent); }
    .advice .causes li::before { background: var(--line); }
    .actions { display: flex; flex-wrap: wrap; justify-content: center; gap: 10px; }
  `];

  #timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    const reason = this.model.ended?.end.reason;
    const fine = reason === 'hangup' || reason === 'cancelled' || reason === 'answered-elsewhere' || reason === 'declined' && this.model.ended?.end.by === 'local';
    const { ended } = this.model;
    if (fine && !this.model.problem) {
      this.#timer = setTimeout(() => { if (this.model.ended === ended) this.model.dismiss(); }, LEAVE_MS);
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    return this.model.problem ? this.#problem() : this.#end();
  }

  #end(): TemplateResult {
    const { ended } = this.model;
    if (!ended) return html``;
    const { call, end } = ended;
    const name = nameOf(call.peer);
    const { title, help } = endOf(call.peer, end);
    return html`
      <div class="what" data-testid="ended" data-reason=${end.reason} data-by=${end.by}>
        ${avatar({ name, photo: photoOf(this.model, call.peer) }, 'large')}
        <p class="name clip">${name}</p>
        <h2>${title}</h2>
        <p class="help digits">${help}</p>
      </div>
      <div class="actions">
        ${call.peer.number ? html`<button class="button" @click=${() => void this.model.call(call.peer.number)} data-testid="call-again">${icons.phone} ${t('calls.call-again')}</button>` : nothing}
        <button class="button primary" @click=${() => this.model.dismiss()} data-testid="dismiss" data-main>${t('shell.done')}</button>
      </div>`;
  }

  #problem(): TemplateResult {
    const { problem, problemText: text } = this.model;
    if (!problem || !text) return html``;
    const microphone = problem.name.startsWith('mic-');
    return html`
      <div class="what" role="alert" data-testid="problem" data-name=${problem.name}>
        <span class="sign">${microphone ? icons.micOff : icons.warning}</span>
        <h2>${text.title}</h2>
        ${text.causes.length + text.solutions.length === 0 ? nothing : html`
          <div class="advice">
            ${text.solutions.length ? html`<div><h3>${t('calls.what-to-do')}</h3><ul>${text.solutions.map((line) => html`<li>${line}</li>`)}</ul></div>` : nothing}
            ${text.causes.length ? html`<div class="causes soft"><h3>${t('calls.what-happened')}</h3><ul>${text.causes.map((line) => html`<li>${line}</li>`)}</ul></div>` : nothing}
          </div>`}
      </div>
      <div class="actions">
        ${microphone ? html`<button class="button" @click=${this.#retry} data-testid="retry-mic">${t('shell.try-again')}</button>` : nothing}
        <button class="button primary" @click=${() => this.model.dismiss()} data-testid="dismiss" data-main>${t('shell.close')}</button>
      </div>`;
  }

  readonly #retry = (): void => {
    this.model.dismiss();
    void this.model.act(async () => this.model.client?.audio.askForMicrophone());
  };
}

/** Long enough to read the duration, short enough to be out of the way. */
const LEAVE_MS = 8_000;
