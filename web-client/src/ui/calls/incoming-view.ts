// Somebody calls.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Call } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import '../shared/menu.js';
import { avatar } from '../shared/parts.js';
import { PhoneView } from '../shell/phone-view.js';
import { base } from '../shared/styles.js';
import { nameOf, numberOf, photoOf } from '../shared/people.js';

/** An incoming call: the whole widget, or a card above a call under way. */
@customElement('ringdown-incoming')
export class IncomingView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; grid-template-rows: 1fr auto; justify-items: center; height: 100%; padding: 24px 24px 44px; text-align: center; }
    .who { display: grid; align-content: center; justify-items: center; gap: 4px; width: 100%; }
    .halo { position: relative; display: grid; place-items: center; margin-bottom: 26px; }
    .halo::before, .halo::after { content: ''; position: absolute; inset: -4px; border-radius: 50%; border: 2px solid var(--accent); opacity: 0; animation: halo 2.4s ease-out infinite; }
    .halo::after { animation-delay: 1.2s; }
    @keyframes halo { 0% { transform: scale(.96); opacity: .55; } 80%, 100% { transform: scale(1.42); opacity: 0; } }
    h2 { max-width: 100%; font-size: 24px; font-weight: 600; letter-spacing: -.01em; line-height: 1.25; }
    .actions { display: flex; justify-content: center; gap: clamp(24px, 12%, 56px); width: 100%; }
    .action { display: grid; justify-items: center; gap: 8px; font-size: 13px; color: var(--soft); }
    :host([card]) { display: flex; align-items: center; gap: 10px; height: auto; margin: 4px 12px 8px; padding: 10px 12px; text-align: left; border-radius: 16px; background: var(--surface);
      box-shadow: var(--lift); --at: var(--surface); animation: rise .2s ease-out; }
    :host([card]) .who { display: block; justify-items: normal; flex: 1; min-width: 0; }
    :host([card]) h2 { font-size: 14.5px; }
    :host([card]) p { font-size: 13px; }
    :host([card]) .actions { align-items: center; gap: 6px; width: auto; }
    :host([card]) .round { width: 42px; height: 42px; }
    :host([card]) .round svg { font-size: 20px; }
    @media (prefers-reduced-motion: reduce) { .halo::before { opacity: .4; transform: scale(1.15); } }
  `];

  @property({ attribute: false }) call!: Call;
  @property({ type: Boolean, reflect: true }) card = false;

  override render(): TemplateResult {
    const { call, card } = this;
    const name = nameOf(call.peer);
    const busy = call.state !== 'ringing';
    const details = [numberOf(call.peer), t(busy ? 'calls.connecting' : call.offersVideo ? 'calls.calls-with-video' : 'calls.is-calling')].filter(Boolean).join(' · ');
    const decline = html`
      <button class="round stop" @click=${() => void this.model.act(() => call.decline())} aria-label=${t('calls.decline')} title=${t('calls.decline')} data-testid="decline">${icons.hangup}</button>`;
    const answer = html`
      <button class="round go" ?disabled=${busy} @click=${() => void this.model.answer(call)} aria-label=${t(card ? 'calls.hold-and-answer' : 'calls.answer')}
        title=${t(card ? 'calls.hold-and-answer' : 'calls.answer')} data-testid="answer">${icons.phone}</button>`;
    const instead = html`<ringdown-menu label=${t('calls.more-with', { name })} testid="waiting-more" .items=${[
      { label: t('calls.end-and-answer'), icon: 'phone' as const, testid: 'end-and-answer', disabled: busy, run: () => void this.model.answerInstead(call) },
      { label: t('calls.ignore'), icon: 'bellOff' as const, testid: 'ignore', disabled: !call.can.ignore, run: () => { call.ignore(); this.model.changed(); } },
    ]}></ringdown-menu>`;
    const video = call.offersVideo && !card ? html`
      <span class="action"><button class="round go" ?disabled=${busy} @click=${() => void this.model.answer(call, { video: true })} aria-label=${t('calls.answer-with-video')}
        title=${t('calls.answer-with-video')} data-testid="answer-video">${icons.video}</button><span aria-hidden="true">${t('calls.with-video')}</span></span>` : nothing;
    return html`
      ${card ? avatar({ name, photo: photoOf(this.model, call.peer) }) : nothing}
      <div class="who" data-testid="incoming" data-number=${call.peer.number}>
        ${card ? nothing : html`<span class="halo">${avatar({ name, photo: photoOf(this.model, call.peer) }, 'large')}</span>`}
        <h2 class="clip" tabindex="-1" data-main data-testid="caller">${name}</h2>
        <p class="soft digits clip">${details}</p>
      </div>
      <div class="actions">${card
        ? html`${instead}${decline}${answer}`
        : html`<span class="action">${decline}<span aria-hidden="true">${t('calls.decline')}</span></span><span class="action">${answer}<span aria-hidden="true">${t('calls.answer')}</span></span>${video}`}
      </div>`;
  }
}
