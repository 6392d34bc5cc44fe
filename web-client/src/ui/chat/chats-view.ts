// The conversations, and what is found in them.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { ChatMessage, Conversation } from '../../modules/chat/index.js';
import { when } from '../messages/format.js';
import { t } from '../messages/index.js';
import type { Picked } from '../shared/picker.js';
import '../shared/picker.js';
import { avatar, badge, busy, empty, iconButton, row } from '../shared/parts.js';
import { nameOf } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { attempt, chatOf, textOf, titleOf } from './chats.js';
import { openGroupForm } from './dialogs.js';

/** The user's conversations, the one last written in first, with a search over all messages. */
@customElement('ringdown-chats')
export class ChatsView extends PhoneView {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; height: 100%; min-height: 0; }
    .top { display: flex; gap: 8px; padding: 8px 12px; align-items: center; }
    .top .field { flex: 1; min-width: 0; }
    .list { flex: 1; overflow-y: auto; padding: 0 8px 12px; }
    li button.row { width: 100%; text-align: start; }
    .more-row { display: grid; padding: 8px; }
  `];

  @state() private query = '';
  @state() private found: readonly ChatMessage[] | null = null;
  #searching = 0;

  override render(): TemplateResult {
    const chat = chatOf(this.model);
    return html`
      <div class="top">
        <input class="field" type="search" maxlength="100" .value=${this.query} placeholder=${t('chat.search')} aria-label=${t('chat.search')}
          @input=${(event: Event) => this.#search((event.target as HTMLInputElement).value)} data-testid="chat-search">
        ${iconButton({ icon: 'edit', label: t('chat.new-chat'), run: () => this.#newChat(), testid: 'new-chat' })}
        ${iconButton({ icon: 'people', label: t('chat.new-group'), run: () => openGroupForm(this.model), testid: 'new-group' })}
      </div>
      <div class="list">${this.found ? this.#results(this.found) : !chat?.isListed ? busy() : this.#list()}</div>`;
  }

  #list(): TemplateResult {
    const chat = chatOf(this.model);
    const all = chat?.conversations ?? [];
    if (all.length === 0) return empty('chat', t('chat.none'));
    return html`
      <ul aria-label=${t('chat.conversations')} data-testid="chats">${all.map((one) => this.#row(one))}</ul>
      ${chat?.hasMore ? html`<div class="more-row"><button class="button small" @click=${() => attempt(this.model, () => chat.more())}>${t('chat.more-conversations')}</button></div>` : nothing}`;
  }

  #row(conversation: Conversation): TemplateResult {
    const { info, unread } = conversation;
    const name = titleOf(conversation);
    const last = info.last ? (info.kind === 'direct' ? textOf(info.last) : t('chat.from', { name: nameOf(info.last.from), text: textOf(info.last) })) : '';
    return html`<li><button class="row" @click=${() => this.model.navigate('chat', { with: info.id })} data-testid="chat-row" data-name=${name}>
      ${row({ start: avatar({ name }), title: name, more: html`<span class="clip">${last}</span>`,
        end: html`<time>${when(info.updatedAt, Date.now())}</time>${badge(unread, t('chat.unread-count', { count: unread }))}` })}
    </button></li>`;
  }

  #results(found: readonly ChatMessage[]): TemplateResult {
    if (found.length === 0) return empty('search', t('chat.nothing-found'));
    return html`<ul aria-label=${t('chat.search')} data-testid="chat-found">${found.map((message) => html`
      <li><button class="row" @click=${() => this.model.navigate('chat', { with: message.conversation, at: String(message.seq) })} data-testid="chat-hit">
        ${row({ start: avatar({ name: nameOf(message.from) }), title: nameOf(message.from), more: html`<span class="clip">${textOf(message)}</span>`, end: html`<time>${when(message.at, Date.now())}</time>` })}
      </button></li>`)}</ul>`;
  }

  #search(query: string): void {
    this.query = query;
    const turn = ++this.#searching;
    if (query.trim() === '') {
      this.found = null;
      return;
    }
    attempt(this.model, async (chat) => {
      // Typing on asks once.
      await new Promise((resolve) => { setTimeout(resolve, 250); });
      if (turn !== this.#searching) return;
      const { messages } = await chat.search(query);
      if (turn === this.#searching) this.found = messages;
    });
  }

  #newChat(): void {
    const chosen = (close: () => void) => ({ detail }: CustomEvent<Picked | null>): void => {
      if (!detail) return;
      close();
      this.model.navigate('chat', { to: detail.userId ?? detail.number });
    };
    this.model.openDialog({
      title: t('chat.new-chat'),
      content: (close) => html`<ringdown-picker .model=${this.model} @pick=${chosen(close)}></ringdown-picker>`,
    });
  }
}
