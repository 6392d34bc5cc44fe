// Choosing several people: a search, and a list with boxes to tick.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { DirectoryEntry } from '../../index.js';
import { t } from '../messages/index.js';
import { avatar } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';

/** People to tick; `choose` tells who is, by account. */
@customElement('ringdown-people-choice')
export class PeopleChoice extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; gap: 8px; }
    fieldset { max-height: 240px; overflow-y: auto; }
    legend { padding: 0; font-weight: 550; font-size: 13px; }
    label { display: flex; gap: 10px; align-items: center; min-height: 44px; }
    input[type=checkbox] { width: 18px; height: 18px; accent-color: var(--accent); }
  `];

  /** Accounts that are not offered. */
  @property({ attribute: false }) without: readonly string[] = [];
  @state() private query = '';
  @state() private found: readonly DirectoryEntry[] = [];
  @state() private chosen: ReadonlyMap<string, DirectoryEntry> = new Map();
  #asked = 0;

  override render(): TemplateResult {
    const { directory, me } = this.model.client ?? {};
    const known = [...this.chosen.values(), ...(directory?.filter(this.query) ?? []), ...this.found];
    const people = [...new Map(known.map((entry) => [entry.userId, entry])).values()]
      .filter(({ userId }) => userId !== me?.userId && !this.without.includes(userId)).slice(0, SHOWN);
    return html`
      <input class="field" type="search" maxlength="64" placeholder=${t('people.search-hint')} aria-label=${t('people.search-hint')} .value=${this.query}
        @input=${(event: Event) => void this.#search((event.target as HTMLInputElement).value)} @keydown=${(event: KeyboardEvent) => { if (event.key === 'Enter') event.preventDefault(); }} data-testid="choice-search">
      <fieldset class="scroll"><legend>${t('people.colleagues')}</legend>${people.map((entry) => html`
        <label><input type="checkbox" .checked=${this.chosen.has(entry.userId)} @change=${() => this.#toggle(entry)} data-testid="group-member" data-name=${entry.name}>
          ${avatar(entry, 'tiny')}<span class="clip">${entry.name}</span></label>`)}
        ${people.length === 0 ? html`<p class="soft" role="status">${t('people.nobody-called', { query: this.query })}</p>` : nothing}
      </fieldset>`;
  }

  #toggle(entry: DirectoryEntry): void {
    const chosen = new Map(this.chosen);
    if (!chosen.delete(entry.userId)) chosen.set(entry.userId, entry);
    this.chosen = chosen;
    this.dispatchEvent(new CustomEvent<readonly string[]>('choose', { detail: [...chosen.keys()] }));
  }

  /** Whom this page does not know the server may. */
  async #search(query: string): Promise<void> {
    this.query = query;
    const asked = ++this.#asked;
    this.found = [];
    if (query.trim().length < 2) return;
    await new Promise((resolve) => { setTimeout(resolve, 150); });
    const found = asked === this.#asked ? await this.model.client?.directory.search(query.trim()).catch(() => []) : undefined;
    if (asked === this.#asked && found) this.found = found;
  }
}

/** More than these are found by typing. */
const SHOWN = 100;
