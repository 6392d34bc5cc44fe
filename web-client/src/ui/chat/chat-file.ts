// A file in a message: a picture is shown, anything else is a link that saves it.
import { css, html, type TemplateResult } from 'lit';
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

  override connectedCallback(): void {
    super.connectedCallback();
    void this.model.act(async () => { this.url = (await chatOf(this.model)?.fileUrl(this.file.id)) ?? ''; });
  }

  override render(): TemplateResult {
    const { name, mediaType } = this.file;
    if (mediaType.startsWith('image/') && this.url !== '') return html`<a href=${this.url} target="_blank" rel="noreferrer"><img src=${this.url} alt=${t('chat.picture', { name })} data-testid="chat-picture"></a>`;
    return html`<a href=${this.url} download=${name} target="_blank" rel="noreferrer" data-testid="chat-file">${icons.attach}${name}</a>`;
  }
}
