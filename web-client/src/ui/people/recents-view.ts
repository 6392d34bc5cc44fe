// Finished calls.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { HistoryEntry } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { avatar } from '../shared/parts.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';
import { duration, when } from '../messages/format.js';
import { nameOf } from '../shared/people.js';
import { outcomeOf, outcomeText } from './outcome.js';

/** The user's finished calls, newest first, read anew whenever the list is shown. */
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
  `];

  @state() private entries: readonly HistoryEntry[] | null = null;
  @state() private cursor: string | null = null;
  @state() private failed = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load(null);
  }

  /** Reads a page. */
  async load(cursor: string | null): Promise<void> {
    try {
      const page = await this.model.client?.history.list({ limit: 30, ...(cursor ? { cursor } : {}) });
      this.entries = [...(cursor ? this.entries ?? [] : []), ...(page?.entries ?? [])];
      this.cursor = page?.cursor ?? null;
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }

  override render(): TemplateResult {
    if (this.failed) {
      return html`<div class="empty">${icons.offline}<p>${t('people.unread')}</p>
        <button class="button small" @click=${() => void this.load(null)} data-testid="retry-recents">${t('shell.try-again')}</button></div>`;
    }
    if (this.entries?.length === 0) return html`<div class="empty">${icons.recent}<p>${t('people.no-calls')}</p></div>`;
    return html`
      <ul data-testid="recents" aria-label=${t('people.recent-calls')} aria-busy=${this.entries === null}>${this.entries?.map((entry) => this.#entry(entry))}</ul>
      ${this.cursor === null ? nothing : html`
        <div class="more"><button class="button small" @click=${() => void this.load(this.cursor)} data-testid="more-recents">${t('people.older')}</button></div>`}`;
  }

  #entry({ direction, peer, answeredAt, startedAt, endedAt, reason }: HistoryEntry): TemplateResult {
    const outcome = outcomeOf(direction, answeredAt !== null, reason);
    const icon = outcome === 'missed' ? icons.missed : direction === 'inbound' ? icons.incoming : icons.outgoing;
    const name = nameOf(peer);
    return html`
      <li class=${outcome === 'missed' ? 'missed' : ''} data-testid="recent" data-outcome=${outcome}>
        ${avatar({ name })}
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
