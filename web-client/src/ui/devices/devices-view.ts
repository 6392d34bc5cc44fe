// Choosing microphone, loudspeakers, ringtone and camera.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { AudioDevice, DeviceRole } from '../../index.js';
import { RINGTONE_NAMES, type RingtoneName } from '../../modules/devices/index.js';
import { t, type MessageKey } from '../messages/index.js';
import { formRow, toggle } from '../shared/parts.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';
import '../shared/level-meter.js';
import { kitOf } from './kit.js';

const RINGTONES: Readonly<Record<RingtoneName, MessageKey>> = {
  mallets: 'devices.ringtone-mallets', bell: 'devices.ringtone-bell', chime: 'devices.ringtone-chime',
  pulse: 'devices.ringtone-pulse', harp: 'devices.ringtone-harp', silent: 'devices.ringtone-silent',
};

/** Lists of devices and a test of each. Choices hold for calls under way, too. */
@customElement('ringdown-devices')
export class DevicesView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; gap: 14px; text-align: start; }
    .field { text-overflow: ellipsis; }
    .test { display: flex; align-items: center; flex-wrap: wrap; gap: 8px 12px; margin-top: -6px; min-height: 32px; }
    .hint { font-size: 13px; color: var(--soft); }
    input[type='range'] { width: 100%; height: 24px; accent-color: var(--accent); }
  `];

  /** Outside calls: with tests, ringing, camera, headset and notifications. */
  @property({ type: Boolean }) tests = false;
  @state() private devices: readonly AudioDevice[] = [];
  @state() private level: number | null = null;
  @state() private ringing = false;
  /** Whether the camera shows its user to themselves. */
  @state() private filming = false;
  #stopTest: (() => void) | null = null;
  #ringTimer: ReturnType<typeof setTimeout> | undefined;
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
      ${this.#choice('input', t('devices.microphone'), audio.input, (id) => audio.setInput(id))}
      ${this.tests ? html`
        <div class="test">
          <button class="button small" @click=${this.#toggleTest} data-testid="test-mic">${this.level === null ? t('devices.test-microphone') : t('devices.stop')}</button>
          ${this.level === null ? nothing : html`<ringdown-level .level=${this.level} data-testid="test-level"></ringdown-level><span class="hint">${t('devices.say-something')}</span>`}
        </div>` : nothing}
      ${this.#choice('output', t('devices.loudspeaker'), audio.output, (id) => audio.setOutput(id))}
      ${this.tests ? this.#ring() : nothing}
      ${this.devices.some(({ kind }) => kind === 'camera') ? html`
        ${this.#choice('camera', t('devices.camera'), audio.camera, (id) => audio.setCamera(id))}
        <div class="test"><button class="button small" aria-expanded=${this.filming} @click=${this.#film} data-testid="test-camera">${this.filming ? t('devices.stop') : t('devices.test-camera')}</button></div>
        ${this.filming ? html`<ringdown-camera .model=${this.model} .camera=${audio.camera}></ringdown-camera>` : nothing}` : nothing}
      ${this.tests ? this.#more() : nothing}`;
  }

  #ring(): TemplateResult {
    const { audio } = this.model.client ?? {};
    const memory = kitOf(this.model)?.memory;
    if (!audio || !memory) return html``;
    return html`
      ${this.#choice('ring', t('devices.ring-device'), audio.ring, (id) => audio.setRing(id))}
      ${this.devices.filter(({ kind }) => kind === 'output').length < 2 ? nothing : toggle(t('devices.everywhere'), memory.everywhere, (on) => {
        memory.everywhere = on;
        this.requestUpdate();
      }, { hint: t('devices.everywhere-hint'), testid: 'ring-everywhere' })}
      ${formRow('ringtone', t('devices.ringtone'), html`
        <select class="field" id="ringtone" data-testid="ringtone" @change=${(event: Event) => {
          memory.ringtone = (event.target as HTMLSelectElement).value as RingtoneName;
          this.#testRing();
        }}>${RINGTONE_NAMES.map((name) => html`<option value=${name} ?selected=${name === memory.ringtone}>${t(RINGTONES[name])}</option>`)}</select>`)}
      ${formRow('ring-volume', t('devices.ring-volume'), html`
        <input type="range" id="ring-volume" min="0" max="100" step="5" .value=${String(Math.round(memory.volume * 100))} data-testid="ring-volume"
          @change=${(event: Event) => {
            memory.volume = Number((event.target as HTMLInputElement).value) / 100;
            this.#testRing();
          }}>`)}
      <div class="test"><button class="button small" @click=${this.#toggleRing} data-testid="test-ring">${this.ringing ? t('devices.stop') : t('devices.play-ringtone')}</button></div>`;
  }

  /** Headset buttons and notifications, where the browser has them. */
  #more(): TemplateResult {
    const { headset, attention } = kitOf(this.model) ?? {};
    const permission = attention?.permission ?? 'unsupported';
    return html`
      ${headset?.isSupported ? html`
        <div class="formrow"><span class="label">${t('devices.headset')}</span>
          <span class="hint" data-testid="headset-names">${headset.names.length > 0 ? t('devices.headset-used', { names: headset.names.join(', ') }) : t('devices.headset-hint')}</span>
          <div><button class="button small" @click=${() => void this.model.act(() => headset.attach())} data-testid="headset-attach">${t('devices.headset-attach')}</button></div>
        </div>` : nothing}
      ${permission === 'unsupported' ? nothing : toggle(t('devices.notifications'), permission === 'granted', () => {
        void this.model.act(async () => attention?.ask());
      }, {
        hint: t(permission === 'denied' ? 'devices.notifications-denied' : 'devices.notifications-hint'), disabled: permission !== 'default', testid: 'notifications',
      })}`;
  }

  #choice(role: DeviceRole, label: string, chosen: string, choose: (id: string) => void): TemplateResult {
    const kind = role === 'ring' ? 'output' : role;
    const devices = this.devices.filter((device) => device.kind === kind);
    // A chosen device that is not there stays chosen, and says so.
    const missing = chosen !== '' && chosen !== 'default' && devices.length > 0 && !devices.some(({ id }) => id === chosen)
      ? this.model.client?.audio.preferences[role].find(({ id }) => id === chosen) : undefined;
    return formRow(`device-${role}`, label, html`
      <select class="field" id="device-${role}" data-testid="device-${role}" @change=${(event: Event) => {
        choose((event.target as HTMLSelectElement).value);
        this.requestUpdate();
      }}>
        <option value="" ?selected=${chosen === ''}>${t(role === 'ring' ? 'devices.ring-as-calls' : 'devices.system-default')}</option>
        ${role === 'ring' ? html`<option value="default" ?selected=${chosen === 'default'}>${t('devices.system-default')}</option>` : nothing}
        ${missing ? html`<option value=${chosen} selected>${t('devices.not-connected', { device: missing.label || label })}</option>` : nothing}
        ${devices.map(({ id, label: name }, index) => html`<option value=${id} ?selected=${id === chosen}>${name || `${label} ${index + 1}`}</option>`)}
      </select>`);
  }

  readonly #film = (): void => {
    if (this.filming) this.filming = false;
    else void this.model.act(async () => {
      await import('./camera-view.js');
      this.filming = true;
    });
  };

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
    else this.#testRing();
  };

  #testRing(): void {
    const { client } = this.model;
    // Nobody tests while somebody calls.
    if (!client || this.model.ringing.length > 0) return;
    this.ringing = true;
    client.audio.stopRinging();
    void client.audio.testRing();
    clearTimeout(this.#ringTimer);
    this.#ringTimer = setTimeout(() => { this.ringing = false; }, RING_MS);
  }

  #stopRinging(): void {
    clearTimeout(this.#ringTimer);
    if (this.ringing && this.model.ringing.length === 0) this.model.client?.audio.stopRinging();
    this.ringing = false;
  }
}

/** The longest ringtone's round. */
const RING_MS = 4500;
