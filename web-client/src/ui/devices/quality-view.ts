// How good a call's audio is, in figures.
import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { AudioQuality, Call } from '../../index.js';
import { number, t } from '../messages/index.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';

/** A table of both ways. */
@customElement('ringdown-quality')
export class QualityView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; gap: 10px; text-align: start; font-size: 13.5px; }
    table { width: 100%; border-collapse: collapse; }
    th, td { padding: 5px 0; text-align: end; font-weight: 400; }
    th:first-child { text-align: start; color: var(--soft); }
    thead th { font-weight: 550; }
    tbody tr { border-top: 1px solid var(--line); }
  `];

  @property({ attribute: false }) call!: Call;

  override render(): TemplateResult {
    const { quality } = this.call;
    if (!quality) return html`<p class="soft" data-testid="quality-none">${t('devices.quality-none')}</p>`;
    const { sent, received, roundTripMs } = quality;
    const line = (label: string, of: (way: AudioQuality) => string): TemplateResult => html`
      <tr><th scope="row">${label}</th><td class="digits">${sent ? of(sent) : '–'}</td><td class="digits">${received ? of(received) : '–'}</td></tr>`;
    return html`
      <table data-testid="quality-table">
        <thead><tr><th></th><th scope="col">${t('devices.you-say')}</th><th scope="col">${t('devices.you-hear')}</th></tr></thead>
        <tbody>
          ${line(t('devices.score'), ({ mos }) => number(Math.round(mos * 10) / 10))}
          ${line(t('devices.loss'), ({ lossPercent }) => `${number(Math.round(lossPercent * 10) / 10)} %`)}
          ${line(t('devices.jitter'), ({ jitterMs }) => t('devices.milliseconds', { ms: Math.round(jitterMs) }))}
        </tbody>
      </table>
      <p class="soft">${t('devices.round-trip')}: <span class="digits">${roundTripMs === null ? '–' : t('devices.milliseconds', { ms: Math.round(roundTripMs) })}</span></p>`;
  }
}
