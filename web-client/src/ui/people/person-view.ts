// Somebody in full: how they are, where they work, every number, and what can be done. Read when it is wanted.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { DirectoryEntry } from '../../index.js';
import type { Contact } from '../../modules/people/index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { avatar, iconButton, row } from '../shared/parts.js';
import { statusText } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { registered } from '../shell/registry.js';
import { faceOf, peopleOf } from './people-of.js';

/** A colleague or somebody of the address book. Fires `done` when something was done that leaves the card behind. */
@customElement('ringdown-person')
export class PersonView extends PhoneView {
  static override styles = [base, css`
    .who { display: grid; justify-items: center; gap: 2px; padding: 4px 0 14px; text-align: center; }
    .who .avatar { margin-bottom: 8px; }
    b { font-size: 19px; font-weight: 600; overflow-wrap: anywhere; }
    .row .round { color: var(--accent); }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; justify-content: center; margin-top: 12px; }
  `];

  /** A colleague's account. */
  @property() user = '';
  /** Somebody outside, where it is no colleague. */
  @property({ attribute: false }) contact: Contact | null = null;

  override render(): TemplateResult {
    const { contact } = this;
    if (contact) {
      return html`
        <div class="who">${avatar({ name: contact.name }, 'large')}<b>${contact.name}</b><span class="soft">${contact.organisation}</span></div>
        <ul data-testid="numbers">${contact.numbers.map(({ label, number }) => this.#number(contact.name, label || t('people.number'), number, false))}</ul>`;
    }
    const person = peopleOf(this.model)?.get(this.user);
    if (!person) return html`<p class="soft">${t('people.gone')}</p>`;
    const me = person.userId === this.model.client?.me?.userId;
    return html`
      <div class="who">${avatar(faceOf(this.model, person), 'large')}<b>${person.name}</b>
        <span class="soft" data-testid="person-status">${statusText(person)}</span><span class="soft">${person.department}</span></div>
      <ul data-testid="numbers">${this.#number(person.name, t('people.extension'), person.extension, !me)}</ul>
      ${me ? nothing : this.#actions(person)}`;
  }

  #number(name: string, label: string, number: string, withVideo: boolean): TemplateResult {
    const isOwn = number === this.model.client?.me?.extension;
    const call = (video: boolean): void => {
      this.#done();
      void this.model.call(number, {}, video ? { video } : {});
    };
    return html`<li class="row">${row({
      title: html`<span class="digits">${number}</span>`, more: label,
      end: isOwn ? nothing : html`
        ${withVideo ? iconButton({ icon: 'video', label: t('people.video-call', { name }), run: () => call(true), testid: 'card-video' }) : nothing}
        ${iconButton({ icon: 'phone', label: `${t('people.call', { name })}, ${label}`, run: () => call(false), testid: 'card-call' })}`,
    })}</li>`;
  }

  #actions(person: DirectoryEntry): TemplateResult {
    const people = peopleOf(this.model);
    const isOne = people?.isFavourite(person.userId) ?? false;
    const actions = registered.actions.filter(({ id, available }) => id !== 'video' && (available?.(this.model, person) ?? true));
    return html`<div class="actions">
      ${actions.map(({ id, label, icon, run }) => html`
        <button class="button small" data-testid="card-${id}" @click=${() => { this.#done(); run(this.model, person); }}>${icons[icon]} ${t(label)}</button>`)}
      <button class="button small" aria-pressed=${isOne} data-testid="card-favourite"
        @click=${() => void this.model.act(async () => people?.setFavourite(person.userId, !isOne))}>${icons[isOne ? 'starred' : 'star']} ${t(isOne ? 'people.favourite-remove' : 'people.favourite-add')}</button>
    </div>`;
  }

  #done(): void {
    this.dispatchEvent(new Event('done'));
  }
}
