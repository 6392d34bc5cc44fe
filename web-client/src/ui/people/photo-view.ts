// The user's photo: chosen, cut to a square, scaled down and sent. Read when it is wanted.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { t } from '../messages/index.js';
import { formRow } from '../shared/parts.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { MAX_ZOOM, WHOLE, moved, sideOf, within, type Crop } from './crop.js';
import { peopleOf } from './people-of.js';

/** Pixels of the photo's side: sharp at twice the size of a call's picture, and far below the server's 512 KiB. */
const SIDE = 512;
/** How far an arrow key moves the square, in parts of its side. */
const STEP = 0.04;

/** A picture, a square of it, and sending that. What the picture's file says besides (place, camera) stays here. */
@customElement('ringdown-photo')
export class PhotoView extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; gap: 14px; justify-items: stretch; }
    canvas { justify-self: center; width: 240px; max-width: 100%; aspect-ratio: 1; border-radius: 50%; box-shadow: 0 0 0 1px var(--line); cursor: grab; touch-action: none; }
    canvas:active { cursor: grabbing; }
    canvas:focus-visible { outline-offset: 4px; }
    input[type='range'] { width: 100%; height: 24px; accent-color: var(--accent); }
    input[type='file'] { padding: 8px 12px; }
    input::file-selector-button { margin-inline-end: 10px; border: 0; border-radius: 8px; padding: 4px 10px; background: var(--sunken); color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; justify-content: flex-end; }
  `];

  @state() private picture: ImageBitmap | null = null;
  @state() private crop: Crop = WHOLE;
  @state() private wrong = '';
  @state() private sending = false;
  @query('canvas') private canvas!: HTMLCanvasElement | null;
  #from: { readonly x: number; readonly y: number; readonly crop: Crop } | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.picture?.close();
    this.picture = null;
  }

  override updated(): void {
    if (this.picture && this.canvas) this.#draw(this.canvas);
  }

  override render(): TemplateResult {
    const hasPhoto = peopleOf(this.model)?.me?.photo !== undefined;
    return html`
      ${formRow('photo', t('people.photo-choose'), html`
        <input class="field" type="file" id="photo" accept="image/*" @change=${this.#choose} data-testid="photo-file" data-main>`,
        this.wrong ? { wrong: this.wrong } : { hint: t('people.photo-hint') })}
      ${this.picture ? html`
        <canvas width=${SIDE} height=${SIDE} tabindex="0" role="img" aria-label=${t('people.photo-square')} data-testid="photo-square"
          @pointerdown=${this.#grab} @pointermove=${this.#drag} @pointerup=${this.#drop} @pointercancel=${this.#drop} @keydown=${this.#key} @wheel=${this.#wheel}></canvas>
        ${formRow('photo-zoom', t('people.photo-zoom'), html`
          <input type="range" id="photo-zoom" min="1" max=${MAX_ZOOM} step="0.05" .value=${String(this.crop.zoom)} data-testid="photo-zoom"
            @input=${(event: Event) => this.#zoom(Number((event.target as HTMLInputElement).value))}>`)}` : nothing}
      <div class="actions">
        ${hasPhoto ? html`<button class="button danger" ?disabled=${this.sending} @click=${() => void this.#send(null)} data-testid="photo-remove">${t('people.photo-remove')}</button>` : nothing}
        <button class="button primary" ?disabled=${!this.picture || this.sending} @click=${() => void this.#save()} data-testid="photo-save">${t('presence.save')}</button>
      </div>`;
  }

  readonly #choose = async (event: Event): Promise<void> => {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (!file) return;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
      this.picture?.close();
      this.picture = picture;
      this.crop = WHOLE;
      this.wrong = '';
    } catch {
      this.wrong = t('people.photo-unreadable');
    }
  };

  #draw(canvas: HTMLCanvasElement): void {
    const { picture } = this;
    const context = canvas.getContext('2d');
    if (!picture || !context) return;
    const { x, y, zoom } = this.crop;
    const side = sideOf(picture, zoom);
    context.imageSmoothingQuality = 'high';
    // What is transparent in the picture is white in a photo, in the dark, too.
    context.fillStyle = '#fff';
    context.fillRect(0, 0, SIDE, SIDE);
    context.drawImage(picture, x * picture.width - side / 2, y * picture.height - side / 2, side, side, 0, 0, SIDE, SIDE);
  }

  #move(from: Crop, right: number, down: number): void {
    if (this.picture) this.crop = moved(this.picture, from, right, down);
  }

  #zoom(zoom: number): void {
    if (this.picture) this.crop = within(this.picture, { ...this.crop, zoom });
  }

  readonly #grab = (event: PointerEvent): void => {
    this.canvas?.setPointerCapture(event.pointerId);
    this.#from = { x: event.clientX, y: event.clientY, crop: this.crop };
  };

  readonly #drag = (event: PointerEvent): void => {
    const width = this.canvas?.clientWidth ?? 0;
    if (this.#from && width > 0) this.#move(this.#from.crop, (this.#from.x - event.clientX) / width, (this.#from.y - event.clientY) / width);
  };

  readonly #drop = (): void => { this.#from = null; };

  readonly #wheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.#zoom(this.crop.zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
  };

  readonly #key = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (step) this.#move(this.crop, step[0] ?? 0, step[1] ?? 0);
    else if (event.key === '+' || event.key === '-') this.#zoom(this.crop.zoom + (event.key === '+' ? 0.2 : -0.2));
    else return;
    event.preventDefault();
  };

  async #save(): Promise<void> {
    const { canvas } = this;
    if (!canvas) return;
    const as = (type: string): Promise<Blob | null> => new Promise((done) => canvas.toBlob(done, type, 0.9));
    const small = await as('image/webp');
    // A browser that cannot write WebP gives PNG, which is several times as long.
    const photo = small?.type === 'image/webp' ? small : await as('image/jpeg');
    if (photo) await this.#send(photo);
  }

  async #send(photo: Blob | null): Promise<void> {
    this.sending = true;
    await this.model.act(async () => {
      await peopleOf(this.model)?.setPhoto(photo, this.model.origin);
      this.model.toast(t(photo ? 'people.photo-kept' : 'people.photo-gone'));
      this.dispatchEvent(new Event('done'));
    });
    this.sending = false;
  }
}
