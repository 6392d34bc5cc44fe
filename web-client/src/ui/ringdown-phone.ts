// <ringdown-phone>: the widget.
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Call, LogLevel, RingdownClient } from '../index.js';
import './call-view.js';
import './dial-pad-view.js';
import './ended-view.js';
import { icons } from './icons.js';
import './incoming-view.js';
import { avatar } from './parts.js';
import './people-view.js';
import { PhoneModel } from './phone-model.js';
import { notices } from './notices.js';
import './recents-view.js';
import './settings-view.js';
import './sign-in-view.js';
import { phoneStyles } from './ringdown-phone-styles.js';
import { base, tokens } from './styles.js';
import { PRESENCE, duration, endOf, nameOf } from './words.js';

type Tab = 'people' | 'keypad' | 'recents';

const TABS: readonly (readonly [tab: Tab, label: string, icon: keyof typeof icons])[] = [
  ['people', 'People', 'people'], ['keypad', 'Keypad', 'keypad'], ['recents', 'Recent', 'recent'],
];

/**
 * A phone for a web page.
 *
 * Events bubble and cross shadow roots: `ringdown:ready`, `ringdown:offline`, `ringdown:call`, `ringdown:incoming`,
 * `ringdown:answered`, `ringdown:ended`, `ringdown:error`. Their `detail` carries the `call` and its parts.
 */
@customElement('ringdown-phone')
export class RingdownPhone extends LitElement {
  static override styles = [tokens, base, css`:host { display: block; height: 100%; }`, phoneStyles];

  /** The server's address; empty for the page's own. */
  @property() server = '';
  /** `session`: a reload of this tab need not sign in again. The refresh token is then kept in `sessionStorage`. */
  @property() remember: 'none' | 'session' = 'none';
  /** Switches echo cancellation, noise suppression and gain control off: for measurements and studio equipment. */
  @property({ type: Boolean, attribute: 'raw-audio' }) rawAudio = false;
  /** Switches busy and congestion tones off. */
  @property({ type: Boolean, attribute: 'no-call-tones' }) noCallTones = false;
  /** How much is logged to the console. */
  @property({ attribute: 'log-level' }) logLevel: LogLevel = 'warn';
  /** Gives access tokens; the sign-in form is shown where it is null. */
  @property({ attribute: false }) token: (() => Promise<string>) | null = null;
  @state() private tab: Tab = 'people';
  @state() private settingsOpen = false;
  @state() private minimised = false;
  @state() private announcement = '';
  readonly #model: PhoneModel;
  #view = '';
  #hasFocus = false;

  constructor() {
    super();
    this.#model = new PhoneModel({
      onReady: () => this.#tell('ready', {}),
      onOffline: (error) => this.#tell('offline', { error }),
      onError: (error) => this.#tell('error', { error }),
      onCall: (call) => {
        if (call.mine) this.minimised = this.settingsOpen = false;
        this.#tell('call', about(call));
      },
      onIncoming: (call) => {
        this.announcement = `${nameOf(call.peer)} is calling`;
        this.#tell('incoming', about(call));
      },
      onAnswered: (call) => {
        this.announcement = `Connected to ${nameOf(call.peer)}`;
        this.#tell('answered', about(call));
      },
      onShown: (call, kind) => { this.announcement = `${nameOf(call.peer)} shows ${kind === 'screen' ? 'a screen' : 'their camera'}`; },
      onEnded: (call, end) => {
        if (call.mine) this.announcement = endOf(call.peer, end).title;
        this.#tell('ended', { ...about(call), ...end });
      },
    });
    this.#model.watch(this);
  }

  /** The client; null while nobody is signed in. */
  get client(): RingdownClient | null {
    return this.#model.client;
  }

  /** Calls a number; a call under way is put on hold first. Null where it failed; the widget says why. */
  call(number: string, variables: Readonly<Record<string, string>> = {}): Promise<Call | null> {
    return this.#model.call(number, variables);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // A move within the page takes the element out and puts it back at once: that must not end a call.
    queueMicrotask(() => { if (!this.isConnected) this.#model.stop(); });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated && !this.#model.client) this.#start();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    // A view without controls (connecting) loses the keyboard to the page: it is still owed to the next view.
    this.#hasFocus = this.matches(':focus-within') || (this.#hasFocus && document.activeElement === document.body);
    if ((['server', 'remember', 'rawAudio', 'noCallTones', 'token'] as const).some((name) => changed.has(name))) this.#start();
  }

  override updated(): void {
    const view = this.#viewName();
    if (view === this.#view) return;
    this.#view = view;
    // Focus follows the view only if it was here: a call must not take the keyboard from what the user is writing.
    if (this.#hasFocus) void this.#focusMain();
  }

  override render(): TemplateResult {
    const { client, busy } = this.#model;
    const live = html`<div class="sr" role="alert" aria-live="assertive">${this.announcement}</div>`;
    if (!client) {
      if (!this.token) return html`<ringdown-sign-in class="stage" .model=${this.#model}></ringdown-sign-in>${live}`;
      return html`<div class="empty stage">${icons.offline}<p>${this.#model.problem?.message ?? 'Not connected.'}</p></div>${live}`;
    }
    if (client.me === null) {
      return html`<div class="connecting" role="status" data-testid="connecting"><span class="spinner"></span>
        <p>${busy ? 'Connecting…' : this.#model.problem?.message ?? 'Not connected.'}</p></div>${live}`;
    }
    const stage = this.#stage();
    return html`
      ${this.#header(client)}
      ${notices(this.#model)}
      ${this.#cards()}
      <div class="body ${stage === nothing ? '' : 'staged'}">
        <main class="list">
          ${this.settingsOpen ? html`<ringdown-settings .model=${this.#model} @close=${() => { this.settingsOpen = false; }}></ringdown-settings>` : nothing}
          ${this.#list()}
        </main>
        ${stage === nothing ? nothing : html`<section class="stage" aria-label="Call">${stage}</section>`}
      </div>
      ${live}`;
  }

  #start(): void {
    this.#model.start({
      server: this.server,
      token: this.token,
      store: this.remember === 'session' ? sessionStorage : null,
      rawAudio: this.rawAudio,
      callTones: !this.noCallTones,
      logLevel: this.logLevel,
    });
  }

  #header(client: RingdownClient): TemplateResult {
    const { me } = client;
    const presence = client.state === 'ready' ? client.directory.byUser(me?.userId ?? '')?.presence ?? 'online' : 'offline';
    return html`
      <header data-testid="header" data-state=${client.state}>
        ${avatar(me?.name ?? '', presence, 'tiny')}
        <div class="me"><b class="clip">${me?.name}</b><span class="soft digits clip">${me?.extension ? `${me.extension} · ` : ''}${PRESENCE[presence]}</span></div>
        <button class="round" aria-label="Settings" title="Settings" aria-pressed=${this.settingsOpen} data-testid="settings"
          @click=${() => { this.settingsOpen = !this.settingsOpen; this.minimised = this.settingsOpen; }}>${icons.settings}</button>
      </header>`;
  }

  /** What a call needs beside the main view: calls waiting, and the way back to a call that was put aside. */
  #cards(): TemplateResult {
    const { ringing, current } = this.#model;
    const waiting = current ? ringing : ringing.slice(1);
    return html`
      ${waiting.map((call) => html`<ringdown-incoming card .model=${this.#model} .call=${call}></ringdown-incoming>`)}
      ${this.minimised && current ? html`
        <button class="return" @click=${() => { this.minimised = this.settingsOpen = false; }} data-testid="return-to-call">
          ${icons.phone}<span class="clip">${nameOf(current.peer)}</span><span class="digits">${current.answeredAt === null ? '' : duration(current.durationMs)}</span>Back to the call
        </button>` : nothing}`;
  }

  #stage(): TemplateResult | typeof nothing {
    const { ringing, current, ended, problem } = this.#model;
    if (current) {
      return this.minimised ? nothing : html`
        <button class="aside" @click=${() => { this.minimised = true; }} data-testid="minimise">${icons.back} People and keypad</button>
        <ringdown-call .model=${this.#model} .call=${current}></ringdown-call>`;
    }
    const [first] = ringing;
    if (first) return html`<ringdown-incoming .model=${this.#model} .call=${first}></ringdown-incoming>`;
    if (ended ?? problem) return html`<ringdown-ended .model=${this.#model}></ringdown-ended>`;
    return nothing;
  }

  /** People and keypad stay in place while they are out of sight, with their search and their number. */
  #list(): TemplateResult {
    return html`
      <div class="view" role="tabpanel" id="view" aria-labelledby="tab-${this.tab}" ?hidden=${this.settingsOpen}>
        <ringdown-people ?hidden=${this.tab !== 'people'} .model=${this.#model}></ringdown-people>
        <ringdown-dial-pad ?hidden=${this.tab !== 'keypad'} .model=${this.#model}></ringdown-dial-pad>
        ${this.tab === 'recents' ? html`<ringdown-recents .model=${this.#model}></ringdown-recents>` : nothing}
      </div>
      <nav role="tablist" aria-label="Phone" ?hidden=${this.settingsOpen} @keydown=${this.#tabKey}>
        ${TABS.map(([tab, label, icon]) => html`
          <button role="tab" id="tab-${tab}" aria-controls="view" aria-selected=${tab === this.tab} tabindex=${tab === this.tab ? 0 : -1}
            @click=${() => { this.tab = tab; }} data-testid="tab-${tab}"><i>${icons[icon]}</i>${label}</button>`)}
      </nav>`;
  }

  readonly #tabKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? TABS.length - 1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = TABS.findIndex(([tab]) => tab === this.tab);
    this.tab = TABS[(at + step) % TABS.length]?.[0] ?? this.tab;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${this.tab}`)?.focus());
  };

  #viewName(): string {
    const { client, ringing, current, ended, problem } = this.#model;
    if (!client) return 'sign-in';
    if (client.me === null) return 'connecting';
    if (current) return this.minimised ? 'list' : 'call';
    if (ringing.length > 0) return 'incoming';
    return ended ?? problem ? 'ended' : this.settingsOpen ? 'settings' : 'list';
  }

  async #focusMain(): Promise<void> {
    const within = this.renderRoot.querySelector('.stage') ?? this.renderRoot.querySelector('.list');
    const view = within instanceof LitElement ? within : within?.querySelector('ringdown-call, ringdown-incoming, ringdown-ended, [role=tabpanel] > :not([hidden])');
    if (!(view instanceof LitElement)) return;
    await view.updateComplete;
    view.renderRoot.querySelector<HTMLElement>('[data-main]')?.focus({ preventScroll: true });
  }

  #tell(event: string, detail: Readonly<Record<string, unknown>>): void {
    this.dispatchEvent(new CustomEvent(`ringdown:${event}`, { detail, bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'ringdown-phone': RingdownPhone;
  }
}

/** What an event says of a call. */
const about = (call: Call): Readonly<Record<string, unknown>> => ({
  call,
  id: call.id,
  callId: call.callId,
  direction: call.direction,
  number: call.peer.number,
  name: call.peer.name,
  mine: call.mine,
  variables: call.variables,
});
