// Whether calls reach this browser while the phone is closed.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { WebPush, type PushState } from '../../modules/push/index.js';
import { t } from '../messages/index.js';
import { toggle } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { canInstall, canTakeLinks, install, onInstallable, takeLinks } from './installing.js';

/** Switches Web Push on and off. */
@customElement('ringdown-push')
export class PushView extends PhoneView {
  static override styles = [base, css`
    .offers { display: grid; gap: 8px; justify-items: start; margin-top: 14px; }
  `];
  @state() private push: PushState | null = null;

  #off: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#off = onInstallable(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#off?.();
  }

  override firstUpdated(): void {
    void this.#with((push) => push.state());
  }

  override render(): TemplateResult {
    return html`${this.#rings()}
      <div class="offers">
        ${canTakeLinks() ? html`<button class="button" data-testid="take-links" @click=${takeLinks}>${t('push.take-links')}</button>
          <p class="soft">${t('push.take-links-about')}</p>` : nothing}
        ${canInstall() ? html`<button class="button" data-testid="install" @click=${() => void install()}>${t('push.install')}</button>` : nothing}
      </div>`;
  }

  #rings(): TemplateResult {
    if (this.push === 'unsupported') return html`<p class="soft">${t('push.unsupported')}</p>`;
    return html`
      ${toggle(t('push.ring-closed'), this.push === 'on', (on) => void this.#with((push) => on ? push.enable() : push.disable()))}
      <p class="soft">${t(this.push === 'blocked' ? 'push.blocked' : 'push.about')}</p>`;
  }

  async #with(work: (push: WebPush) => Promise<PushState>): Promise<void> {
    const token = this.model.accessToken;
    if (!token) return;
    await this.model.act(async () => { this.push = await work(new WebPush({ token })); });
    this.requestUpdate();
  }
}
