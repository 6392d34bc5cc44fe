// Where messages are written: text, files that are dropped, pasted or chosen, and changes of what was written.
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { ChatMessage, Conversation } from './types.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { iconButton } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { attempt, chatOf, draftsOf, fits } from './chats.js';

/** The field of a conversation. */
@customElement('ringdown-composer')
export class Composer extends PhoneView {
  static override styles = [base, css`
    form { display: flex; gap: 6px; align-items: flex-end; padding: 6px 10px 10px; }
    textarea.field { flex: 1; min-width: 0; resize: none; max-height: 120px; field-sizing: content; padding-block: 10px; }
    .wrong:not(:empty) { padding: 4px 14px; font-size: 12px; color: var(--stop-text); }
    .strip { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; padding: 4px 12px; font-size: 13px; }
    .chip { display: inline-flex; align-items: center; max-width: 100%; padding-inline-start: 10px; border-radius: 99px; background: var(--sunken); }
    .chip .round, .strip > .round { width: 28px; height: 28px; }
    .chip svg, .strip > .round svg { font-size: 14px; }
  `];

  @property({ attribute: false }) conversation!: Conversation;
  /** The message that is changed; null while a new one is written. */
  @property({ attribute: false }) editing: ChatMessage | null = null;
  @state() private draft = '';
  @state() private files: readonly File[] = [];
  @query('textarea') private field!: HTMLTextAreaElement;
  @query('input[type=file]') private chooser!: HTMLInputElement;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('conversation')) this.files = [];
    // Each conversation has its own beginnings; a change of a message is not taken along.
    if (changed.has('conversation') || changed.has('editing')) this.draft = this.editing?.text ?? this.#drafts?.get(this.conversation.id) ?? '';
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('editing') && this.editing) this.field.focus();
  }

  override focus(): void { this.field.focus(); }

  /** Puts files beside what is written, to be sent with it. */
  take(files: Iterable<File>): void {
    this.files = [...this.files, ...files].slice(0, MAX_FILES);
    this.field.focus();
  }

  override render(): TemplateResult {
    const isTooLong = !fits(this.draft);
    const isEmpty = this.draft.trim() === '' && this.files.length === 0;
    return html`
      ${this.editing ? html`<div class="strip">${icons.edit}<span>${t('chat.editing')}</span>${iconButton({ icon: 'close', label: t('chat.discard'), run: () => this.#endEdit(), testid: 'edit-cancel' })}</div>` : nothing}
      ${this.files.length > 0 ? html`<div class="strip" data-testid="staged">${this.files.map((file, index) => html`<span class="chip"><span class="clip">${file.name}</span>${
        iconButton({ icon: 'close', label: t('chat.take-away', { name: file.name }), run: () => { this.files = this.files.filter((_, other) => other !== index); }, testid: 'unstage' })}</span>`)}</div>` : nothing}
      <div class="wrong" id="too-long" role="status" data-testid="too-long">${isTooLong ? t('chat.too-long') : nothing}</div>
      <form @submit=${(event: Event) => this.#submit(event)}>
        <input type="file" multiple hidden @change=${() => { this.take(this.chooser.files ?? []); this.chooser.value = ''; }} data-testid="chat-file-input">
        ${this.editing ? nothing : iconButton({ icon: 'attach', label: t('chat.attach'), run: () => this.chooser.click(), testid: 'attach' })}
        <textarea class="field" rows="1" .value=${this.draft} placeholder=${t('chat.message')} aria-label=${t('chat.message')} aria-invalid=${isTooLong} aria-describedby="too-long"
          @input=${() => this.#typed(this.field.value)} @keydown=${(event: KeyboardEvent) => this.#key(event)} @paste=${(event: ClipboardEvent) => this.#paste(event)} data-testid="chat-text"></textarea>
        <button class="round" aria-label=${this.editing ? t('chat.save') : t('chat.send')} ?disabled=${isEmpty || isTooLong} data-testid="chat-send">${icons.send}</button>
      </form>`;
  }

  get #drafts(): Map<string, string> | null {
    const chat = chatOf(this.model);
    return chat && draftsOf(chat);
  }

  #typed(text: string): void {
    this.draft = text;
    if (!this.editing) this.#drafts?.set(this.conversation.id, text);
    if (text !== '') chatOf(this.model)?.typing(this.conversation.id);
  }

  #key(event: KeyboardEvent): void {
    // A key that ends the choice of a Chinese character does nothing else.
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) this.#submit(event);
    if (event.key === 'Escape' && this.editing) {
      event.preventDefault();
      this.#endEdit();
    }
    // As in other chats: the arrow takes up what was written last.
    if (event.key === 'ArrowUp' && this.draft === '') this.dispatchEvent(new CustomEvent('edit-last'));
  }

  #paste(event: ClipboardEvent): void {
    const files = event.clipboardData?.files ?? [];
    if (files.length === 0 || this.editing) return;
    event.preventDefault();
    this.take(files);
  }

  #endEdit(): void {
    this.dispatchEvent(new CustomEvent('edited'));
    this.field.focus();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const [text, { conversation: { id }, editing, files }, chat] = [this.draft.trim(), this, chatOf(this.model)];
    if ((text === '' && files.length === 0) || !fits(text) || !chat) return;
    if (editing) {
      this.#endEdit();
      if (text !== '') attempt(this.model, () => chat.edit(editing, text));
      return;
    }
    this.#drafts?.delete(id);
    [this.draft, this.files] = ['', []];
    this.dispatchEvent(new CustomEvent('sent'));
    // The words stand with the first file.
    // What fails is said where it stands.
    if (files.length === 0) void chat.send(id, text).catch(() => undefined);
    files.forEach((file, index) => void chat.sendFile(id, file, index === 0 ? text : '').catch(() => undefined));
  }
}

/** More at once is a mistake. */
const MAX_FILES = 10;
