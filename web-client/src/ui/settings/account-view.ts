// Who is signed in.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { avatar } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { openPhoto } from '../people/card.js';
import { faceOf, peopleOf } from '../people/people-of.js';
import { PhoneView } from '../shell/phone-view.js';

/** The account, and signing out. */
@customElement('ringdown-account')
export class AccountView extends PhoneView {
  static override styles = [base, css`
    .me { display: flex; align-items: center; gap: 14px; --at: var(--surface); }
    .me div { flex: 1; min-width: 0; }
    b { font-weight: 600; display: block; }
    .button { margin-top: 16px; }
  `];

  override render(): TemplateResult {
    const me = this.model.client?.me;
    if (!me) return html``;
    const face = peopleOf(this.model)?.me;
    return html`
      <div class="card me">${avatar(face ? { ...faceOf(this.model, face), presence: null } : me)}
        <div><b class="clip">${me.name}</b><span class="soft clip digits">${me.username}${me.extension ? ` · ${me.extension}` : ''}</span></div></div>
      ${face ? html`<button class="button wide" @click=${() => openPhoto(this.model)} data-testid="change-photo">${icons.account} ${t('people.photo-change')}</button>` : nothing}
      ${this.model.canSignOut ? html`
        <button class="button wide" @click=${() => void this.model.signOut()} data-testid="sign-out">${icons.signOut} ${t('settings.sign-out')}</button>` : nothing}`;
  }
}
