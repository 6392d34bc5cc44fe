// Choosing a person or a number: for transfers, questions, invitations.
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { DirectoryEntry } from '../../index.js';
import { t } from '../messages/index.js';
import { PhoneView } from '../shell/phone-view.js';
import { icons } from './icons.js';
import { avatar, row } from './parts.js';
import { photoOf, presenceText } from './people.js';
import { base } from './styles.js';

/** Who was chosen. */
export interface Picked {
  readonly number: string;
  /** Empty for a number that was typed. */
  readonly name: string;
  readonly userId: string | null;
}

/**
 * A field and a list of people who fit what is typed, or the typed number itself; `pick` tells who is chosen (a click, or
 * Enter), null while nobody is. A combobox of WAI-ARIA: the keyboard stays in the field, the arrow keys move in the list.
 */
@customElement('ringdown-picker')
export class Picker extends PhoneView {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; min-height: 0; gap: 8px; }
    .search { position: relative; flex: none; }
    .search svg { position: absolute; inset-inline-start: 12px; top: 11px; color: var(--soft); pointer-events: none; }
    .search .field { padding-inline-start: 40px; }
    ul { flex: 1 1 auto; min-height: 120px; margin: 0 -8px; }
    .row { cursor: pointer; min-height: 50px; --at: var(--bg); }
    .row.active { background: var(--sunken); --at: var(--sunken); }
    .row[aria-selected='true'] { background: var(--tint); --at: var(--tint); }
    .number { display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50%; background: var(--tint); color: var(--accent); flex: none; }
    .number svg { font-size: 18px; }
    .check { color: var(--accent); }
    .none { padding: 24px 8px; text-align: center; color: var(--soft); }
  `];

  /** Accounts and numbers that cannot be chosen: who is in the call already. */
  @property({ attribute: false }) without: readonly string[] = [];
  @state() private query = '';
  @state() private found: readonly DirectoryEntry[] = [];
  @state() private picked: Picked | null = null;
  @state() private active = 0;
  #asked = 0;

  override render(): TemplateResult {
    const options = this.#options;
    return html`
      <div class="search">${icons.search}
        <input class="field" type="text" role="combobox" aria-expanded="true" aria-controls="options" aria-autocomplete="list" aria-activedescendant=${options.length > 0 ? `option-${this.active}` : nothing}
          placeholder=${t('people.search-hint')} aria-label=${t('people.name-or-number')} maxlength="64" autocomplete="off" spellcheck="false"
          .value=${this.query} @input=${this.#input} @keydown=${this.#key} data-testid="picker-search" data-main></div>
      <ul class="scroll" role="listbox" id="options" aria-label=${t('people.colleagues')} data-testid="picker">
        ${repeat(options, ({ number }) => number, (option, index) => this.#option(option, index))}
      </ul>
      ${options.length === 0 ? html`<p class="none" role="status">${t('people.nobody-called', { query: this.query })}</p>` : nothing}`;
  }

  override updated(changed: PropertyValues): void {
    if (changed.has('active')) this.renderRoot.querySelector('.active')?.scrollIntoView({ block: 'nearest' });
  }

  #option(option: Picked & { readonly entry: DirectoryEntry | null }, index: number): TemplateResult {
    const { entry, number, name } = option;
    const isPicked = this.picked?.number === number;
    return html`
      <li class="row ${index === this.active ? 'active' : ''}" role="option" id="option-${index}" aria-selected=${isPicked} data-testid="pick" data-number=${number} @click=${() => this.#pick(option, index)}>
        ${row({
          start: entry ? avatar({ ...entry, photo: photoOf(this.model, { userId: entry.userId, number }) }) : html`<span class="number" aria-hidden="true">${icons.keypad}</span>`,
          title: entry ? name : t('people.this-number', { number }),
          more: entry ? html`<span class="digits">${number}</span><span aria-hidden="true">·</span><span class="clip">${presenceText(entry.presence)}</span>` : undefined,
          end: isPicked ? html`<span class="check">${icons.check}</span>` : undefined,
        })}
      </li>`;
  }

  get #options(): readonly (Picked & { readonly entry: DirectoryEntry | null })[] {
    const { client } = this.model;
    const known = client?.directory.filter(this.query) ?? [];
    const more = this.found.filter(({ userId }) => known.every((other) => other.userId !== userId));
    const people = [...known, ...more]
      .filter(({ userId, extension }) => userId !== client?.me?.userId && !this.without.includes(userId) && !this.without.includes(extension))
      .slice(0, SHOWN)
      .map((entry) => ({ number: entry.extension, name: entry.name, userId: entry.userId, entry }));
    const typed = this.query.replace(/[\s()/.-]+/g, '');
    const isNumber = /^\+?[0-9*#]{2,}$/.test(typed) && people.every(({ number }) => number !== typed) && !this.without.includes(typed);
    return isNumber ? [{ number: typed, name: '', userId: null, entry: null }, ...people] : people;
  }

  readonly #input = (event: Event): void => {
    this.query = (event.target as HTMLInputElement).value;
    this.active = 0;
    this.#tell(null);
    void this.#search();
  };

  /** Whom this page does not know the server may. */
  async #search(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.found = [];
    if (this.query.trim().length < 2) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (asked !== this.#asked) return;
    const found = await this.model.client?.directory.search(this.query.trim()).catch(() => []);
    if (asked === this.#asked && found) this.found = found;
  }

  readonly #key = (event: KeyboardEvent): void => {
    const options = this.#options;
    const to = { ArrowDown: this.active + 1, ArrowUp: this.active - 1 }[event.key];
    if (to !== undefined && options.length > 0) {
      event.preventDefault();
      this.active = (to + options.length) % options.length;
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const option = options[this.active];
      if (option) this.#pick(option, this.active);
    } else if (event.key === 'Escape' && this.query) {
      event.preventDefault();
      this.query = '';
      this.#tell(null);
    }
  };

  #pick({ number, name, userId }: Picked, index: number): void {
    this.active = index;
    this.#tell({ number, name, userId });
  }

  #tell(picked: Picked | null): void {
    if (this.picked === picked) return;
    this.picked = picked;
    this.dispatchEvent(new CustomEvent<Picked | null>('pick', { detail: picked }));
  }
}

/** More than fits is found by typing. */
const SHOWN = 50;
