// The settings: a list of sections, and one of them.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { iconButton, row } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { registered } from '../shell/registry.js';

/** What areas registered as sections of the settings. */
@customElement('ringdown-settings')
export class SettingsView extends PhoneView {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; height: 100%; min-height: 0; }
    header { display: flex; align-items: center; gap: 4px; padding: 0 12px 8px 6px; }
    h2 { font-size: 17px; font-weight: 600; }
    .scroll { flex: 1; padding: 0 12px 16px; }
    .sections { padding: 4px; }
    .sections .row { min-height: 52px; padding: 6px 12px; --at: var(--surface); }
    .sections svg { color: var(--soft); }
    .sections .end { max-width: 45%; gap: 6px; font-size: 13px; }
    .sections .end svg { font-size: 15px; transform: scaleX(-1); }
    .section { padding: 4px 4px 0; }
    footer { padding: 16px 0 0; font-size: 12px; color: var(--soft); text-align: center; }
  `];

  override render(): TemplateResult {
    const open = registered.sections.find(({ id }) => id === this.model.settingsOpen);
    const back = (): void => {
      if (open) this.model.openSettings();
      else this.model.closeSettings();
    };
    return html`
      <header>${iconButton({ icon: 'back', label: t('shell.back'), run: back, testid: 'settings-back' })}<h2 tabindex="-1" data-main>${open ? t(open.label) : t('settings.settings')}</h2></header>
      <div class="scroll">${open ? html`<section class="section" aria-label=${t(open.label)}>${open.render(this.model)}</section>` : this.#list()}</div>`;
  }

  #list(): TemplateResult {
    const sections = registered.sections.filter(({ available }) => available?.(this.model) ?? true);
    return html`
      <ul class="card sections">${sections.map(({ id, label, icon, summary }) => html`
        <li><button class="row" @click=${() => this.model.openSettings(id)} data-testid="settings-${id}">
          ${row({ start: icons[icon], title: t(label), end: html`<span class="clip">${summary?.(this.model) ?? nothing}</span>${icons.back}` })}</button></li>`)}
      </ul>
      <footer>Ringdown ${this.model.client?.serverVersion ?? ''}</footer>`;
  }
}
