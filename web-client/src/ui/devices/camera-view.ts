// What the camera sees, before others do. Read when it is wanted.
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { RingdownError } from '../../index.js';
import { previewCamera, type CameraPreview } from '../../modules/devices/index.js';
import { errorText } from '../messages/errors.js';
import { t } from '../messages/index.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';

/** A picture as in a mirror, of the camera named by `camera`; it is closed with the element. */
@customElement('ringdown-camera')
export class CameraView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; gap: 4px; }
    video { display: block; width: 100%; max-height: 240px; border-radius: var(--radius); background: #000; object-fit: contain; transform: scaleX(-1); }
    p { font-size: 12.5px; color: var(--soft); }
    .wrong { color: var(--stop-text); }
  `];

  /** The camera; empty for the system's choice. */
  @property() camera = '';
  @state() private preview: CameraPreview | null = null;
  @state() private wrong = '';
  #asked = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('camera') && this.isConnected) void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#asked += 1;
    this.#close();
  }

  override render(): TemplateResult {
    if (this.wrong) return html`<p class="wrong" role="alert" data-testid="camera-wrong">${this.wrong}</p>`;
    const { preview } = this;
    return html`<video autoplay muted playsinline .srcObject=${preview?.stream ?? null} aria-label=${t('devices.camera-picture')} data-testid="camera-picture"></video>
      ${preview ? html`<p role="status">${t('devices.camera-works', { width: preview.width, height: preview.height })}</p>` : nothing}`;
  }

  async #open(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    // Some systems give a camera to one at a time.
    this.#close();
    this.wrong = '';
    try {
      const preview = await previewCamera(this.camera);
      if (asked === this.#asked) this.preview = preview;
      else preview.stop();
    } catch (error) {
      const { title, solutions } = errorText(error as RingdownError);
      if (asked === this.#asked) this.wrong = [title, ...solutions].join(' ');
    }
  }

  #close(): void {
    this.preview?.stop();
    this.preview = null;
  }
}
