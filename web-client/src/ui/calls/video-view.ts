// What is seen of a call: the other side, large, and the user in a corner.
import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { Call } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import { base } from '../shared/styles.js';
import { nameOf } from '../shared/people.js';

/** The pictures of a call. Sound comes from elsewhere: every picture is mute. */
@customElement('ringdown-video')
export class VideoView extends LitElement {
  static override styles = [base, css`
    :host { display: block; position: relative; width: 100%; height: 100%; min-height: 0; border-radius: 16px; overflow: hidden; background: #10181a; color: #fff; box-shadow: var(--shadow); }
    .stage { position: absolute; inset: 0; }
    figure { margin: 0; position: relative; min-width: 0; min-height: 0; background: #10181a; }
    .main { position: absolute; inset: 0; }
    video { display: block; width: 100%; height: 100%; object-fit: cover; }
    .screen video, :host(:fullscreen) .main video { object-fit: contain; }
    .mirrored video { transform: scaleX(-1); }
    .small { position: absolute; right: 10px; width: clamp(84px, 22%, 180px); aspect-ratio: 4 / 3; border-radius: 10px; overflow: hidden; box-shadow: 0 2px 12px rgb(0 0 0 / 45%); outline: 1.5px solid rgb(255 255 255 / 55%); }
    .self { bottom: 10px; }
    .second { top: 10px; }
    figcaption { position: absolute; left: 8px; bottom: 8px; max-width: calc(100% - 16px); padding: 2px 9px; border-radius: 99px; background: rgb(0 0 0 / 55%); font-size: 12px; }
    .small figcaption { left: 5px; bottom: 5px; padding: 0 7px; font-size: 11px; }
    .wait { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 8px; color: #c9d4d4; font-size: 13px; }
    .wait svg { font-size: 30px; opacity: .7; }
    .round { position: absolute; left: 8px; top: 8px; width: 36px; height: 36px; background: rgb(0 0 0 / 45%); color: #fff; }
    .round:hover:not(:disabled) { background: rgb(0 0 0 / 70%); }
    .round:focus-visible { outline-color: #fff; }
  `];

  @property({ attribute: false }) call!: Call;
  /** Held calls show nobody. */
  @property({ type: Boolean }) held = false;
  /** What `call.video` was when this was drawn. */
  @property({ attribute: false }) video!: Call['video'];
  @query('.stage') private stage!: HTMLElement;

  override updated(): void {
    const { camera, screen, remoteCamera, remoteScreen } = this.video;
    for (const [name, stream] of [['camera', camera], ['screen', screen], ['remote-camera', remoteCamera], ['remote-screen', remoteScreen]] as const) {
      const element = this.stage.querySelector<HTMLVideoElement>(`video[data-testid="video-${name}"]`);
      if (!element || element.srcObject === stream) continue;
      element.srcObject = stream;
      // Mute pictures may play without a click; one that is replaced at once needs no word.
      element.play().catch(() => undefined);
    }
  }

  override render(): TemplateResult {
    const { camera, screen, remoteCamera, remoteScreen } = this.video;
    const name = nameOf(this.call.peer);
    const self = camera ? 'camera' : screen ? 'screen' : null;
    const main = this.held ? nothing
      : remoteScreen ? this.#picture('remote-screen', t('calls.screen-of', { name }), 'main screen')
      : remoteCamera ? this.#picture('remote-camera', name, 'main')
      : nothing;
    return html`
      <div class="stage">
        ${main === nothing ? html`<p class="wait">${this.held ? icons.pause : icons.video}${this.held ? t('calls.on-hold') : t('calls.no-video', { name })}</p>` : main}
        ${remoteScreen && remoteCamera && !this.held ? this.#picture('remote-camera', name, 'small second') : nothing}
        ${self === null ? nothing : this.#picture(self, t(self === 'camera' ? 'calls.you' : 'calls.your-screen'), `small self ${self === 'camera' ? 'mirrored' : 'screen'}`)}
        ${main === nothing || !document.fullscreenEnabled ? nothing : html`
          <button class="round" aria-label=${t('calls.full-screen')} title=${t('calls.full-screen')} @click=${this.#toggleFull} data-testid="full-screen">${icons.full}</button>`}
      </div>`;
  }

  #picture(name: string, label: string, kind: string): TemplateResult {
    return html`
      <figure class=${kind}>
        <video autoplay playsinline muted .muted=${true} aria-label=${label} data-testid="video-${name}"></video>
        <figcaption class="clip" aria-hidden="true">${label}</figcaption>
      </figure>`;
  }

  readonly #toggleFull = (): void => {
    const done = document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen();
    // A page may forbid it; the picture stays where it is.
    done.catch(() => undefined);
  };
}
