// One conversation: its messages by day, what is new, what is on its way, who types, and the field to write in.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Chat, ChatMessage, ChatOpenedTarget, Conversation } from './types.js';
import { asRingdownError } from '../../errors.js';
import { errorText } from '../messages/errors.js';
import { dayOf, daysAgo } from '../messages/format.js';
import { t } from '../messages/index.js';
import { badge, busy, empty, iconButton, notice } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import '../shared/menu.js';
import { PhoneView } from '../shell/phone-view.js';
import { attempt, attempted, chatOf, titleOf } from './chats.js';
import type { Composer } from './composer.js';
import './composer.js';
import { openAbout } from './dialogs.js';
import { messageView, outgoingView } from './message-view.js';
import { messageStyles } from './message-styles.js';

/** A conversation, named by its id, a person or a call. */
@customElement('ringdown-chat')
export class ChatView extends PhoneView {
  static override styles = [base, messageStyles, css`
    :host { position: relative; display: flex; flex-direction: column; height: 100%; min-height: 0; }
    :host(.dropping)::after { content: ''; position: absolute; inset: 6px; border: 2px dashed var(--accent); border-radius: var(--radius); background: color-mix(in srgb, var(--tint), transparent 40%); pointer-events: none; }
    header { display: flex; align-items: center; gap: 8px; padding: 6px 10px; border-bottom: 1px solid var(--line); }
    h2 { flex: 1; min-width: 0; margin: 0; font-size: 16px; }
    .messages { flex: 1; overflow-y: auto; padding: 10px 12px; display: flex; flex-direction: column; gap: 6px; }
    .typing { min-height: 20px; padding: 0 14px; font-size: 12px; color: var(--soft); }
    .older { align-self: center; }
    .down { position: relative; height: 0; }
    .down .button { position: absolute; inset-inline-end: 12px; bottom: 8px; box-shadow: var(--shadow); }
  `];

  /** Which conversation. */
  @property({ attribute: false }) target: ChatOpenedTarget = {};
  /** Whether it stands beside a call, without a way back. */
  @property({ type: Boolean }) inCall = false;
  @state() private conversation: Conversation | null = null;
  @state() private editing: ChatMessage | null = null;
  /** The first message that was new when it was opened. */
  @state() private newFrom: number | null = null;
  /** Why nothing is shown. */
  @state() private problem: 'failed' | 'gone' | null = null;
  private why = '';
  @state() private atEnd = true;
  @query('.messages') private list!: HTMLElement | null;
  @query('ringdown-composer') private composer!: Composer | null;
  #goTo: number | null = null;
  #opened = '';
  #chat: Chat | null = null;
  #turn = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#seen);
    addEventListener('focus', this.#seen);
    this.addEventListener('dragover', this.#drag);
    this.addEventListener('dragleave', this.#drag);
    this.addEventListener('drop', this.#drag);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#seen);
    removeEventListener('focus', this.#seen);
  }

  /** What is on a screen nobody looks at is not read; it is once somebody does. */
  readonly #seen = (): void => this.requestUpdate();

  protected override willUpdate(): void {
    const key = JSON.stringify(this.target);
    const chat = chatOf(this.model);
    const isReady = this.model.client?.state === 'ready';
    if (key !== this.#opened || chat !== this.#chat) this.#close();
    if (this.conversation && chat?.get(this.conversation.id) !== this.conversation) {
      this.#show(null);
      this.problem = 'gone';
    }
    // What failed without a connection is tried again with the next.
    if (this.problem === 'failed' && !isReady) this.#close();
    if (chat && isReady && this.#opened === '') {
      [this.#opened, this.#chat] = [key, chat];
      void this.#open(chat);
    }
  }

  /** Nothing is open: what is asked for opens next. */
  #close(): void {
    this.#turn += 1;
    this.#opened = '';
    this.problem = null;
    this.#show(null);
  }

  async #open(chat: Chat): Promise<void> {
    const turn = ++this.#turn;
    const { at, to, call, conversation: id } = this.target;
    try {
      const conversation = await chat.open({ ...(to === undefined ? {} : { to }), ...(call === undefined ? {} : { call }), ...(id === undefined ? {} : { conversation: id }) });
      const { read } = conversation.info;
      const newFrom = conversation.unread > 0 ? read + 1 : null;
      // The message that was found, or where reading goes on.
      const goTo = at ?? (newFrom !== null && newFrom < (conversation.messages[0]?.seq ?? 0) ? newFrom : null);
      if (goTo !== null) await chat.around(conversation.id, goTo);
      if (turn !== this.#turn) return;
      this.#show(conversation);
      [this.newFrom, this.#goTo, this.atEnd] = [newFrom, at ?? newFrom, at === undefined && newFrom === null];
    } catch (thrown) {
      // Another one may be looked at by now.
      if (turn === this.#turn) [this.problem, this.why] = ['failed', errorText(asRingdownError(thrown)).title];
    }
  }

  #show(conversation: Conversation | null): void {
    if (conversation !== this.conversation) this.newFrom = null;
    this.conversation = conversation;
    this.editing = null;
  }

  protected override updated(): void {
    const { list, conversation } = this;
    if (!list || !conversation) return;
    if (this.#goTo !== null) this.#scrollTo(list, this.#goTo);
    else if (this.atEnd && !conversation.hasNewer) list.scrollTop = list.scrollHeight;
    this.#scrolled();
    if (this.atEnd && !conversation.hasNewer && document.visibilityState === 'visible' && this.offsetHeight > 0) chatOf(this.model)?.read(conversation.id);
  }

  /** Shows a message in the middle, without moving the page around the widget. */
  #scrollTo(list: HTMLElement, seq: number): void {
    const place = [...list.querySelectorAll<HTMLElement>('[data-seq]')].find((one) => Number(one.dataset.seq) >= seq);
    this.#goTo = null;
    if (!place) return;
    const [frame, box] = [list.getBoundingClientRect(), place.getBoundingClientRect()];
    list.scrollTop += box.top - frame.top - frame.height / 3;
    if (this.target.at === seq) {
      place.classList.add('found');
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
    }
  }

  /** Whether the end is in sight. */
  #scrolled(): void {
    const { list } = this;
    if (list) this.atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  }

  override render(): TemplateResult {
    const { conversation, problem } = this;
    if (problem === 'gone') return empty('chat', t('chat.gone'), this.inCall ? undefined : { label: t('chat.back'), run: () => this.model.navigate('chat', {}) });
    if (problem === 'failed') return empty('chat', `${t('chat.open-failed')} ${this.why}`, { label: t('chat.try-again'), run: () => this.#close() });
    if (!conversation) return busy();
    const { id, info: { peer } } = conversation;
    const typing = conversation.typing(Date.now());
    const chat = chatOf(this.model);
    const other = peer?.userId ?? '';
    const isBlocked = chat?.blocked.has(other) === true;
    return html`
      <header>${this.inCall ? nothing : iconButton({ icon: 'back', label: t('chat.back'), run: () => this.model.navigate('chat', {}), testid: 'chat-back' })}
        <h2 class="clip" tabindex="-1" data-main data-testid="chat-title">${titleOf(conversation)}</h2>
        ${iconButton({ icon: 'info', label: t('chat.about'), run: () => openAbout(this.model, conversation), testid: 'chat-about' })}
      </header>
      <div class="messages" role="log" aria-label=${titleOf(conversation)} tabindex="0" @scroll=${() => this.#scrolled()} data-testid="messages">
        ${conversation.hasOlder && conversation.isLoaded ? html`<button class="button small older" @click=${() => void this.#older(id)} data-testid="older">${t('chat.older')}</button>` : nothing}
        ${repeat(conversation.messages, ({ seq }) => seq, (message, index) => html`${this.#dividers(message, conversation.messages[index - 1])}${messageView(this.model, conversation, message, (edited) => { this.editing = edited; })}`)}
        ${conversation.hasNewer ? html`<button class="button small older" @click=${() => attempt(this.model, () => chat?.newer(id))} data-testid="newer">${t('chat.newer')}</button>`
          : repeat(conversation.outgoing, (one) => one.id, (one) => outgoingView(this.model, conversation, one))}
      </div>
      <div class="down">${this.atEnd && !conversation.hasNewer ? nothing : html`<button class="button small" @click=${() => void this.#toEnd(id)} data-testid="to-end">${t('chat.to-end')} ${badge(conversation.unread, t('chat.unread-count', { count: conversation.unread }))}</button>`}</div>
      <div class="typing" role="status" data-testid="typing">${typing.length > 0 ? t('chat.typing', { names: typing.join(', ') }) : nothing}</div>
      ${isBlocked ? notice({ icon: 'info', text: t('chat.blocked', { name: titleOf(conversation) }), kind: 'calm', testid: 'chat-blocked', action: { label: t('chat.unblock'), run: () => attempt(this.model, () => chat.block(other, false)), testid: 'chat-unblock' } })
        : html`<ringdown-composer .model=${this.model} .conversation=${conversation} .editing=${this.editing} @edited=${() => { this.editing = null; }}
          @edit-last=${() => this.#editLast(conversation)} @sent=${() => { this.newFrom = null; void this.#toEnd(id); }}></ringdown-composer>`}`;
  }

  /** A day's name, and where what is new begins. */
  #dividers({ at, seq }: ChatMessage, before: ChatMessage | undefined): TemplateResult {
    return html`${before && daysAgo(before.at, at) === 0 ? nothing : html`<div class="divider" data-testid="day">${dayOf(at, Date.now())}</div>`}${
      this.newFrom !== null && seq >= this.newFrom && (before?.seq ?? 0) < this.newFrom ? html`<div class="divider new" data-testid="new-messages">${t('chat.new')}</div>` : nothing}`;
  }

  #editLast({ messages }: Conversation): void {
    const me = this.model.client?.me?.userId;
    this.editing = messages.findLast(({ from, isDeleted, text }) => from.userId === me && !isDeleted && text !== '') ?? null;
  }

  /** Reads older messages; what was looked at stays where it is. */
  async #older(id: string): Promise<void> {
    const { list } = this;
    const below = list ? list.scrollHeight - list.scrollTop : 0;
    await attempted(this.model, (chat) => chat.older(id));
    await this.updateComplete;
    if (list) list.scrollTop = list.scrollHeight - below;
  }

  async #toEnd(id: string): Promise<void> {
    await attempted(this.model, (chat) => chat.newest(id));
    this.atEnd = true;
    this.requestUpdate();
    await this.updateComplete;
    if (this.list) this.list.scrollTop = this.list.scrollHeight;
  }

  readonly #drag = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files') || !this.composer || this.editing) return;
    event.preventDefault();
    this.classList.toggle('dropping', event.type === 'dragover');
    if (event.type === 'drop') this.composer.take(event.dataTransfer.files);
  };
}
