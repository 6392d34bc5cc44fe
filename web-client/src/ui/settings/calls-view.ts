// What the user decides of their calls: do-not-disturb, a second call, voicemail, forwards.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Settings, SettingsChange, Unsubscribe } from '../../index.js';
import { t, type MessageKey } from '../messages/index.js';
import { busy, empty, formRow, iconButton, toggle } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';

type Forward = keyof Settings['forward'];

const FORWARDS: readonly (readonly [Forward, MessageKey])[] = [
  ['always', 'settings.forward-always'], ['busy', 'settings.forward-busy'],
  ['noAnswer', 'settings.forward-no-answer'], ['offline', 'settings.forward-offline'],
];

/** The code before a number that reaches the number's mailbox, unless an admin chose another. */
const VOICEMAIL_BOX = '*98';

/** The same settings that feature codes change at a telephone; kept current from wherever they change. */
@customElement('ringdown-call-settings')
export class CallSettingsView extends PhoneView {
  static override styles = [base, css`
    .forwards { display: grid; gap: 14px; margin-top: 12px; }
    h3 { margin: 0; }
    .to { display: flex; align-items: center; gap: 4px; }
    .to .round { color: var(--soft); }
    .to .button { flex: none; }
  `];

  @state() private settings: Settings | null = null;
  @state() private failed = false;
  #off: Unsubscribe | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#off = this.model.client?.on('settings', (settings) => { this.settings = settings; }) ?? null;
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#off?.();
  }

  async #load(): Promise<void> {
    try {
      this.settings = await this.model.client?.settings.get() ?? null;
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }

  override render(): TemplateResult {
    if (this.failed) return empty('offline', t('people.unread'), { label: t('shell.try-again'), run: () => void this.#load() });
    const { settings } = this;
    if (!settings) return busy();
    const flip = (change: (on: boolean) => SettingsChange) => (on: boolean): void => void this.#set(change(on));
    return html`
      <div class="card">
        ${toggle(t('settings.dnd'), settings.doNotDisturb, flip((on) => ({ doNotDisturb: on })), { hint: t('settings.dnd-hint'), testid: 'set-dnd' })}
        ${toggle(t('settings.call-waiting'), settings.callWaiting, flip((on) => ({ callWaiting: on })), { hint: t('settings.call-waiting-hint'), testid: 'set-waiting' })}
        ${toggle(t('settings.take-messages'), settings.voicemail, flip((on) => ({ voicemail: on })), { hint: t('settings.take-messages-hint'), testid: 'set-voicemail' })}
      </div>
      ${settings.voicemail ? this.#pin(settings.hasVoicemailPin) : nothing}
      <div class="card forwards">
        <h3 class="heading">${t('settings.forward')}</h3>
        ${FORWARDS.map(([name, label]) => formRow(`forward-${name}`, t(label), html`<span class="to">
          <input class="field digits" id="forward-${name}" inputmode="tel" maxlength="32" autocomplete="off" .value=${settings.forward[name] ?? ''}
            aria-describedby="forward-${name}-hint" list="colleagues" data-testid="forward-${name}" @change=${(event: Event) => void this.#forward(name, event.target as HTMLInputElement)}>
          ${iconButton({ icon: 'voicemail', label: t('settings.forward-voicemail', { when: t(label) }), testid: `forward-${name}-voicemail`, disabled: !settings.voicemail,
            run: () => void this.#set({ forward: { [name]: VOICEMAIL_BOX + (this.model.client?.me?.extension ?? '') } }) })}</span>`,
          { hint: t('settings.forward-hint') }))}
        <datalist id="colleagues">${this.model.client?.directory.entries.map(({ extension, name }) => html`<option value=${extension}>${name}</option>`)}</datalist>
      </div>`;
  }

  #pin(hasPin: boolean): TemplateResult {
    return html`<form class="card" @submit=${this.#keepPin}>
      ${formRow('pin', t('settings.pin'), html`<span class="to">
        <input class="field digits" id="pin" type="password" inputmode="numeric" autocomplete="new-password" pattern="[0-9]{4,12}" minlength="4" maxlength="12" required
          placeholder=${hasPin ? '••••' : ''} aria-describedby="pin-hint" data-testid="pin">
        <button class="button small" data-testid="pin-keep">${t('presence.save')}</button>
        ${hasPin ? iconButton({ icon: 'trash', label: t('settings.pin-remove'), testid: 'pin-remove', run: () => void this.#set({ voicemailPin: null }) }) : nothing}</span>`,
        { hint: `${t(hasPin ? 'settings.pin-set' : 'settings.pin-none')} ${t('settings.pin-hint')}` })}
    </form>`;
  }

  readonly #keepPin = async (event: Event): Promise<void> => {
    event.preventDefault();
    const field = this.renderRoot.querySelector<HTMLInputElement>('#pin');
    if (field && await this.#set({ voicemailPin: field.value })) field.value = '';
  };

  async #forward(name: Forward, field: HTMLInputElement): Promise<void> {
    const number = field.value.replace(/[\s()/-]+/g, '');
    const isKept = await this.#set({ forward: { [name]: number === '' ? null : number } });
    // What was refused is not what holds.
    if (!isKept) field.value = this.settings?.forward[name] ?? '';
  }

  async #set(change: SettingsChange): Promise<boolean> {
    let isKept = false;
    await this.model.act(async () => {
      this.settings = await this.model.client?.settings.set(change) ?? this.settings;
      isKept = true;
      this.model.announce(t('settings.saved'));
    });
    return isKept;
  }
}
