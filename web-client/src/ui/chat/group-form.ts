// A new group: its name and who is in it.
import { css, html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { formRow } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { attempt } from './chats.js';
import './people-choice.js';

/** The form of a new group. */
@customElement('ringdown-group-form')
export class GroupForm extends PhoneView {
  static override styles = [base, css`form { display: grid; gap: 12px; }`];

  /** Closes the dialog it is in. */
  @property({ attribute: false }) close: () => void = () => undefined;
  @state() private name = '';
  @state() private chosen: readonly string[] = [];

  override render(): TemplateResult {
    return html`<form @submit=${(event: Event) => this.#submit(event)}>
      ${formRow('group-name', t('chat.group-name'), html`<input class="field" id="group-name" data-main maxlength="100" required .value=${this.name}
        @input=${(event: Event) => { this.name = (event.target as HTMLInputElement).value; }} data-testid="group-name">`)}
      <ringdown-people-choice .model=${this.model} @choose=${(event: CustomEvent<readonly string[]>) => { this.chosen = event.detail; }}></ringdown-people-choice>
      <button class="button primary" ?disabled=${this.name.trim() === '' || this.chosen.length === 0} data-testid="create-group">${t('chat.create')}</button>
    </form>`;
  }

  #submit(event: Event): void {
    event.preventDefault();
    attempt(this.model, async (chat) => {
      const conversation = await chat.createGroup(this.name.trim(), this.chosen);
      this.close();
      this.model.navigate('chat', { with: conversation.id });
    });
  }
}
