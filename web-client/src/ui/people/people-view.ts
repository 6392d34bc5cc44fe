// Colleagues with presence and search.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { DirectoryEntry } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { avatar, empty } from '../shared/parts.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';
import { presenceText } from '../shared/people.js';

/** A searchable list of colleagues. Enter calls the first match; the arrow keys move between people. */
@customElement('ringdown-people')
export class PeopleView extends PhoneView {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; height: 100%; min-height: 0; }
    .search { position: relative; padding: 4px 16px 10px; }
    .search svg { position: absolute; left: 28px; top: 15px; color: var(--soft); pointer-events: none; }
    .search .field { padding-left: 40px; }
    .search .field::-webkit-search-cancel-button { filter: grayscale(1); }
    ul { flex: 1; overflow-y: auto; padding: 0 8px 12px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
    li { display: flex; align-items: center; gap: 12px; padding: 7px 8px; border-radius: var(--radius); --at: var(--bg); }
    li:hover, li:focus-within { background: var(--sunken); --at: var(--sunken); }
    .who { flex: 1; min-width: 0; line-height: 1.35; }
    .name { font-weight: 550; }
    .line { display: flex; gap: 6px; font-size: 13px; color: var(--soft); }
    .away .avatar { filter: saturate(.35); }
    .away .name { color: var(--soft); }
    .on-call .status { color: var(--stop-text); } .ringing .status { color: var(--warn-text); }
    .round { color: var(--accent); }
    li:hover .round, li:focus-within .round { background: var(--accent); color: var(--on-accent); }
    .you { font-size: 12px; color: var(--soft); padding-right: 12px; }
    @media (hover: none) { .round { background: var(--tint); } }
  `];

  @state() private query = '';

  override render(): TemplateResult {
    const { client } = this.model;
    const found = client?.directory.filter(this.query) ?? [];
    return html`
      <div class="search" role="search">
        ${icons.search}
        <input class="field" type="search" placeholder=${t('people.search-hint')} aria-label=${t('people.search')}
          .value=${this.query} @input=${this.#search} @keydown=${this.#searchKey} data-testid="search" data-main>
      </div>
      <div class="sr" role="status">${this.query ? t('people.found', { count: found.length }) : ''}</div>
      <ul ?hidden=${found.length === 0} data-testid="people" @keydown=${this.#listKey} aria-label=${t('people.colleagues')}>
        ${repeat(found, ({ userId }) => userId, (person) => this.#person(person))}
      </ul>
      ${found.length === 0 ? empty('people', this.query ? t('people.nobody-called', { query: this.query }) : t('people.none')) : nothing}`;
  }

  #person({ userId, name, extension, presence }: DirectoryEntry): TemplateResult {
    const me = userId === this.model.client?.me?.userId;
    return html`
      <li class="${presence} ${presence === 'offline' ? 'away' : ''}" data-testid="person" data-number=${extension} data-presence=${presence}>
        ${avatar({ name, presence })}
        <div class="who">
          <div class="name clip">${name}</div>
          <div class="line"><span class="digits">${extension}</span><span aria-hidden="true">·</span><span class="status">${presenceText(presence)}</span></div>
        </div>
        ${me ? html`<span class="you">${t('calls.you')}</span>` : html`
          <button class="round" @click=${() => void this.model.call(extension)} aria-label=${t('people.call', { name })} title=${t('people.call', { name })}
            data-testid="call-person">${icons.phone}</button>`}
      </li>`;
  }

  readonly #search = (event: Event): void => {
    this.query = (event.target as HTMLInputElement).value;
  };

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
    event.preventDefault();
    const buttons = this.#buttons;
    const at = buttons.indexOf(event.target as HTMLElement) + (event.key === 'ArrowDown' ? 1 : -1);
    (buttons[at] ?? this.renderRoot.querySelector<HTMLElement>('[data-main]'))?.focus();
  };

  get #buttons(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[data-testid="call-person"]')];
  }
}
