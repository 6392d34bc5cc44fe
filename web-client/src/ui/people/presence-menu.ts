// The user at the head of the widget: how others see them, and changing it.
import { css, html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Activity, DirectoryEntry } from '../../index.js';
import type { Word } from '../../modules/people/index.js';
import { t } from '../messages/index.js';
import type { MenuItem } from '../shared/menu.js';
import { avatar, formRow } from '../shared/parts.js';
import { activityText, presenceText, statusText, untilText } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { faceOf, peopleOf } from './people-of.js';
import '../shared/menu.js';

const ACTIVITIES: readonly Activity[] = ['busy', 'dnd', 'away', 'break', 'meeting', 'meal', 'vacation'];

const wordText = (word: Word): string => (word === 'ready' ? t('presence.ready') : activityText(word));

/** The user's picture, number and presence; a menu says something else. */
@customElement('ringdown-me')
export class MeView extends PhoneView {
  static override styles = [base, css`
    :host { flex: 1; min-width: 0; }
    ringdown-menu { width: 100%; }
    .me { display: flex; align-items: center; gap: 11px; line-height: 1.3; padding: 2px 8px 2px 4px; min-width: 0; }
    .me > span { min-width: 0; }
    b { display: block; font-weight: 600; }
    .soft { display: block; font-size: 12.5px; }
  `];

  override render(): TemplateResult {
    const { client } = this.model;
    const me = peopleOf(this.model)?.me;
    const isReady = client?.state === 'ready';
    const name = client?.me?.name ?? '';
    const extension = client?.me?.extension ?? '';
    const status = isReady && me ? statusText(me) : presenceText(isReady ? 'online' : 'offline');
    const line = `${extension ? `${extension} · ` : ''}${status}`;
    const face = isReady && me ? faceOf(this.model, me) : { name, presence: isReady ? 'online' as const : 'offline' as const };
    return html`
      <ringdown-menu bare testid="presence" .items=${isReady ? this.#items(me) : []}>
        <span class="me">${avatar(face, 'tiny')}
          <span><b class="clip">${name}</b><span class="soft digits clip" data-testid="my-status">${line}</span></span><span class="sr">${t('presence.menu')}</span></span>
      </ringdown-menu>`;
  }

  #items(me: DirectoryEntry | undefined): readonly MenuItem[] {
    const words: readonly Word[] = ['ready', ...ACTIVITIES];
    const said: Word = me?.activity ?? 'ready';
    const items = words.map((word): MenuItem => ({
      label: wordText(word), checked: word === said, testid: `say-${word}`,
      ...(word === 'dnd' ? { hint: t('presence.dnd-hint') } : {}),
      run: () => void this.model.act(async () => peopleOf(this.model)?.say(word)),
    }));
    return [...items, { label: t('presence.note-and-end'), icon: 'edit', testid: 'say-more', run: () => this.#ask() }];
  }

  #ask(): void {
    this.model.openDialog({
      title: t('presence.say-title'),
      content: (close) => html`<ringdown-say .model=${this.model} @done=${close}></ringdown-say>`,
    });
  }
}

/** A word with a note and an end. */
@customElement('ringdown-say')
export class SayView extends PhoneView {
  static override styles = [base, css`form { display: grid; gap: 14px; }`];

  @state() private wrong = '';

  override render(): TemplateResult {
    const me = peopleOf(this.model)?.me;
    const words: readonly Word[] = ['ready', ...ACTIVITIES];
    return html`
      <form @submit=${this.#say}>
        ${formRow('word', t('presence.state'), html`
          <select class="field" id="word" data-testid="say-word" data-main>
            ${words.map((word) => html`<option value=${word} ?selected=${word === (me?.activity ?? 'ready')}>${wordText(word)}</option>`)}
          </select>`)}
        ${formRow('note', t('presence.note'), html`
          <input class="field" id="note" maxlength="80" autocomplete="off" .value=${me?.note ?? ''} aria-describedby="note-hint" data-testid="say-note">`,
          this.wrong ? { wrong: this.wrong } : { hint: t('presence.note-hint') })}
        ${formRow('end', t('presence.end'), html`
          <select class="field" id="end" data-testid="say-end">
            ${me?.until === undefined ? '' : html`<option value=${`at ${me.until}`} selected>${t('presence.end-kept', { time: untilText(me.until) })}</option>`}
            <option value="">${t('presence.end-open')}</option>
            <option value="30">${t('presence.end-30')}</option>
            <option value="60">${t('presence.end-60')}</option>
            <option value="120">${t('presence.end-120')}</option>
            <option value="today">${t('presence.end-today')}</option>
            <option value="10080">${t('presence.end-week')}</option>
          </select>`)}
        <button class="button primary wide" data-testid="say">${t('presence.save')}</button>
      </form>`;
  }

  #value(id: string): string {
    return this.renderRoot.querySelector<HTMLInputElement | HTMLSelectElement>(`#${id}`)?.value ?? '';
  }

  readonly #say = (event: Event): void => {
    event.preventDefault();
    const note = this.#value('note').trim();
    const until = endOf(this.#value('end'));
    void this.model.act(async () => {
      await peopleOf(this.model)?.say(this.#value('word') as Word, { note, ...(until === null ? {} : { until }) });
      this.dispatchEvent(new Event('done'));
    });
  };
}

/** When a choice ends; null for no end. */
const endOf = (choice: string): number | null => {
  if (choice === '') return null;
  if (choice.startsWith('at ')) return Number(choice.slice(3));
  const now = new Date();
  if (choice !== 'today') return now.getTime() + Number(choice) * 60_000;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate(), 23, 59, 59).getTime();
};
