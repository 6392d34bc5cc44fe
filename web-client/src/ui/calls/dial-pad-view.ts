// The dial pad.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { DirectoryEntry } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { KEYS, avatar, iconButton } from '../shared/parts.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';

/** Keys and a number to call. Typing anywhere in it types the number. */
@customElement('ringdown-dial-pad')
export class DialPadView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; grid-template-rows: 1fr auto auto; justify-items: center; gap: 14px; height: 100%; min-height: 0; padding: 0 16px 20px; overflow-y: auto; }
    .number { align-self: end; width: 100%; max-width: 300px; text-align: center; }
    input { width: 100%; padding: 4px 36px; border: 0; border-bottom: 2px solid transparent; background: none; text-align: center; font-size: 30px;
      font-weight: 450; letter-spacing: .01em; font-variant-numeric: tabular-nums; border-radius: 0; }
    input:focus { outline: 0; border-color: var(--accent); }
    input::placeholder { color: var(--soft); font-size: 17px; letter-spacing: 0; }
    .box { position: relative; }
    .box .round { position: absolute; right: -4px; top: 5px; color: var(--soft); }
    .found { display: grid; align-content: start; gap: 2px; height: 78px; margin-top: 6px; }
    .match { display: flex; align-items: center; gap: 10px; width: 100%; padding: 2px 10px 2px 6px; border-radius: 99px; font-size: 13.5px; text-align: start; animation: rise .15s ease-out; }
    .match:hover { background: var(--sunken); }
    .match .clip { flex: 1; font-weight: 550; }
    .actions { display: grid; grid-template-columns: 1fr auto 1fr; align-items: center; width: 100%; max-width: 256px; }
    .actions .go { grid-column: 2; }
    .actions .round:not(.go) { justify-self: center; width: 48px; height: 48px; background: var(--surface); box-shadow: var(--shadow); color: var(--accent); }
    .actions .round:not(.go):hover:not(:disabled) { background: color-mix(in srgb, var(--surface), var(--accent) 9%); }
    .keys { display: grid; grid-template-columns: repeat(3, minmax(60px, 76px)); gap: 8px 14px; }
    .key { display: grid; align-content: center; justify-items: center; height: 58px; border-radius: 18px; background: var(--surface); box-shadow: var(--shadow);
      font-size: 23px; line-height: 1.1; transition: background-color .12s, transform .08s; }
    .key:hover { background: color-mix(in srgb, var(--surface), var(--accent) 9%); }
    .key:active { background: var(--tint); transform: scale(.96); }
    .key small { font-size: 9.5px; font-weight: 600; letter-spacing: .14em; color: var(--soft); min-height: 12px; padding-left: .14em; }
    @container phone (max-width: 719px) { @media (max-height: 620px) { .key { height: 44px; } :host { gap: 8px; padding-bottom: 12px; } .found { height: 38px; } .match:nth-child(2) { display: none; } .round.go { width: 56px; height: 56px; } } }
  `];

  @state() private number = '';
  /** The number this page was opened with. */
  #given = '';

  override willUpdate(): void {
    const { tab, params } = this.model.route;
    const given = tab === 'keypad' ? params.number ?? '' : '';
    if (given !== '' && given !== this.#given) this.number = given;
    this.#given = given;
  }

  override render(): TemplateResult {
    const { client } = this.model;
    const ready = this.number !== '' && client?.switchUp === true;
    const found = this.#found;
    return html`
      <div class="number">
        <div class="box">
          <input type="tel" inputmode="tel" placeholder=${t('calls.enter-number')} aria-label=${t('calls.number-to-call')} maxlength="64" autocomplete="off"
            .value=${this.number} @input=${this.#input} @keydown=${this.#key} data-testid="number" data-main>
          <button class="round" ?hidden=${!this.number} @click=${this.#erase} aria-label=${t('calls.delete-digit')} data-testid="erase">${icons.backspace}</button>
        </div>
        <div class="found" role="status">${found.map(({ name, extension }) => html`
          <button class="match" @click=${() => { this.number = extension; }} data-testid="match" data-number=${extension}>${avatar({ name }, 'tiny')}<span class="clip">${name}</span><span class="soft digits">${extension}</span></button>`)}</div>
      </div>
      <div class="keys" role="group" aria-label=${t('calls.keys')}>
        ${KEYS.map(([key, letters]) => html`
          <button class="key" @click=${() => this.#press(key)} data-testid="key" data-key=${key}>${key} ${letters || key === '1' ? html`<small>${letters}</small>` : nothing}</button>`)}
      </div>
      <div class="actions">
        <button class="round go" ?disabled=${!ready} @click=${this.#call} aria-label=${t('calls.call')} title=${t('calls.call')} data-testid="dial">${icons.phone}</button>
        ${iconButton({ icon: 'video', label: t('calls.video-call'), disabled: !ready, testid: 'dial-video', run: () => this.#dial(true) })}
      </div>`;
  }

  readonly #input = (event: Event): void => {
    this.number = (event.target as HTMLInputElement).value;
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.number = '';
    if (event.key !== 'Enter') return;
    event.preventDefault();
    this.#call();
  };

  #press(key: string): void {
    this.number += key;
  }

  readonly #erase = (): void => {
    this.number = this.number.slice(0, -1);
  };

  readonly #call = (): void => this.#dial(false);

  #dial(video: boolean): void {
    const number = this.number.replace(/[\s()/.-]+/g, '');
    if (!number) return;
    this.number = '';
    void this.model.call(number, {}, video ? { video } : {});
  }

  /** Who may be meant: those whose number begins like this, and whose name is in the letters of the keys. */
  get #found(): readonly DirectoryEntry[] {
    const { client } = this.model;
    const typed = this.number.replace(/[\s()/.-]+/g, '');
    if (!client || typed.length < 2) return [];
    const spelled = (name: string): boolean => name.split(/[\s-]+/).some((word) => keysOf(word).startsWith(typed));
    return client.directory.entries
      .filter(({ extension, name, userId }) => userId !== client.me?.userId && (extension.startsWith(typed) || spelled(name)))
      .slice(0, 2);
  }
}

/** A name as it is spelled on a telephone's keys: Bob is 262. */
const keysOf = (name: string): string =>
  Array.from(name.normalize('NFD').toUpperCase()).map((letter) => KEYS.find(([, letters]) => letters.length > 1 && letters.includes(letter))?.[0] ?? '').join('');
