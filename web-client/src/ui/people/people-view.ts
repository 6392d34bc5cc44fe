// Colleagues with presence and search.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { DirectoryEntry, Unsubscribe } from '../../index.js';
import type { Contact } from '../../modules/people/index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import type { MenuItem } from '../shared/menu.js';
import { avatar } from '../shared/parts.js';
import { statusText } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { registered } from '../shell/registry.js';
import { openCard } from './card.js';
import { departmentsOf, found } from './find.js';
import { faceOf, peopleOf } from './people-of.js';
import '../shared/menu.js';

/** The server is asked once nobody typed for this long. */
const ASK_AFTER_MS = 150;

/** The part of the list that is no department. */
const BOOK = Symbol('address book');

/** A searchable list of colleagues, favourites first. Enter calls the first match; the arrow keys move between people. */
@customElement('ringdown-people')
export class PeopleView extends PhoneView {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; height: 100%; min-height: 0; }
    .search { position: relative; display: flex; gap: 8px; padding: 4px 16px 10px; }
    .search select { flex: none; width: auto; max-width: 42%; }
    .search svg { position: absolute; inset-inline-start: 28px; top: 15px; color: var(--soft); pointer-events: none; }
    .search input { padding-inline-start: 40px; min-width: 0; }
    .search .field::-webkit-search-cancel-button { filter: grayscale(1); }
    .lists { flex: 1; padding: 0 8px 12px; }
    .heading { padding: 8px 8px 4px; }
    li { display: flex; align-items: center; gap: 12px; padding: 7px 4px 7px 8px; border-radius: var(--radius); --at: var(--bg); }
    li:hover, li:focus-within { background: var(--sunken); --at: var(--sunken); }
    .who { flex: 1; min-width: 0; display: flex; align-items: center; gap: 12px; line-height: 1.35; text-align: start; border-radius: var(--radius); }
    .who > span:last-child { flex: 1; min-width: 0; }
    .name { display: block; }
    .name { font-weight: 550; }
    .line { display: flex; gap: 6px; font-size: 13px; color: var(--soft); }
    .gone .avatar { filter: saturate(.35); }
    .gone .name { color: var(--soft); }
    .on-call .status, .dnd .status { color: var(--stop-text); } .ringing .status { color: var(--warn-text); }
    .ends { display: flex; align-items: center; }
    .round { color: var(--accent); }
    li:hover .round, li:focus-within .round { background: var(--accent); color: var(--on-accent); }
    ringdown-menu { color: var(--soft); }
    .you { font-size: 12px; color: var(--soft); padding-inline-end: 12px; }
    .hint { padding: 12px 8px; font-size: 13px; color: var(--soft); text-align: center; }
    @media (hover: none) { .round { background: var(--tint); } }
  `];

  @state() private query = '';
  /** Which part of the company is shown: a department, everybody (empty), or the address book. */
  @state() private section: string | typeof BOOK = '';
  @state() private contacts: readonly Contact[] = [];
  /** Whom the server found that the page does not know. */
  @state() private others: readonly string[] = [];
  #asked = 0;
  #release: Unsubscribe | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#show([], null);
  }

  override render(): TemplateResult {
    const { client } = this.model;
    const people = peopleOf(this.model);
    const all = client?.directory.entries ?? [];
    const book = this.section === BOOK;
    const known = book ? [] : found(all, this.query).filter(({ department }) => this.section === '' || department === this.section);
    const others = this.query || this.section !== '' ? this.others.map((user) => people?.get(user)).filter((entry) => entry !== undefined) : [];
    const matches = [...known, ...others.filter(({ userId, department }) => known.every((other) => other.userId !== userId) && (this.section === '' || department === this.section))];
    const favourites = this.query || this.section !== '' ? [] : people?.favourites ?? [];
    const rest = matches.filter(({ userId }) => !favourites.some((favourite) => favourite.userId === userId));
    return html`
      <div class="search" role="search">
        ${icons.search}
        <input class="field" type="search" placeholder=${t('people.search-hint')} aria-label=${t('people.search')} maxlength="64"
          .value=${this.query} @input=${this.#search} @keydown=${this.#searchKey} data-testid="search" data-main>
        ${this.#parts(departmentsOf(all))}
      </div>
      <div class="sr" role="status">${this.query ? t('people.found', { count: matches.length + this.contacts.length }) : ''}</div>
      <div class="scroll lists" @keydown=${this.#listKey}>
        ${favourites.length === 0 ? nothing : html`
          <h3 class="heading">${t('people.favourites')}</h3>
          <ul data-testid="favourites" aria-label=${t('people.favourites')}>${repeat(favourites, ({ userId }) => userId, (person) => this.#person(person))}</ul>
          <h3 class="heading">${t('people.colleagues')}</h3>`}
        <ul data-testid="people" aria-label=${t('people.colleagues')}>
          ${repeat(rest, ({ userId }) => userId, (person) => this.#person(person))}
        </ul>
        ${this.contacts.length === 0 ? nothing : html`
          <h3 class="heading">${t('people.address-book')}</h3>
          <ul data-testid="contacts" aria-label=${t('people.address-book')}>${repeat(this.contacts, ({ id }) => id, (contact) => this.#contact(contact))}</ul>`}
        ${matches.length + this.contacts.length === 0 ? html`
          <div class="empty">${icons.people}<p>${this.query ? t('people.nobody-called', { query: this.query }) : t(book ? 'people.no-contacts' : 'people.none')}</p></div>` : nothing}
        ${!this.query && people?.complete === false ? html`<p class="hint">${t('people.more-found')}</p>` : nothing}
      </div>`;
  }

  #person(person: DirectoryEntry): TemplateResult {
    const { userId, name, extension, presence, department } = person;
    const me = userId === this.model.client?.me?.userId;
    const face = faceOf(this.model, person);
    return html`
      <li class="${face.presence ?? ''} ${presence === 'offline' || presence === 'asleep' ? 'gone' : ''}" data-testid="person" data-number=${extension} data-presence=${presence}>
        <button class="who" title=${department} @click=${() => openCard(this.model, userId)} data-testid="open-person">${avatar(face)}<span>
          <span class="name clip">${name}</span>
          <span class="line"><span class="digits">${extension}</span><span aria-hidden="true">·</span><span class="status clip">${statusText(person)}</span></span>
        </span></button>
        ${me ? html`<span class="you">${t('calls.you')}</span>` : html`<span class="ends">
          <button class="round" @click=${() => void this.model.call(extension)} aria-label=${t('people.call', { name })} title=${t('people.call', { name })}
            data-testid="call-person">${icons.phone}</button>
          <ringdown-menu label=${t('people.more-of', { name })} testid="more-person" .items=${this.#actions(person)}></ringdown-menu></span>`}
      </li>`;
  }

  #contact(contact: Contact): TemplateResult {
    const { name, organisation, numbers } = contact;
    const [first] = numbers;
    return html`
      <li data-testid="contact">
        <button class="who" @click=${() => openCard(this.model, contact)} data-testid="open-contact">${avatar({ name })}<span>
          <span class="name clip">${name}</span>
          <span class="line"><span class="digits clip">${[organisation, first?.number].filter(Boolean).join(' · ')}</span></span>
        </span></button>
        ${first ? html`<button class="round" @click=${() => void this.model.call(first.number)} aria-label=${t('people.call', { name })} title=${t('people.call', { name })}
          data-testid="call-person">${icons.phone}</button>` : nothing}
      </li>`;
  }

  #parts(departments: readonly string[]): TemplateResult {
    return html`
      <select class="field" aria-label=${t('people.which-people')} data-testid="people-part" @change=${(event: Event) => {
        const { value } = event.target as HTMLSelectElement;
        this.section = value === 'book' ? BOOK : value.slice(1);
        void this.#ask();
      }}>
        <option value="/" ?selected=${this.section === ''}>${t('people.everybody')}</option>
        ${departments.map((name) => html`<option value="/${name}" ?selected=${name === this.section}>${name}</option>`)}
        <option value="book" ?selected=${this.section === BOOK}>${t('people.address-book')}</option>
      </select>`;
  }

  #actions(person: DirectoryEntry): readonly MenuItem[] {
    const people = peopleOf(this.model);
    const isOne = people?.isFavourite(person.userId) ?? false;
    const favourite: MenuItem = {
      label: isOne ? t('people.favourite-remove') : t('people.favourite-add'), icon: isOne ? 'starred' : 'star', testid: 'favourite',
      run: () => void this.model.act(async () => people?.setFavourite(person.userId, !isOne)),
    };
    const more = registered.actions.filter(({ available }) => available?.(this.model, person) ?? true)
      .map(({ id, label, icon, run }): MenuItem => ({ label: t(label), icon, testid: `person-${id}`, run: () => run(this.model, person) }));
    return [...more, favourite];
  }

  readonly #search = (event: Event): void => {
    this.query = (event.target as HTMLInputElement).value;
    void this.#ask();
  };

  async #ask(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const query = this.query.trim();
    const book = this.section === BOOK;
    // Of a whole department the page may know a few: the server knows them all.
    const wanted = [typeof this.section === 'string' ? this.section : '', query].filter(Boolean).join(' ').slice(0, 64);
    if (query.length < 2 && this.section === '') {
      this.#show([], null);
      this.contacts = [];
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AFTER_MS));
    if (asked !== this.#asked) return;
    const people = peopleOf(this.model);
    try {
      const [colleagues, contacts] = await Promise.all([book ? [] : people?.search(wanted) ?? [], book || this.section === '' ? people?.contacts(query) ?? [] : []]);
      const users = colleagues.map(({ userId }) => userId);
      const release = await people?.watch(users) ?? null;
      if (asked !== this.#asked) {
        release?.();
        return;
      }
      this.#show(users, release);
      this.contacts = contacts;
    } catch {
      // Without the server the page finds whom it knows.
    }
  }

  #show(users: readonly string[], release: Unsubscribe | null): void {
    this.#release?.();
    this.#release = release;
    this.others = users;
  }

  readonly #searchKey = (event: KeyboardEvent): void => {
    const [first] = this.#buttons;
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      first?.focus();
    } else if (event.key === 'Enter' && this.query) {
      event.preventDefault();
      first?.click();
    } else if (event.key === 'Escape') {
      this.query = '';
    }
  };

  readonly #listKey = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const buttons = this.#buttons;
    const from = buttons.indexOf(event.target as HTMLElement);
    if (from < 0) return;
    event.preventDefault();
    (buttons[from + (event.key === 'ArrowDown' ? 1 : -1)] ?? this.renderRoot.querySelector<HTMLElement>('[data-main]'))?.focus();
  };

  get #buttons(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[data-testid="call-person"]')];
  }
}
