// The sign-in form.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { SignInMethods } from '../../modules/sign-in/index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { PhoneView } from './phone-view.js';
import { base } from '../shared/styles.js';

/** Asks for a name and a password. */
@customElement('ringdown-sign-in')
export class SignInView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; align-content: center; height: 100%; padding: 24px; overflow-y: auto; }
    form { display: grid; gap: 14px; width: 100%; max-width: 320px; margin: 0 auto; }
    .mark { display: grid; place-items: center; width: 56px; height: 56px; border-radius: 18px; background: var(--accent); color: var(--on-accent); }
    .mark svg { font-size: 28px; }
    h2 { font-size: 22px; font-weight: 650; letter-spacing: -.01em; line-height: 1.2; margin-top: 4px; }
    .lead { color: var(--soft); margin: -10px 0 6px; }
    label { display: grid; gap: 5px; font-weight: 550; font-size: 13px; }
    .field { font-size: 15px; font-weight: 400; }
    .error { padding: 10px 12px; border-radius: 10px; background: var(--stop-tint); color: var(--stop-text); font-size: 13px; }
    .error b { display: block; font-weight: 600; }
    .button { min-height: 44px; margin-top: 4px; }
  `];

  @state() private methods: SignInMethods | null = null;

  override firstUpdated(): void {
    void this.model.methods().then((methods) => { this.methods = methods; });
  }

  override render(): TemplateResult {
    const { password = true, providers = [] } = this.methods ?? {};
    const { busy, problemText: problem } = this.model;
    return html`
      <form @submit=${this.#submit} data-testid="sign-in" aria-busy=${busy}>
        <span class="mark">${icons.phone}</span>
        <h2>${t('shell.sign-in-title')}</h2>
        <p class="lead">${t('shell.sign-in-lead')}</p>
        ${providers.map(({ id, title }) => html`
          <button type="button" class="button wide" ?disabled=${busy} data-testid="sign-in-with" data-provider=${id}
            @click=${() => void this.model.signInWith(id)}>${t('crm.sign-in-with', { provider: title })}</button>`)}
        <label ?hidden=${!password}>${t('shell.name')}
          <input class="field" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required
            data-testid="username" data-main>
        </label>
        <label ?hidden=${!password}>${t('shell.password')}
          <input class="field" name="password" type="password" autocomplete="current-password" required data-testid="password">
        </label>
        ${problem ? html`
          <p class="error" role="alert" data-testid="sign-in-error"><b>${problem.title}</b>${problem.solutions[0] ?? nothing}</p>` : nothing}
        <button class="button primary" ?hidden=${!password} ?disabled=${busy} data-testid="sign-in-submit">${t(busy ? 'shell.signing-in' : 'shell.sign-in')}</button>
      </form>`;
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => {
      const value = form.get(name);
      return typeof value === 'string' ? value : '';
    };
    void this.model.signIn(text('username').trim(), text('password'));
  };
}
