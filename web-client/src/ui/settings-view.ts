// Devices, the account, signing out.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import './devices-view.js';
import { icons } from './icons.js';
import { avatar } from './parts.js';
import { PhoneView } from './phone-view.js';
import { base } from './styles.js';

/** Devices with their tests, and who is signed in. */
@customElement('ringdown-settings')
export class SettingsView extends PhoneView {
  static override styles = [base, css`
    :host { display: block; height: 100%; overflow-y: auto; padding: 0 16px 20px; }
    header { display: flex; align-items: center; gap: 4px; margin: 0 0 8px -10px; }
    h2 { font-size: 17px; font-weight: 600; }
    section { padding: 16px; border-radius: 16px; background: var(--surface); box-shadow: var(--shadow); }
    section + section { margin-top: 12px; }
    .me { display: flex; align-items: center; gap: 12px; --at: var(--surface); }
    .me div { flex: 1; min-width: 0; }
    .me b { font-weight: 550; display: block; }
    footer { margin-top: 14px; font-size: 12px; color: var(--soft); text-align: center; }
  `];


  override render(): TemplateResult {
    const { client } = this.model;
    const me = client?.me;
    return html`
      <header>
        <button class="round" @click=${this.#close} aria-label="Back" data-testid="settings-back" data-main>${icons.back}</button>
        <h2>Settings</h2>
      </header>
      <section aria-label="Audio"><ringdown-devices tests .model=${this.model}></ringdown-devices></section>
      ${me ? html`
        <section class="me" aria-label="Account">
          ${avatar(me.name)}
          <div><b class="clip">${me.name}</b><span class="soft clip">${me.username}${me.extension ? ` · ${me.extension}` : ''}</span></div>
          ${this.model.canSignOut ? html`
            <button class="button small" @click=${() => void this.model.signOut()} data-testid="sign-out">${icons.signOut} Sign out</button>` : nothing}
        </section>` : nothing}
      <footer>Ringdown ${client?.serverVersion ?? ''}</footer>`;
  }

  readonly #close = (): void => {
    this.dispatchEvent(new CustomEvent('close'));
  };
}
