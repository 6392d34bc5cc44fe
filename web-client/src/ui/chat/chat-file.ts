// A file in a message: a picture is shown, anything else is a link that saves it.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { FileInfo } from '../../modules/chat/index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { chatOf } from './chats.js';

/** A file of a message. */
@customElement('ringdown-chat-file')
export class ChatFile extends PhoneView {
  static override styles = [base, css`
    img { display: block; max-width: 100%; max-height: 220px; border-radius: 8px; }
    a { display: inline-flex; gap: 6px; align-items: center; color: inherit; min-height: 24px; overflow-wrap: anywhere; }
  `];

  @property({ attribute: false }) file!: FileInfo;
  @state() private url = '';

  #shown = '';
  #asked = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#asked = '';
  }

  protected override willUpdate(): void {
    if (this.file.size === 0 || this.#asked === this.file.id || this.model.client?.state !== 'ready') return;
    if (this.#shown !== this.file.id) this.url = '';
    this.#shown = this.file.id;
    void this.#ask(this.file.id);
  }

  /** Asks for the address, and again before it opens nothing more. */
  async #ask(id: string): Promise<void> {
    this.#asked = id;
    clearTimeout(this.#timer);
    const link = await chatOf(this.model)?.fileLink(id).catch(() => null);
    if (this.#asked !== id || !this.isConnected) return;
    if (link) this.url = link.url;
    this.#timer = setTimeout(() => {
      // Without a connection it is asked for with the next.
      if (this.model.client?.state === 'ready') void this.#ask(id);
      else this.#asked = '';
    }, link ? Math.max(RETRY_MS, link.expiresIn * 1000 - MARGIN_MS) : RETRY_MS);
  }

  override render(): TemplateResult {
    const { name, mediaType, size } = this.file;
    if (size === 0) return html`<span class="soft" data-testid="file-gone">${t('chat.file-gone', { name })}</span>`;
    if (mediaType.startsWith('image/') && this.url !== '') return html`<a href=${this.url} target="_blank" rel="noreferrer"><img src=${this.url} alt=${t('chat.picture', { name })} data-testid="chat-picture"></a>`;
    return html`<a href=${this.url || nothing} download=${name} target="_blank" rel="noreferrer" data-testid="chat-file">${icons.attach}${name}</a>`;
  }
}

/** An address is renewed that long before its end, and what failed asked for again after that. */
const MARGIN_MS = 120_000;
const RETRY_MS = 20_000;
