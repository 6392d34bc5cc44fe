// One conversation: its messages, what is on its way, who types, and the field to write in.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Chat, ChatMessage, ChatOpenedTarget, Conversation, Outgoing } from './types.js';
import { timeOfDay } from '../messages/format.js';
import { t } from '../messages/index.js';
import { busy, empty, iconButton } from '../shared/parts.js';
import { nameOf } from '../shared/people.js';
import { base } from '../shared/styles.js';
import '../shared/menu.js';
import { icons } from '../shared/icons.js';
import { PhoneView } from '../shell/phone-view.js';
import { chatOf, draftsOf, fits, titleOf } from './chats.js';
import './chat-file.js';

/** A conversation, named by its id, a person or a call. */
@customElement('ringdown-chat')
export class ChatView extends PhoneView {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; height: 100%; min-height: 0; }
    header { display: flex; align-items: center; gap: 8px; padding: 6px 10px; border-bottom: 1px solid var(--line); }
    h2 { flex: 1; min-width: 0; margin: 0; font-size: 16px; }
    .messages { flex: 1; overflow-y: auto; padding: 10px 12px; display: flex; flex-direction: column; gap: 6px; }
    .message { max-width: 82%; align-self: flex-start; background: var(--sunken); border-radius: 12px; padding: 6px 10px; overflow-wrap: anywhere; white-space: pre-wrap; }
    .mine { align-self: flex-end; background: var(--tint); }
    .who { font-size: 12px; font-weight: 600; }
    .foot { display: flex; gap: 6px; align-items: center; justify-content: flex-end; font-size: 11px; color: var(--soft); white-space: normal; }
    .gone { font-style: italic; color: var(--soft); }
    .typing { min-height: 20px; padding: 0 14px; font-size: 12px; color: var(--soft); }
    form { display: flex; gap: 6px; align-items: flex-end; padding: 6px 10px 10px; }
    textarea { flex: 1; min-width: 0; resize: none; max-height: 120px; }
    .older { align-self: center; }
    .wrong:not(:empty) { padding: 4px 14px; font-size: 12px; color: var(--stop-text); }
    .failed { color: var(--stop-text); }
  `];

  /** Which conversation. */
  @property({ attribute: false }) target: ChatOpenedTarget = {};
  /** Whether it stands beside a call, without a way back. */
  @property({ type: Boolean }) inCall = false;
  @state() private conversation: Conversation | null = null;
  @state() private draft = '';
  @state() private editing: ChatMessage | null = null;
  @query('.messages') private list!: HTMLElement | null;
  /** Why nothing is shown. */
  @state() private problem: 'failed' | 'gone' | null = null;
  #atEnd = true;
  #opened = '';
  #chat: Chat | null = null;
  #turn = 0;

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
      void this.model.act(() => this.#open(chat));
    }
    const seen = this.list;
    this.#atEnd = !seen || seen.scrollHeight - seen.scrollTop - seen.clientHeight < 60;
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
    try {
      const conversation = await chat.open(this.target);
      if (turn === this.#turn) this.#show(conversation);
    } catch (thrown) {
      // Another one is looked at by now.
      if (turn !== this.#turn) return;
      this.problem = 'failed';
      throw thrown;
    }
  }

  /** Each conversation has its own beginnings; a change of a message is not taken along. */
  #show(conversation: Conversation | null): void {
    this.conversation = conversation;
    this.editing = null;
    this.draft = (conversation && this.#chat && draftsOf(this.#chat).get(conversation.id)) ?? '';
  }

  protected override updated(): void {
    if (this.list && this.#atEnd) this.list.scrollTop = this.list.scrollHeight;
    // What is on a screen nobody looks at is not read.
    if (this.conversation && this.#atEnd && document.visibilityState === 'visible') chatOf(this.model)?.read(this.conversation.id);
  }

  override render(): TemplateResult {
    const { conversation, problem } = this;
    if (problem === 'gone') return empty('chat', t('chat.gone'), this.inCall ? undefined : { label: t('chat.back'), run: () => this.model.navigate('chat', {}) });
    if (problem === 'failed') return empty('chat', t('chat.open-failed'), { label: t('chat.try-again'), run: () => this.#close() });
    if (!conversation) return busy();
    const typing = conversation.typing(Date.now());
    const isTooLong = !fits(this.draft);
    return html`
      <header>${this.inCall ? nothing : iconButton({ icon: 'back', label: t('chat.back'), run: () => this.model.navigate('chat', {}), testid: 'chat-back' })}
        <h2 class="clip" tabindex="-1" data-main data-testid="chat-title">${titleOf(conversation)}</h2>
        ${conversation.info.kind === 'direct' || this.inCall ? nothing : iconButton({ icon: 'close', label: t('chat.leave'), run: () => this.#leave(), testid: 'chat-leave' })}
      </header>
      <div class="messages" role="log" aria-label=${titleOf(conversation)} tabindex="0" data-testid="messages">
        ${conversation.hasOlder && conversation.isLoaded ? html`<button class="button small older" @click=${() => this.#older()} data-testid="older">${t('chat.older')}</button>` : nothing}
        ${repeat(conversation.messages, ({ seq }) => seq, (message) => this.#message(conversation, message))}
        ${repeat(conversation.outgoing, ({ id }) => id, (message) => this.#outgoing(conversation, message))}
      </div>
      <div class="typing" role="status" data-testid="typing">${typing.length > 0 ? t('chat.typing', { names: typing.join(', ') }) : nothing}</div>
      <div class="wrong" id="too-long" role="status" data-testid="too-long">${isTooLong ? t('chat.too-long') : nothing}</div>
      <form @submit=${(event: Event) => this.#submit(event)}>
        <input type="file" hidden @change=${(event: Event) => this.#attach(event.target as HTMLInputElement)} data-testid="chat-file-input">
        ${iconButton({ icon: 'attach', label: t('chat.attach'), run: () => this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click(), testid: 'attach' })}
        <textarea class="field" rows="1" .value=${this.draft} placeholder=${t('chat.message')} aria-label=${t('chat.message')}
          aria-invalid=${isTooLong} aria-describedby="too-long" @input=${(event: Event) => this.#typed((event.target as HTMLTextAreaElement).value)} @keydown=${(event: KeyboardEvent) => this.#key(event)} data-testid="chat-text"></textarea>
        <button class="round go" aria-label=${this.editing ? t('chat.save') : t('chat.send')} ?disabled=${this.draft.trim() === '' || isTooLong} data-testid="chat-send">${icons.send}</button>
      </form>`;
  }

  #message(conversation: Conversation, message: ChatMessage): TemplateResult {
    const mine = message.from.userId === this.model.client?.me?.userId;
    const state = conversation.stateOf(message);
    const words = { sent: t('chat.sent'), delivered: t('chat.delivered'), read: t('chat.read') };
    return html`<div class="message ${mine ? 'mine' : ''}" data-testid="message" data-seq=${message.seq} data-state=${mine ? state : 'theirs'}>${
      mine || conversation.info.kind === 'direct' ? nothing : html`<div class="who">${nameOf(message.from)}</div>`}${
      message.isDeleted ? html`<span class="gone">${t('chat.deleted')}</span>` : html`<span data-testid="message-text">${message.text}</span>`}${
      message.file ? html`<ringdown-chat-file .model=${this.model} .file=${message.file}></ringdown-chat-file>` : nothing}
      <div class="foot">${message.editedAt !== undefined && !message.isDeleted ? html`<span>${t('chat.edited')}</span>` : nothing}<time>${timeOfDay(message.at)}</time>${
        mine ? html`<span>${words[state]}</span>` : nothing}${mine && !message.isDeleted ? html`<ringdown-menu label=${t('chat.more')} .items=${[
        { label: t('chat.edit'), icon: 'edit', run: () => this.#edit(message), testid: 'edit-message' },
        { label: t('chat.delete'), icon: 'trash', danger: true, run: () => void this.model.act(async () => chatOf(this.model)?.delete(message)), testid: 'delete-message' },
      ]}>${icons.more}</ringdown-menu>` : nothing}</div>
    </div>`;
  }

  #outgoing({ id }: Conversation, { id: messageId, text, file, failed }: Outgoing): TemplateResult {
    return html`<div class="message mine" data-testid="outgoing">${text || file?.name}
      <div class="foot ${failed ? 'failed' : ''}">${failed ? t('chat.failed') : t('chat.sending')}${failed ? html`
        <button class="button small" @click=${() => void this.model.act(async () => chatOf(this.model)?.retry(id, messageId))} data-testid="retry">${t('chat.retry')}</button>
        <button class="button small" @click=${() => chatOf(this.model)?.discard(id, messageId)} data-testid="discard">${t('chat.discard')}</button>` : nothing}</div>
    </div>`;
  }

  #typed(text: string): void {
    this.draft = text;
    if (this.conversation && this.#chat && !this.editing) draftsOf(this.#chat).set(this.conversation.id, text);
    if (this.conversation && text !== '') chatOf(this.model)?.typing(this.conversation.id);
  }

  #key(event: KeyboardEvent): void {
    // A key that ends the choice of a Chinese character does not send.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    this.#submit(event);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const [text, { conversation, editing }, chat] = [this.draft.trim(), this, chatOf(this.model)];
    if (text === '' || !fits(text) || !conversation || !chat) return;
    // A change of a message leaves what was begun before it.
    if (!editing) draftsOf(chat).delete(conversation.id);
    this.#show(conversation);
    this.#atEnd = true;
    void this.model.act(() => (editing ? chat.edit(editing, text) : chat.send(conversation.id, text)));
  }

  #edit(message: ChatMessage): void {
    this.editing = message;
    this.draft = message.text;
    this.renderRoot.querySelector<HTMLTextAreaElement>('textarea')?.focus();
  }

  #attach(input: HTMLInputElement): void {
    const [file, { conversation }, chat] = [input.files?.[0], this, chatOf(this.model)];
    input.value = '';
    if (!file || !conversation || !chat) return;
    void this.model.act(async () => chat.send(conversation.id, '', await chat.upload(file)));
  }

  #older(): void {
    const { conversation } = this;
    if (conversation) void this.model.act(async () => chatOf(this.model)?.older(conversation.id));
  }

  #leave(): void {
    const { conversation } = this;
    if (!conversation) return;
    const leave = (close: () => void): void => {
      close();
      void this.model.act(async () => {
        await chatOf(this.model)?.leave(conversation.id);
        // Another one may be looked at by now.
        if (this.conversation === null || this.conversation === conversation) this.model.navigate('chat', {});
      });
    };
    this.model.openDialog({
      title: t('chat.leave'),
      content: (close) => html`<p>${t('chat.leave-sure', { title: titleOf(conversation) })}</p>
        <div class="choice"><button class="button" data-main @click=${close} data-testid="leave-cancel">${t('chat.stay')}</button>
          <button class="button danger" @click=${() => leave(close)} data-testid="leave-sure">${t('chat.leave')}</button></div>`,
    });
  }
}
