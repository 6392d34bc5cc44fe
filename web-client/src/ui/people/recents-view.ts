// Finished calls.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { HistoryEntry, Unsubscribe } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { avatar } from '../shared/parts.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';
import { duration, when } from '../messages/format.js';
import { nameOf, photoOf } from '../shared/people.js';
import { outcomeOf, outcomeText } from './outcome.js';
import { peopleOf } from './people-of.js';

/** The user's finished calls, newest first; the missed ones of them count as seen once they are shown. */
@customElement('ringdown-recents')
export class RecentsView extends PhoneView {
  static override styles = [base, css`
    :host { display: block; height: 100%; overflow-y: auto; padding: 0 8px 12px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
    li { display: flex; align-items: center; gap: 12px; padding: 7px 8px; border-radius: var(--radius); }
    li:hover, li:focus-within { background: var(--sunken); }
    .who { flex: 1; min-width: 0; line-height: 1.35; }
    .name { font-weight: 550; }
    .missed .name, .missed .line svg { color: var(--stop-text); }
    .line { display: flex; align-items: center; gap: 5px; font-size: 13px; color: var(--soft); }
    .line svg { font-size: 15px; }
    time { font-size: 12px; color: var(--soft); white-space: nowrap; }
    .round { color: var(--accent); margin-left: -6px; }
    li:hover .round, li:focus-within .round { background: var(--accent); color: var(--on-accent); }
    .more { display: grid; padding: 8px; }
    .filter { display: flex; gap: 6px; padding: 2px 8px 8px; }
  `];

  @state() private entries: readonly HistoryEntry[] | null = null;
  @state() private cursor: string | null = null;
  @state() private failed = false;
  @state() private missedOnly = false;
  #off: readonly Unsubscribe[] = [];
  #asked = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    const people = peopleOf(this.model);
    this.#off = people ? [people.on('history', (entry) => this.#add(entry)), people.on('refresh', () => void this.#refresh())] : [];
    document.addEventListener('visibilitychange', this.#see);
    void this.load(null);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const off of this.#off) off();
    document.removeEventListener('visibilitychange', this.#see);
  }

  /** Reads a page. */
  async load(cursor: string | null): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const page = await this.model.client?.history.list({ limit: 30, ...(cursor ? { cursor } : {}), ...(this.missedOnly ? { outcome: 'missed' } : {}) });
      if (asked !== this.#asked) return;
      this.entries = [...(cursor ? this.entries ?? [] : []), ...(page?.entries ?? [])];
      this.cursor = page?.cursor ?? null;
      this.failed = false;
      this.#see();
    } catch {
      if (asked === this.#asked) this.failed = true;
    }
  }

  /** A call is over: it stands first, in the place of what was known of it before. */
  #add(entry: HistoryEntry): void {
    const others = this.entries?.filter(({ callId }) => callId !== entry.callId) ?? [];
    this.entries = this.missedOnly && entry.outcome !== 'missed' ? others : [entry, ...others];
    this.#see();
  }

  /** Calls may have ended while the connection was away. What was read of older ones stays. */
  async #refresh(): Promise<void> {
    const known = this.entries;
    const { cursor } = this;
    await this.load(null);
    const oldest = this.entries?.at(-1);
    if (this.failed || !known || !oldest || known === this.entries) return;
    const from = known.findIndex(({ callId }) => callId === oldest.callId);
    if (from < 0) return;
    this.entries = [...this.entries ?? [], ...known.slice(from + 1)];
    this.cursor = cursor;
  }

  readonly #see = (): void => {
    // A call missed while nobody looks at the page stays unseen until somebody does.
    if (document.visibilityState === 'visible' && this.entries) peopleOf(this.model)?.seeMissed().catch(() => undefined);
  };

  #choose(missedOnly: boolean): void {
    if (missedOnly === this.missedOnly) return;
    this.missedOnly = missedOnly;
    this.entries = null;
    void this.load(null);
  }

  #filter(): TemplateResult {
    const choice = (missedOnly: boolean, text: string, testid: string): TemplateResult => html`
      <button type="button" class="button small ${this.missedOnly === missedOnly ? 'primary' : ''}" aria-pressed=${this.missedOnly === missedOnly} @click=${() => this.#choose(missedOnly)} data-testid=${testid}>${text}</button>`;
    return html`<div class="filter" role="group" aria-label=${t('people.which-calls')}>${choice(false, t('people.all-calls'), 'calls-all')}${choice(true, t('people.missed-only'), 'calls-missed')}</div>`;
  }

  override render(): TemplateResult {
    if (this.failed) {
      return html`<div class="empty">${icons.offline}<p>${t('people.unread')}</p>
        <button class="button small" @click=${() => void this.load(null)} data-testid="retry-recents">${t('shell.try-again')}</button></div>`;
    }
    if (this.entries?.length === 0) {
      return html`${this.#filter()}<div class="empty">${icons.recent}<p>${this.missedOnly ? t('people.no-missed') : t('people.no-calls')}</p></div>`;
    }
    return html`
      ${this.#filter()}
      <ul data-testid="recents" aria-label=${t('people.recent-calls')} aria-busy=${this.entries === null}>${this.entries?.map((entry) => this.#entry(entry))}</ul>
      ${this.cursor === null ? nothing : html`
        <div class="more"><button class="button small" @click=${() => void this.load(this.cursor)} data-testid="more-recents">${t('people.older')}</button></div>`}`;
  }

  #entry(entry: HistoryEntry): TemplateResult {
    const { direction, peer, answeredAt, startedAt, endedAt } = entry;
    const outcome = outcomeOf(entry);
    const icon = outcome === 'missed' ? icons.missed : direction === 'inbound' ? icons.incoming : icons.outgoing;
    const name = nameOf(peer);
    return html`
      <li class=${outcome === 'missed' ? 'missed' : ''} data-testid="recent" data-outcome=${outcome}>
        ${avatar({ name, photo: photoOf(this.model, peer) })}
        <div class="who">
          <div class="name clip">${name}</div>
          <div class="line">${icon}<span class="clip digits">${outcomeText(outcome)}${answeredAt === null ? '' : ` · ${duration(endedAt - answeredAt)}`}</span></div>
        </div>
        <time datetime=${new Date(startedAt).toISOString()}>${when(startedAt, Date.now())}</time>
        ${peer.number ? html`
          <button class="round" @click=${() => void this.model.call(peer.number)} aria-label=${t('people.call', { name })} title=${t('people.call', { name })} data-testid="call-recent">${icons.phone}</button>` : nothing}
      </li>`;
  }
}
