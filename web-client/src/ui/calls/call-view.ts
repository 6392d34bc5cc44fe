// A call under way.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Call, Levels } from '../../index.js';
import '../devices/devices-view.js';
import { duration } from '../messages/format.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import '../shared/level-meter.js';
import { callTools } from './call-tools.js';
import { KEYS, avatar } from '../shared/parts.js';
import { nameOf, numberOf } from '../shared/people.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';
import './video-view.js';
import { hintOf, stateOf } from './words.js';

/** Who, how long, how loud, and what can be done. */
@customElement('ringdown-call')
export class CallView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; grid-template-rows: auto 1fr auto auto; justify-items: center; gap: 18px; height: 100%; min-height: 0; padding: 4px 20px 32px; overflow-y: auto; text-align: center; --at: var(--bg); }
    .others { display: grid; gap: 6px; width: 100%; }
    .other { display: flex; align-items: center; gap: 10px; padding: 6px 8px 6px 10px; border-radius: var(--radius); background: var(--sunken); text-align: left; font-size: 13px; }
    .other > div { flex: 1; min-width: 0; }
    .who { display: grid; align-content: center; justify-items: center; gap: 3px; width: 100%; min-height: 0; }
    .who .avatar { margin-bottom: 16px; transition: filter .3s; }
    .held .avatar { filter: saturate(.2) opacity(.6); }
    h2 { max-width: 100%; font-size: 22px; font-weight: 600; letter-spacing: -.01em; line-height: 1.25; }
    .status { display: inline-flex; align-items: center; gap: 6px; margin-top: 8px; padding: 3px 12px; border-radius: 99px; background: var(--sunken); font-weight: 550; font-size: 13.5px; min-height: 28px; }
    .status svg { font-size: 13px; }
    .status.hold, .status.mend { background: var(--warn-tint); color: var(--warn-text); }
    .hint { margin-top: 8px; padding: 3px 12px; border-radius: 99px; background: var(--warn-tint); color: var(--warn-text); font-size: 12.5px; }
    .hint:empty { display: none; }
    .levels { display: flex; gap: 18px; margin-top: 12px; font-size: 12px; color: var(--soft); min-height: 18px; }
    .levels span { display: inline-flex; align-items: center; gap: 7px; }
    .tools { display: grid; grid-template-columns: repeat(6, 1fr); gap: 4px; width: 100%; max-width: 420px; }
    .tool { display: grid; justify-items: center; gap: 7px; padding: 4px 0; font-size: 12px; color: var(--soft); border-radius: var(--radius); }
    .tool i { display: grid; place-items: center; width: 48px; height: 48px; border-radius: 50%; background: var(--surface); box-shadow: var(--shadow); color: var(--ink); font-style: normal; transition: background-color .15s, color .15s, transform .1s; }
    .tool i svg { font-size: 22px; }
    .tool:hover:not(:disabled, [aria-pressed='true'], [aria-expanded='true']) i { background: color-mix(in srgb, var(--surface), var(--accent) 10%); }
    .tool:focus-visible { outline: 0; } .tool:focus-visible i { outline: 2px solid var(--accent); outline-offset: 2px; }
    .tool:active:not(:disabled) i { transform: scale(.94); }
    .tool[aria-pressed='true'] i, .tool[aria-expanded='true'] i { background: var(--accent); color: var(--on-accent); }
    .tool[aria-pressed='true'], .tool[aria-expanded='true'] { color: var(--ink); font-weight: 550; }
    .panel { width: 100%; max-width: 300px; animation: rise .18s ease-out; }
    .sent { min-height: 30px; line-height: 30px; font-size: 21px; letter-spacing: .08em; direction: rtl; }
    .keys { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px 8px; margin-top: 4px; }
    .key { height: 42px; border-radius: 14px; background: var(--surface); box-shadow: var(--shadow); font-size: 19px; transition: background-color .12s; }
    .key:hover { background: color-mix(in srgb, var(--surface), var(--accent) 9%); } .key:active { background: var(--tint); }
    .compact { align-content: start; gap: 0; }
    .compact .avatar, .compact .number { display: none; }
    .compact h2 { font-size: 18px; }
    .compact .status { margin: 4px 0 6px; }
    ringdown-devices { margin-top: 10px; }
    ringdown-video { margin-top: 4px; }
    :host([video]) { gap: 12px; padding: 0 12px 16px; }
    :host([video]) .who { display: flex; flex-direction: column; align-items: center; }
    ringdown-video { flex: 1; }
    :host([video]) .round.stop { width: 54px; height: 54px; }
    @media (max-height: 600px) { :host { gap: 10px; padding-bottom: 14px; } .tool i { width: 44px; height: 44px; } .round.stop { width: 54px; height: 54px; } .key { height: 36px; } .avatar.large { width: 84px; height: 84px; font-size: 30px; } .who .avatar { margin-bottom: 8px; } }
  `];

  @property({ attribute: false }) call!: Call;
  @state() private panel: 'keypad' | 'devices' | null = null;
  @state() private levels: Levels = { local: 0, remote: 0 };
  @state() private sent = '';
  #timer: ReturnType<typeof setInterval> | undefined;
  #listening: { call: Call; off: () => void } | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), 500);
    this.addEventListener('keydown', this.#key);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.removeEventListener('keydown', this.#key);
    this.#listening?.off();
    this.#listening = null;
  }

  override willUpdate(): void {
    if (this.#listening?.call === this.call) return;
    this.#listening?.off();
    this.#listening = { call: this.call, off: this.call.on('level', (levels) => { this.levels = levels; }) };
    this.panel = null;
    this.sent = '';
  }

  override render(): TemplateResult {
    const { call, panel } = this;
    const name = nameOf(call.peer);
    const hasVideo = Object.values(call.video).some((stream) => stream !== null);
    this.toggleAttribute('video', hasVideo);
    const presence = call.peer.userId === null ? null : this.model.client?.directory.byUser(call.peer.userId)?.presence ?? null;
    return html`
      <div class="others">${this.model.others(call).map((other) => this.#other(other))}</div>
      <div class="who ${panel || hasVideo ? 'compact' : ''} ${call.held || call.heldByPeer ? 'held' : ''}" data-testid="call" data-state=${call.state} data-number=${call.peer.number}>
        ${avatar({ name, presence: call.answeredAt === null ? presence : null }, 'large')}
        <h2 class="clip" tabindex="-1" data-main data-testid="call-name">${name}</h2>
        ${numberOf(call.peer) ? html`<p class="soft digits number">${numberOf(call.peer)}</p>` : nothing}
        ${this.#status()}
        ${this.#hint()}
        ${panel || hasVideo ? nothing : this.#meters()}
        ${hasVideo ? html`<ringdown-video ?hidden=${panel !== null} .call=${call} .video=${call.video} .held=${call.held || call.heldByPeer}></ringdown-video>` : nothing}
        ${panel === 'keypad' ? this.#keypad() : panel === 'devices' ? html`<div class="panel"><ringdown-devices .model=${this.model}></ringdown-devices></div>` : nothing}
      </div>
      ${callTools(this.model, call, panel, (to) => { this.panel = panel === to ? null : to; })}
      <button class="round stop" @click=${() => void this.model.act(() => call.hangup())} aria-label=${t('calls.hang-up')} title=${t('calls.hang-up')} data-testid="hangup">${icons.hangup}</button>`;
  }

  #hint(): TemplateResult {
    const { call } = this;
    // On hold nothing is said, and while the audio is being mended the state says so.
    const hint = call.state === 'active' ? hintOf(call) : '';
    return html`<p class="hint" role="status" data-testid="quality">${hint}</p>`;
  }

  #status(): TemplateResult {
    const { call } = this;
    const time = call.answeredAt === null ? '' : duration(call.durationMs);
    const kind = call.state === 'reconnecting' ? 'mend' : call.held || call.heldByPeer ? 'hold' : '';
    const words = call.state === 'active' && !call.heldByPeer ? '' : stateOf(call);
    return html`
      <p class="status digits ${kind}" data-testid="call-status">
        ${kind === 'hold' ? icons.pause : nothing}
        ${words ? html`<span>${words}</span>` : nothing}
        ${time ? html`<span role="timer" aria-label=${t('calls.duration')} data-testid="timer">${time}</span>` : nothing}
      </p>`;
  }

  #meters(): TemplateResult {
    const talking = this.call.state === 'active' && !this.call.heldByPeer;
    return html`
      <div class="levels" aria-hidden="true">${talking ? html`
        <span>${t('calls.you')} <ringdown-level .level=${this.call.muted ? 0 : this.levels.local} data-testid="level-local"></ringdown-level></span>
        <span>${t('calls.them')} <ringdown-level .level=${this.levels.remote} data-testid="level-remote"></ringdown-level></span>` : nothing}
      </div>`;
  }

  #keypad(): TemplateResult {
    return html`
      <div class="panel">
        <p class="sent digits clip" aria-live="off" data-testid="sent-digits">${this.sent || nothing}</p>
        <div class="keys" role="group" aria-label=${t('calls.keypad')}>
          ${KEYS.map(([key]) => html`<button class="key digits" @click=${() => this.#press(key)} data-testid="dtmf" data-key=${key}>${key}</button>`)}
        </div>
      </div>`;
  }

  #other(other: Call): TemplateResult {
    return html`
      <div class="other" data-testid="other-call">
        ${icons.pause}
        <div class="clip">${nameOf(other.peer)} <span class="soft">${stateOf(other).toLowerCase()}</span></div>
        <button class="button small" @click=${() => void this.model.resume(other)} data-testid="resume-other">${t('calls.resume')}</button>
      </div>`;
  }

  #press(key: string): void {
    this.sent = (this.sent + key).slice(-24);
    void this.model.act(() => this.call.sendDtmf(key));
  }

  /** Digits typed while the keypad is open are sent. */
  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.panel) this.panel = null;
    else if (this.panel === 'keypad' && /^[0-9*#]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) this.#press(event.key);
  };
}
