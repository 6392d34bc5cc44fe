// Choosing microphone and loudspeaker.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { AudioDevice } from '../../index.js';
import { t } from '../messages/index.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';
import '../shared/level-meter.js';

/** Two lists and a test of each. Choices hold for calls under way, too. */
@customElement('ringdown-devices')
export class DevicesView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; gap: 14px; text-align: left; }
    label { display: grid; gap: 5px; font-weight: 550; font-size: 13px; }
    .field { font-weight: 400; font-size: 14px; padding-right: 8px; text-overflow: ellipsis; }
    .test { display: flex; align-items: center; gap: 12px; margin-top: -6px; }
    .hint { font-size: 13px; color: var(--soft); }
  `];

  /** Outside calls: with tests of microphone and ringtone. */
  @property({ type: Boolean }) tests = false;
  @state() private devices: readonly AudioDevice[] = [];
  @state() private level: number | null = null;
  @state() private ringing = false;
  #stopTest: (() => void) | null = null;
  #off: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    const read = (): void => void this.model.client?.audio.devices().then((devices) => { this.devices = devices; });
    const { audio } = this.model.client ?? {};
    this.#off = audio ? [audio.on('devices', read), audio.on('permission', read)] : [];
    read();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const off of this.#off) off();
    this.#endTest();
    this.#stopRinging();
  }

  override render(): TemplateResult {
    const { audio } = this.model.client ?? {};
    if (!audio) return html``;
    return html`
      ${this.#choice('input', t('devices.microphone'), audio.input, (id) => { audio.setInput(id); })}
      ${this.tests ? html`
        <div class="test">
          <button class="button small" @click=${this.#toggleTest} data-testid="test-mic">${this.level === null ? t('devices.test-microphone') : t('devices.stop')}</button>
          ${this.level === null ? nothing : html`<ringdown-level .level=${this.level}></ringdown-level><span class="hint">${t('devices.say-something')}</span>`}
        </div>` : nothing}
      ${this.#choice('output', t('devices.loudspeaker'), audio.output, (id) => { audio.setOutput(id); })}
      ${this.tests ? html`
        <div class="test"><button class="button small" @click=${this.#toggleRing} data-testid="test-ring">${this.ringing ? t('devices.stop') : t('devices.play-ringtone')}</button></div>` : nothing}`;
  }

  #choice(kind: AudioDevice['kind'], label: string, chosen: string, choose: (id: string) => void): TemplateResult {
    const devices = this.devices.filter((device) => device.kind === kind);
    return html`
      <label>${label}
        <select class="field" data-testid="device-${kind}" @change=${(event: Event) => {
          choose((event.target as HTMLSelectElement).value);
          this.requestUpdate();
        }}>
          <option value="" ?selected=${chosen === ''}>${t('devices.system-default')}</option>
          ${devices.map(({ id, label: name }, index) => html`<option value=${id} ?selected=${id === chosen}>${name || `${label} ${index + 1}`}</option>`)}
        </select>
      </label>`;
  }

  readonly #toggleTest = (): void => {
    if (this.level !== null) {
      this.#endTest();
      return;
    }
    this.level = 0;
    void this.model.act(async () => {
      const stop = await this.model.client?.audio.testMicrophone((level) => { if (this.level !== null) this.level = level; });
      if (this.level === null || !this.isConnected) stop?.();
      else this.#stopTest = stop ?? null;
    }).then(() => { if (!this.#stopTest) this.level = null; });
  };

  #endTest(): void {
    this.#stopTest?.();
    this.#stopTest = null;
    this.level = null;
  }

  readonly #toggleRing = (): void => {
    if (this.ringing) this.#stopRinging();
    else {
      this.ringing = true;
      this.model.client?.audio.startRinging();
    }
  };

  #stopRinging(): void {
    if (this.ringing) this.model.client?.audio.stopRinging();
    this.ringing = false;
  }
}
