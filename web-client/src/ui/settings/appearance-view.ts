// Language and colours.
import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { LANGUAGES, t, type Language, type MessageKey } from '../messages/index.js';
import { formRow } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { chosenLanguage, keepLanguage, keepTheme, theme, type Theme } from '../shell/preferences.js';

const THEMES: readonly (readonly [Theme, MessageKey])[] = [['auto', 'settings.theme-auto'], ['light', 'settings.theme-light'], ['dark', 'settings.theme-dark']];

/** Two choices, kept in this browser. */
@customElement('ringdown-appearance')
export class AppearanceView extends PhoneView {
  static override styles = [base, css`:host { display: grid; gap: 16px; }`];

  override render(): TemplateResult {
    const chosen = chosenLanguage();
    const kept = theme();
    return html`
      ${formRow('language', t('settings.language'), html`
        <select class="field" id="language" data-testid="language" @change=${this.#speak}>
          <option value="" ?selected=${chosen === null}>${t('settings.language-auto')}</option>
          ${Object.entries(LANGUAGES).map(([tag, name]) => html`<option value=${tag} lang=${tag} ?selected=${tag === chosen}>${name}</option>`)}
        </select>`)}
      ${formRow('theme', t('settings.theme'), html`
        <select class="field" id="theme" data-testid="theme" @change=${this.#paint}>
          ${THEMES.map(([name, label]) => html`<option value=${name} ?selected=${name === kept}>${t(label)}</option>`)}
        </select>`)}`;
  }

  get #phone(): HTMLElement | null {
    return widgetOf(this);
  }

  readonly #speak = (event: Event): void => {
    const { value } = event.target as HTMLSelectElement;
    void keepLanguage(value === '' ? null : value as Language, this.#phone?.lang ?? '');
  };

  readonly #paint = (event: Event): void => keepTheme((event.target as HTMLSelectElement).value as Theme, this.#phone);
}

/** The widget that an element is in. */
const widgetOf = (element: Element): HTMLElement | null => {
  const root = element.getRootNode();
  if (!(root instanceof ShadowRoot)) return null;
  return root.host.localName === 'ringdown-phone' ? root.host as HTMLElement : widgetOf(root.host);
};
