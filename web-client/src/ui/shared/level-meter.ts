// How loud somebody is, as five bars.
import { LitElement, css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';

/** Five bars that rise with `level`, 0 to 1. */
@customElement('ringdown-level')
export class LevelMeter extends LitElement {
  static override styles = css`
    :host { display: inline-flex; align-items: flex-end; gap: 2px; height: 14px; }
    i { width: 3px; border-radius: 1.5px; background: var(--line); transition: background-color .12s; }
    i.on { background: var(--accent); }
    i:nth-child(1) { height: 5px; } i:nth-child(2) { height: 7px; } i:nth-child(3) { height: 9px; } i:nth-child(4) { height: 11px; } i:nth-child(5) { height: 14px; }
  `;

  @property({ type: Number }) level = 0;

  override render(): TemplateResult[] {
    // Loudness is felt as a logarithm: −45 dB shows nothing, −5 dB everything.
    const heard = this.level <= 0 ? 0 : (20 * Math.log10(this.level) + 45) / 40;
    return [0.05, 0.25, 0.45, 0.65, 0.85].map((threshold) => html`<i class=${heard > threshold ? 'on' : ''}></i>`);
  }
}
