// What the user says of themselves, with a note and an end; and being away by itself. Read when it is wanted.
import { css, html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Word } from '../../modules/people/index.js';
import { t } from '../messages/index.js';
import { formRow } from '../shared/parts.js';
import { untilText } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { awayOf, peopleOf } from './people-of.js';
import { WORDS, wordText } from './presence-words.js';

/** A word with a note and an end. */
@customElement('ringdown-say')
export class SayView extends PhoneView {
  static override styles = [base, css`form { display: grid; gap: 14px; } .formrow:last-child { margin-top: 22px; padding-top: 16px; border-top: 1px solid var(--line); }`];

  @state() private wrong = '';
  @state() private atTime = false;

  override render(): TemplateResult {
    const me = peopleOf(this.model)?.me;
    return html`
      <form @submit=${this.#say}>
        ${formRow('word', t('presence.state'), html`
          <select class="field" id="word" data-testid="say-word" data-main>
            ${WORDS.map((word) => html`<option value=${word} ?selected=${word === (me?.activity ?? 'ready')}>${wordText(word)}</option>`)}
          </select>`)}
        ${formRow('note', t('presence.note'), html`
          <input class="field" id="note" maxlength="80" autocomplete="off" .value=${me?.note ?? ''} aria-describedby="note-hint" data-testid="say-note">`,
          this.wrong ? { wrong: this.wrong } : { hint: t('presence.note-hint') })}
        ${formRow('end', t('presence.end'), html`
          <select class="field" id="end" data-testid="say-end" @change=${(event: Event) => { this.atTime = (event.target as HTMLSelectElement).value === 'time'; }}>
            ${me?.until === undefined ? '' : html`<option value=${`at ${me.until}`} selected>${t('presence.end-kept', { time: untilText(me.until) })}</option>`}
            <option value="">${t('presence.end-open')}</option>
            <option value="30">${t('presence.end-30')}</option>
            <option value="60">${t('presence.end-60')}</option>
            <option value="120">${t('presence.end-120')}</option>
            <option value="today">${t('presence.end-today')}</option>
            <option value="10080">${t('presence.end-week')}</option>
            <option value="time">${t('presence.end-time')}</option>
          </select>`)}
        ${this.atTime ? formRow('at', t('presence.end-at'), html`
          <input class="field" type="datetime-local" id="at" required min=${localTime(Date.now() + 60_000)} max=${localTime(Date.now() + YEAR_MS)} .value=${localTime(Date.now() + 3_600_000)} data-testid="say-at">`) : ''}
        <button class="button primary wide" data-testid="say">${t('presence.save')}</button>
      </form>
      ${this.#away()}`;
  }

  /** At once, and for this browser: it is no part of what is said now. */
  #away(): TemplateResult {
    const away = awayOf(this.model);
    return formRow('away', t('presence.away-after'), html`
      <select class="field" id="away" aria-describedby="away-hint" data-testid="away-after"
        @change=${(event: Event) => void this.model.act(async () => away?.choose(Number((event.target as HTMLSelectElement).value)))}>
        ${[0, 5, 10, 30].map((minutes) => html`<option value=${minutes} ?selected=${minutes === away?.minutes}>${minutes === 0 ? t('presence.away-never') : t('presence.away-minutes', { count: minutes })}</option>`)}
      </select>`, { hint: t('presence.away-hint') });
  }

  #value(id: string): string {
    return this.renderRoot.querySelector<HTMLInputElement | HTMLSelectElement>(`#${id}`)?.value ?? '';
  }

  readonly #say = (event: Event): void => {
    event.preventDefault();
    const note = this.#value('note').trim();
    const until = this.atTime ? new Date(this.#value('at')).getTime() : endOf(this.#value('end'));
    void this.model.act(async () => {
      await peopleOf(this.model)?.say(this.#value('word') as Word, { note, ...(until === null ? {} : { until }) });
      this.dispatchEvent(new Event('done'));
    });
  };
}

/** The furthest end the server takes. */
const YEAR_MS = 365 * 86_400_000;

/** A moment as a field of the user's own time writes it. */
const localTime = (at: number): string => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** When a choice ends; null for no end. */
const endOf = (choice: string): number | null => {
  if (choice === '') return null;
  if (choice.startsWith('at ')) return Number(choice.slice(3));
  const now = new Date();
  if (choice !== 'today') return now.getTime() + Number(choice) * 60_000;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate(), 23, 59, 59).getTime();
};
