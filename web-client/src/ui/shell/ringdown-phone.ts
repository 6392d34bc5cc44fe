// <ringdown-phone>: the widget.
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Call, LogLevel, RingdownClient } from '../../index.js';
import '../areas.js';
import '../calls/call-view.js';
import '../calls/ended-view.js';
import '../calls/incoming-view.js';
import { endOf } from '../calls/words.js';
import { duration } from '../messages/format.js';
import { language, onLanguage, setLanguage, t } from '../messages/index.js';
import '../settings/settings-view.js';
import { mainOf } from '../shared/focus.js';
import { icons } from '../shared/icons.js';
import { avatar, badge, iconButton } from '../shared/parts.js';
import { contactOf, know, type Contact, type ResolveContact } from '../shared/contacts.js';
import { nameOf, presenceText } from '../shared/people.js';
import { recordOf } from '../shared/records.js';
import { base, tokens } from '../shared/styles.js';
import './dialog.js';
import { PhoneModel } from './phone-model.js';
import { applyPreferences, preferredLanguage } from './preferences.js';
import { registered, type Shown, type Tab } from './registry.js';
import { phoneStyles } from './ringdown-phone-styles.js';
import './sign-in-view.js';

/**
 * A phone for a web page.
 *
 * Events bubble and cross shadow roots: `ringdown:ready`, `ringdown:offline`, `ringdown:call`, `ringdown:incoming`,
 * `ringdown:answered`, `ringdown:ended`, `ringdown:error`, `ringdown:language`. Their `detail` carries the `call` and its parts.
 * It speaks the language the user chose, else that of its `lang` attribute, else the browser's.
 */
@customElement('ringdown-phone')
export class RingdownPhone extends LitElement {
  /** @internal */
  static override styles = [tokens, base, phoneStyles];

  /** The server's address; empty for the page's own. */
  @property() server = '';
  /** `session`: a reload of this tab need not sign in again; `device`: nor does anybody at this browser, until they sign out. The refresh token is then kept in `sessionStorage` or `localStorage`. */
  @property() remember: 'none' | 'session' | 'device' = 'none';
  /** `leader`: the tabs of a browser are one phone, of which one has the audio. `independent`: each is a phone of its own. */
  @property() tabs: 'leader' | 'independent' = 'leader';
  /** Switches echo cancellation, noise suppression and gain control off: for measurements and studio equipment. */
  @property({ type: Boolean, attribute: 'raw-audio' }) rawAudio = false;
  /** Switches busy and congestion tones off. */
  @property({ type: Boolean, attribute: 'no-call-tones' }) noCallTones = false;
  /** How much is logged to the console. */
  @property({ attribute: 'log-level' }) logLevel: LogLevel = 'warn';
  /** The language, as a tag such as `de`, unless the user chose one: English, German, Russian and Chinese are spoken. */
  @property() override lang = '';
  /** Gives access tokens; the sign-in form is shown where it is null. */
  @property({ attribute: false }) token: (() => Promise<string>) | null = null;
  /** Who has a number, as the page around the phone knows: their name is shown, and events tell them. */
  @property({ attribute: false }) resolveContact: ResolveContact | null = null;
  @state() private polite = '';
  @state() private urgent = '';
  readonly #model: PhoneModel;
  #size: ResizeObserver | null = null;
  #offLanguage: (() => void) | null = null;
  #view = '';
  #hasFocus = false;

  constructor() {
    super();
    this.#model = new PhoneModel({
      onReady: () => this.#tell('ready', {}),
      onOffline: (error) => this.#tell('offline', { error }),
      onError: (error) => this.#tell('error', { error }),
      onCall: (call) => this.#handleCall(call),
      onIncoming: (call) => {
        if (call.mine) void this.#know(call).then(() => this.#tell('screen-pop', about(call)));
        this.urgent = t('calls.said-incoming', { name: nameOf(call.peer) });
        this.#tell('incoming', about(call));
      },
      onAnswered: (call) => {
        this.urgent = t('calls.said-connected', { name: nameOf(call.peer) });
        this.#tell('answered', about(call));
      },
      onShown: (call, kind) => { this.polite = t(kind === 'screen' ? 'calls.said-screen' : 'calls.said-camera', { name: nameOf(call.peer) }); },
      onAnnounce: (text, now) => { if (now) this.urgent = text; else this.polite = text; },
      onEnded: (call, end) => {
        if (call.mine) this.urgent = endOf(call.peer, end).title;
        this.#tell('ended', { ...about(call), ...end });
      },
    });
    this.#model.watch(this);
    applyPreferences(this);
  }

  /** The client; null while nobody is signed in. */
  get client(): RingdownClient | null {
    return this.#model.client;
  }

  /** Gives an access token for the server's REST methods; null while nobody is signed in here. */
  get accessToken(): (() => Promise<string>) | null {
    return this.token ?? this.#model.accessToken;
  }

  /** Answers a call that rings; another one under way is put on hold first. */
  answer(call: Call): Promise<void> {
    return this.#model.answer(call);
  }

  /** Shows a number on the keypad, for the user to call. */
  dial(number: string): void {
    this.#model.navigate('keypad', { number });
  }

  /** Calls a number, with the camera where asked for; a call under way is put on hold first. Null where it failed; the widget says why. */
  call(number: string, variables: Readonly<Record<string, string>> = {}, options: { readonly video?: boolean } = {}): Promise<Call | null> {
    return this.#model.call(number, variables, options);
  }

  /** @internal */
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size?.disconnect();
    this.#offLanguage?.();
    // A move within the page takes the element out and puts it back at once: that must not end a call.
    queueMicrotask(() => { if (!this.isConnected) this.#model.stop(); });
  }

  /** @internal */
  override connectedCallback(): void {
    super.connectedCallback();
    this.#size = new ResizeObserver(([entry]) => this.#model.setWide((entry?.contentRect.width ?? 0) >= WIDE));
    this.#size.observe(this);
    this.#offLanguage = onLanguage(() => {
      this.#model.changed();
      this.#tell('language', { language: language() });
    });
    if (this.hasUpdated && !this.#model.client) this.#start();
  }

  /** @internal */
  override willUpdate(changed: PropertyValues<this>): void {
    // A view without controls (connecting) loses the keyboard to the page: it is still owed to the next view.
    this.#hasFocus = this.matches(':focus-within') || (this.#hasFocus && document.activeElement === document.body);
    if (changed.has('lang')) void setLanguage(preferredLanguage(this.lang));
    if ((['server', 'remember', 'rawAudio', 'noCallTones', 'tabs', 'token'] as const).some((name) => changed.has(name))) this.#start();
  }

  /** @internal */
  override updated(): void {
    const view = this.#viewName();
    if (view === this.#view) return;
    this.#view = view;
    // Focus follows the view only if it was here: a call must not take the keyboard from what the user is writing.
    if (this.#hasFocus && !this.#model.dialog) requestAnimationFrame(() => this.#focusMain());
  }

  /** @internal */
  override render(): TemplateResult {
    const { client, dialog } = this.#model;
    const within = client ? client.me === null ? this.#connecting() : this.#phone(client) : this.#signIn();
    return html`
      ${within}
      ${dialog && client ? html`<ringdown-dialog .model=${this.#model} .dialog=${dialog} lang=${language()}></ringdown-dialog>` : nothing}
      <div class="toasts" lang=${language()}>${repeat(this.#model.toasts, ({ id }) => id, ({ id, text, action }) => html`
        <div class="toast" data-testid="toast"><span>${text}</span>
          ${action ? html`<button class="button" data-testid="toast-action" @click=${() => { this.#model.dropToast(id); action.run(); }}>${action.label}</button>` : nothing}
          ${iconButton({ icon: 'close', label: t('shell.close'), run: () => this.#model.dropToast(id) })}</div>`)}</div>
      <div class="sr" role="status" aria-live="polite" lang=${language()}>${this.#model.toasts.at(-1)?.text ?? this.polite}</div>
      <div class="sr" role="alert" aria-live="assertive" lang=${language()}>${this.urgent}</div>`;
  }

  #signIn(): TemplateResult {
    if (!this.token) return html`<div class="frame" lang=${language()}><ringdown-sign-in class="full" .model=${this.#model}></ringdown-sign-in></div>`;
    return html`<div class="frame" lang=${language()}><div class="empty full">${icons.offline}<p>${this.#model.problemText?.title ?? t('shell.not-connected')}</p></div></div>`;
  }

  /** Tells the page of a call, and of everything it writes into its books. */
  #handleCall(call: Call): void {
    this.#tell('call', about(call));
    if (!call.mine) return;
    // A call that is being placed has no name yet.
    const record = (): void => { if (call.callId !== '') this.#tell('record', { ...recordOf(call, contactOf(call.peer.number)) }); };
    record();
    call.on('state', record);
    call.on('ended', record);
    void this.#know(call).then((contact) => { if (contact && call.end === null) record(); });
  }

  /** Who the other side is, where the page knows; soon, or nobody. */
  async #know(call: Call): Promise<Contact | null> {
    const contact = await know(call.peer.number, this.resolveContact);
    this.#model.changed();
    return contact;
  }

  #connecting(): TemplateResult {
    const { busy, problemText } = this.#model;
    return html`<div class="frame" lang=${language()}><div class="connecting full" role="status" data-testid="connecting"><span class="spinner"></span>
      <p>${busy ? t('shell.connecting') : problemText?.title ?? t('shell.not-connected')}</p></div></div>`;
  }

  #phone(client: RingdownClient): TemplateResult {
    const stage = this.#stage();
    return html`
      <div class="frame ${stage === nothing ? '' : 'staged'}" lang=${language()} ?inert=${this.#model.dialog !== null}>
        ${this.#header(client)}
        <div class="top">
          <div role="status">${registered.notices.map(({ render }) => render(this.#model))}</div>
          ${this.#cards()}
        </div>
        <main class="list">${this.#list()}</main>
        ${this.#nav()}
        <section class="stage ${stage === nothing ? 'none' : ''}" aria-label=${this.#model.current ? t('calls.call') : t('shell.details')}>
          ${stage === nothing ? html`<div class="placeholder">${icons.phone}<p>${t('shell.nothing-open')}</p></div>` : stage}
        </section>
      </div>`;
  }

  #start(): void {
    this.#model.start({
      server: this.server,
      token: this.token,
      store: this.remember === 'session' ? sessionStorage : this.remember === 'device' ? localStorage : null,
      rawAudio: this.rawAudio,
      callTones: !this.noCallTones,
      sharesTabs: this.tabs === 'leader',
      logLevel: this.logLevel,
    });
  }

  #header(client: RingdownClient): TemplateResult {
    const { me } = client;
    const presence = client.state === 'ready' ? client.directory.byUser(me?.userId ?? '')?.presence ?? 'online' : 'offline';
    const isOpen = this.#model.settingsOpen !== null;
    return html`
      <header data-testid="header" data-state=${client.state}>
        ${registered.header?.(this.#model) ?? html`
          <div class="me">${avatar({ name: me?.name ?? '', presence }, 'tiny')}
            <div><b class="clip">${me?.name}</b><span class="soft digits clip">${me?.extension ? `${me.extension} · ` : ''}${presenceText(presence)}</span></div></div>`}
        ${iconButton({ icon: 'settings', label: t('settings.settings'), pressed: isOpen, testid: 'settings', run: () => { if (isOpen) this.#model.closeSettings(); else this.#model.openSettings(); } })}
      </header>`;
  }

  /** What a call needs beside the main view: calls waiting, and the way back to a call that was put aside. */
  #cards(): TemplateResult {
    const { ringing, current, minimised } = this.#model;
    const waiting = current ? ringing : ringing.slice(1);
    return html`
      ${repeat(waiting, ({ id }) => id, (call) => html`<ringdown-incoming card .model=${this.#model} .call=${call}></ringdown-incoming>`)}
      ${minimised && current ? html`
        <button class="return" @click=${() => this.#model.minimise(false)} data-testid="return-to-call">
          ${icons.phone}<span class="clip">${nameOf(current.peer)}</span><span class="digits">${current.answeredAt === null ? '' : duration(current.durationMs)}</span>${t('calls.back')}
        </button>` : nothing}`;
  }

  #stage(): Shown {
    const { ringing, current, ended, problem, minimised } = this.#model;
    if (current && !minimised) {
      return html`
        <button class="aside" @click=${() => this.#model.minimise(true)} data-testid="minimise">${icons.back} ${t('calls.aside')}</button>
        <ringdown-call class="talking" .model=${this.#model} .call=${current}></ringdown-call>`;
    }
    const [first] = ringing;
    if (first && !current) return html`<ringdown-incoming class="ringing" .model=${this.#model} .call=${first}></ringdown-incoming>`;
    if (!current && (ended ?? problem)) return html`<ringdown-ended class="over" .model=${this.#model}></ringdown-ended>`;
    if (this.#model.settingsOpen !== null) return nothing;
    const detail = this.#tab?.detail?.(this.#model) ?? nothing;
    return detail === nothing ? nothing : html`<div class="detail">${detail}</div>`;
  }

  /** Tabs that stay keep their search and their scrolling while they are out of sight. */
  #list(): TemplateResult {
    const open = this.#tab;
    const { settingsOpen } = this.#model;
    const shown = this.#tabs.filter((tab) => tab.keep === true || tab === open);
    return html`
      ${settingsOpen === null ? nothing : html`<ringdown-settings class="view" .model=${this.#model}></ringdown-settings>`}
      ${repeat(shown, ({ id }) => id, (tab) => html`
        <div class="view" role="tabpanel" id="view-${tab.id}" aria-labelledby="tab-${tab.id}" ?hidden=${tab !== open || settingsOpen !== null}>${tab.render(this.#model)}</div>`)}`;
  }

  #nav(): TemplateResult {
    const open = this.#model.settingsOpen === null ? this.#tab : null;
    const entry = open ?? this.#tabs[0];
    return html`
      <nav aria-label=${t('shell.navigation')}>
        <div role="tablist" aria-label=${t('shell.navigation')} class="tabs" @keydown=${this.#tabKey}>
          ${this.#tabs.map((tab) => {
            const waiting = tab.badge?.(this.#model) ?? 0;
            return html`
              <button role="tab" id="tab-${tab.id}" aria-controls="view-${tab.id}" aria-selected=${tab === open} tabindex=${tab === entry ? 0 : -1}
                @click=${() => this.#model.navigate(tab.id)} data-testid="tab-${tab.id}">
                <i>${icons[tab.icon]}${badge(waiting, tab.badgeLabel ? t(tab.badgeLabel, { count: waiting }) : String(waiting))}</i><span class="clip">${t(tab.label)}</span></button>`;
          })}
        </div>
      </nav>`;
  }

  get #tabs(): readonly Tab[] {
    return registered.tabs.filter(({ available }) => available?.(this.#model) ?? true);
  }

  get #tab(): Tab | undefined {
    const tabs = this.#tabs;
    return tabs.find(({ id }) => id === this.#model.route.tab) ?? tabs[0];
  }

  readonly #tabKey = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const tabs = this.#tabs;
    const at = tabs.findIndex(({ id }) => id === this.#tab?.id);
    const to = tabs.at((at + step) % tabs.length);
    if (!to) return;
    this.#model.navigate(to.id);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${to.id}`)?.focus());
  };

  #viewName(): string {
    const { client, ringing, current, ended, problem, minimised, settingsOpen, route } = this.#model;
    if (!client) return 'sign-in';
    if (client.me === null) return 'connecting';
    if (current && !minimised) return 'call';
    if (ringing.length > 0 && !current) return 'incoming';
    if ((ended ?? problem) && !current) return 'ended';
    return settingsOpen === null ? `list ${JSON.stringify(route.params)}` : `settings ${settingsOpen}`;
  }

  #focusMain(): void {
    const [stage, list] = ['.stage:not(.none), .full', '.list > .view:not([hidden])'].map((where) => this.renderRoot.querySelector(where));
    const main = (stage ? mainOf(stage) : null) ?? (list ? mainOf(list) : null);
    main?.focus({ preventScroll: true });
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

/** From this width on the list and what it opens stand side by side, as in the styles. */
const WIDE = 720;

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
  contact: contactOf(call.peer.number),
});
