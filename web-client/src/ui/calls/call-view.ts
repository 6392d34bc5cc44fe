// A call under way.
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Call, Levels } from '../../index.js';
import { duration } from '../messages/format.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import '../shared/level-meter.js';
import { avatar } from '../shared/parts.js';
import { nameOf, numberOf, photoOf } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { registered } from '../shell/registry.js';
import { callStyles } from './call-styles.js';
import { callTools, shareScreen, type Layout } from './call-tools.js';
import './keys-view.js';
import type { KeysView } from './keys-view.js';
import { roomOf } from './moves.js';
import { otherCalls } from './other-calls.js';
import './pin-view.js';
import { tellKept } from './recorded.js';
import './room-view.js';
import './video-view.js';
import { hintOf, stateOf } from './words.js';

/** Who, how long, how loud, and what can be done. */
@customElement('ringdown-call')
export class CallView extends PhoneView {
  static override styles = [base, callStyles];

  @property({ attribute: false }) call!: Call;
  /** What is open beside the call: the keypad, or a panel that an area registered. */
  @state() private panel: string | null = null;
  @state() private levels: Levels = { local: 0, remote: 0 };
  @state() private width = 0;
  @query('ringdown-keys') private keys!: KeysView | null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #listening: { call: Call; off: () => void } | null = null;
  #size: ResizeObserver | null = null;
  /** The call that was told to be recorded. */
  #recorded: { readonly call: Call } | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), 500);
    this.#size = new ResizeObserver(([entry]) => { this.width = entry?.contentRect.width ?? 0; });
    this.#size.observe(this);
    this.addEventListener('keydown', this.#key);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#size?.disconnect();
    this.removeEventListener('keydown', this.#key);
    this.#listening?.off();
    this.#listening = null;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.#tellRecording();
    if (this.#listening?.call === this.call) return;
    this.#listening?.off();
    this.#listening = { call: this.call, off: this.call.on('level', (levels) => { this.levels = levels; }) };
    this.panel = null;
  }

  override render(): TemplateResult {
    const { call, panel, model } = this;
    const hasVideo = Object.values(call.video).some((stream) => stream !== null);
    const layout: Layout = hasVideo ? 'dock' : this.width >= FULL ? 'full' : 'grid';
    const beside = panel !== null && this.width >= BESIDE;
    const within = panel !== null && !beside;
    const tools = callTools(model, call, layout, panel, (to) => { this.panel = panel === to ? null : to; });
    const leave = t(roomOf(model, call) ? 'calls.leave' : 'calls.hang-up');
    const hangup = html`<button class="round stop hangup" @click=${() => void model.act(() => call.hangup())} aria-label=${leave} title=${leave} data-testid="hangup">${icons.hangup}</button>`;
    return html`
      <div class="call ${hasVideo ? 'video' : ''} ${beside ? 'aside' : ''} ${within ? 'open' : ''} ${model.others(call).length > 0 ? 'busy' : ''}">
        ${otherCalls(model, call)}
        ${this.#who(within, hasVideo)}
        ${hasVideo ? html`<ringdown-video ?hidden=${within} .call=${call} .video=${call.video} .held=${call.held || call.heldByPeer}></ringdown-video>` : nothing}
        ${hasVideo && within ? html`<div class="panel">${this.#panel()}</div>` : nothing}
        ${hasVideo ? html`<div class="bar">${tools}${hangup}</div>` : html`${tools}${hangup}`}
        ${beside ? html`<aside class="side" aria-label=${this.#panelName}>${this.#panel()}</aside>` : nothing}
      </div>`;
  }

  /** Who is recorded is told, and who records what became of it when the call is over. */
  #tellRecording(): void {
    const { call, model } = this;
    const { isRecorded = false } = call.info;
    if (this.#recorded?.call !== call) this.#recorded = null;
    if (isRecorded && !this.#recorded) {
      this.#recorded = { call };
      model.announce(t('calls.said-recorded'));
      call.on('ended', () => { if (call.info.recording) tellKept(model, call.info.recording); });
    } else if (!isRecorded && this.#recorded) {
      this.#recorded = null;
      model.announce(t('calls.said-not-recorded'));
    }
  }

  #who(within: boolean, hasVideo: boolean): TemplateResult {
    const { call, model } = this;
    const room = roomOf(model, call);
    const name = room ? room.number ? t('calls.room', { number: room.number }) : t('calls.conference') : nameOf(call.peer);
    const presence = call.peer.userId === null ? null : model.client?.directory.byUser(call.peer.userId) ?? null;
    const compact = within || hasVideo || room !== null || call.info.pinAsked !== undefined;
    return html`
      <div class="who ${compact ? 'compact' : ''} ${call.held || call.heldByPeer ? 'held' : ''}" data-testid="call" data-state=${call.state} data-number=${call.peer.number}>
        ${avatar({ name, photo: room ? null : photoOf(model, call.peer), presence: call.answeredAt === null ? presence?.presence : null }, 'large')}
        <h2 class="clip" tabindex="-1" data-main data-testid="call-name">${name}</h2>
        ${numberOf(call.peer) ? html`<p class="soft digits number">${numberOf(call.peer)}</p>` : nothing}
        <div class="facts">${this.#status()}${call.info.isRecorded ? html`<span class="status rec" data-testid="recording">${t('calls.recording')}</span>` : nothing}</div>
        ${this.#hint()}
        ${call.screenLost && !within && call.can.video ? html`<button class="button small" @click=${() => void shareScreen(model, call)} data-testid="share-again">${icons.screen}${t('calls.share-again')}</button>` : nothing}
        ${call.info.pinAsked === undefined || within ? nothing : html`<ringdown-pin .model=${model} .call=${call} .wrong=${call.info.pinAsked}></ringdown-pin>`}
        ${compact ? nothing : this.#meters()}
        ${within && !hasVideo ? html`<div class="panel">${this.#panel()}</div>` : nothing}
        ${room && !within && !hasVideo ? html`<ringdown-room .model=${model} .call=${call} .room=${room}></ringdown-room>` : nothing}
      </div>`;
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
    const kind = call.state === 'reconnecting' || call.peerLost ? 'mend' : call.held || call.heldByPeer ? 'hold' : '';
    const words = call.state === 'active' && !call.heldByPeer && !call.peerLost ? '' : stateOf(call);
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

  get #panelName(): string {
    const open = registered.panels.find(({ id }) => id === this.panel);
    return open ? t(open.label) : t('calls.keypad');
  }

  #panel(): TemplateResult {
    const { call, model } = this;
    const open = registered.panels.find(({ id }) => id === this.panel);
    if (open) return open.render(model, call);
    return html`<ringdown-keys ?disabled=${!call.can.dtmf} @press=${(event: CustomEvent<string>) => void model.act(() => call.sendDtmf(event.detail))}></ringdown-keys>`;
  }

  /** Digits typed while the keypad is open are sent. */
  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && this.panel && !event.defaultPrevented) this.panel = null;
    else if (this.panel === 'keypad' && /^[0-9*#]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) this.keys?.press(event.key);
  };
}

/** From these widths on all tools stand in a row, and what is opened stands beside the call; as in the styles. */
const FULL = 600;
const BESIDE = 860;
