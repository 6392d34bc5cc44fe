// A new group: its name and who is in it.
import { css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { formRow } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { chatOf } from './chats.js';

/** The form of a new group. */
@customElement('ringdown-group-form')
export class GroupForm extends PhoneView {
  static override styles = [base, css`
    form { display: grid; gap: 12px; }
    fieldset { border: 0; padding: 0; margin: 0; max-height: 240px; overflow-y: auto; }
    legend { padding: 0; font-weight: 550; }
    label.person { display: flex; gap: 10px; align-items: center; min-height: 32px; }
  `];

  /** Closes the dialog it is in. */
  @property({ attribute: false }) close: () => void = () => undefined;
  @state() private name = '';
  @state() private chosen: ReadonlySet<string> = new Set();

  override render(): TemplateResult {
    const me = this.model.client?.me?.userId;
    const people = (this.model.client?.directory.entries ?? []).filter(({ userId }) => userId !== me);
    return html`<form @submit=${(event: Event) => this.#submit(event)}>
      ${formRow('group-name', t('chat.group-name'), html`<input class="field" id="group-name" data-main maxlength="100" required .value=${this.name}
        @input=${(event: Event) => { this.name = (event.target as HTMLInputElement).value; }} data-testid="group-name">`)}
      <fieldset><legend>${t('chat.members')}</legend>${people.map(({ userId, name }) => html`
        <label class="person"><input type="checkbox" .checked=${this.chosen.has(userId)} @change=${() => this.#toggle(userId)} data-testid="group-member" data-name=${name}>${name}</label>`)}
      </fieldset>
      <button class="button primary" ?disabled=${this.name.trim() === '' || this.chosen.size === 0} data-testid="create-group">${t('chat.create')}</button>
    </form>`;
  }

  #toggle(userId: string): void {
    const chosen = new Set(this.chosen);
    if (!chosen.delete(userId)) chosen.add(userId);
    this.chosen = chosen;
  }

  #submit(event: Event): void {
    event.preventDefault();
    void this.model.act(async () => {
      const conversation = await chatOf(this.model)?.createGroup(this.name.trim(), [...this.chosen]);
      this.close();
      if (conversation) this.model.navigate('chat', { with: conversation.id });
    });
  }
}
