// The user's mailbox.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { VoicemailMessage } from '../../index.js';
import { duration, when } from '../messages/format.js';
import { t } from '../messages/index.js';
import type { MenuItem } from '../shared/menu.js';
import { avatar, busy, empty, iconButton } from '../shared/parts.js';
import { nameOf, photoOf } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { peopleOf } from './people-of.js';
import '../shared/menu.js';

/** Messages, newest first; read anew whenever their numbers change. One is played at a time. */
@customElement('ringdown-voicemail')
export class VoicemailView extends PhoneView {
  static override styles = [base, css`
    :host { display: block; height: 100%; overflow-y: auto; padding: 0 8px 12px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
    li { padding: 7px 4px 7px 8px; border-radius: var(--radius); }
    li:hover, li:focus-within { background: var(--sunken); }
    .message { display: flex; align-items: center; gap: 12px; }
    .who { flex: 1; min-width: 0; line-height: 1.35; }
    .name { font-weight: 550; }
    .line { display: flex; align-items: center; gap: 6px; font-size: 13px; color: var(--soft); }
    .fresh { color: var(--accent); font-weight: 600; }
    time { font-size: 12px; color: var(--soft); white-space: nowrap; }
    .ends { display: flex; align-items: center; }
    .round { color: var(--accent); }
    ringdown-menu { color: var(--soft); }
    audio { display: block; width: 100%; height: 40px; margin-top: 8px; }
  `];

  @state() private messages: readonly VoicemailMessage[] | null = null;
  @state() private failed = false;
  @state() private playing: { readonly id: string; readonly address: string } | null = null;
  /** The numbers the list was read for. */
  #seen = '';
  #asked = 0;

  override willUpdate(): void {
    const count = peopleOf(this.model)?.voicemail;
    const seen = `${this.model.client?.state ?? ''} ${count?.new ?? 0} ${count?.saved ?? 0}`;
    if (seen === this.#seen || this.model.client?.state !== 'ready') return;
    this.#seen = seen;
    void this.load();
  }

  /** Reads the mailbox. */
  async load(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const mailbox = await peopleOf(this.model)?.mailbox();
      // Another look at the mailbox began meanwhile: what it sees counts.
      if (asked !== this.#asked) return;
      this.messages = mailbox ? [...mailbox.messages].reverse() : [];
      this.failed = false;
    } catch {
      if (asked === this.#asked) this.failed = true;
    }
  }

  override render(): TemplateResult {
    if (this.failed) return empty('offline', t('people.unread'), { label: t('shell.try-again'), run: () => void this.load(), testid: 'retry-voicemail' });
    if (!this.messages) return busy();
    if (this.messages.length === 0) return empty('voicemail', t('people.no-messages'));
    return html`<ul data-testid="voicemail" aria-label=${t('people.voicemail')}>${repeat(this.messages, ({ id }) => id, (message) => this.#message(message))}</ul>`;
  }

  #message(message: VoicemailMessage): TemplateResult {
    const { id, from, receivedAt, durationMs, isHeard } = message;
    const name = nameOf(from);
    return html`
      <li data-testid="message" data-heard=${isHeard}>
        <div class="message">
          ${avatar({ name, photo: photoOf(this.model, from) })}
          <div class="who">
            <div class="name clip">${name}</div>
            <div class="line">${isHeard ? nothing : html`<span class="fresh">${t('people.new-message')}</span>`}<span class="digits">${duration(durationMs)}</span></div>
          </div>
          <time datetime=${new Date(receivedAt).toISOString()}>${when(receivedAt, Date.now())}</time>
          <span class="ends">
            ${iconButton({ icon: 'play', label: t('people.listen', { name }), run: () => void this.#play(message), testid: 'play-message' })}
            <ringdown-menu label=${t('people.more-of', { name })} testid="more-message" .items=${this.#actions(message)}></ringdown-menu>
          </span>
        </div>
        ${this.playing?.id === id ? html`
          <audio controls autoplay src=${this.playing.address} aria-label=${t('people.playing', { name })} data-testid="player" @ended=${() => void this.#heard(message)}></audio>` : nothing}
      </li>`;
  }

  #actions(message: VoicemailMessage): readonly MenuItem[] {
    const { id, from, isHeard } = message;
    const people = peopleOf(this.model);
    return [
      ...(from.number ? [{ label: t('people.call', { name: nameOf(from) }), icon: 'phone' as const, testid: 'call-back', run: () => void this.model.call(from.number) }] : []),
      { label: isHeard ? t('people.mark-new') : t('people.mark-heard'), icon: 'check', testid: 'mark-message',
        run: () => void this.model.act(async () => { await people?.mark(id, !isHeard); await this.load(); }) },
      { label: t('people.delete-message'), icon: 'trash', danger: true, testid: 'delete-message', run: () => void this.#delete(id) },
    ];
  }

  async #play({ id, isHeard }: VoicemailMessage): Promise<void> {
    await this.model.act(async () => {
      const people = peopleOf(this.model);
      if (!people) return;
      this.playing = { id, address: this.model.origin + await people.listen(id) };
      if (!isHeard) await people.mark(id, true);
      await this.load();
    });
  }

  async #heard(message: VoicemailMessage): Promise<void> {
    if (this.playing?.id === message.id) this.playing = null;
    await this.load();
  }

  async #delete(id: string): Promise<void> {
    await this.model.act(async () => {
      await peopleOf(this.model)?.deleteMessage(id);
      if (this.playing?.id === id) this.playing = null;
      await this.load();
      this.model.toast(t('people.message-deleted'));
    });
  }
}
