// Playing: the page's right to sound, the loudspeaker, the other side's voice, the ringtone, call-progress tones.
import { callToneSamples, INTERNATIONAL_TONES, type CallTone } from './call-tones.js';
import { ringtoneSamples } from './ringtone.js';
import type { SoundState } from './port.js';
import type { CallTones } from '../protocol/generated.js';

/** An element or context whose loudspeaker can be chosen, where the browser can do that. */
interface Routable extends EventTarget {
  setSinkId?: (id: string) => Promise<void>;
}

/** Everything the page plays. */
export class Sound {
  /** How call-progress tones sound. */
  tones: CallTones = INTERNATIONAL_TONES;
  readonly #onState: (state: SoundState) => void;
  readonly #elements = new Set<HTMLAudioElement>();
  readonly #listening = new AbortController();
  #context: AudioContext | null = null;
  #ringing: AudioBufferSourceNode | null = null;
  #tone: AudioBufferSourceNode | null = null;
  #wantsRinging = false;
  #state: SoundState;
  #output = '';

  constructor(onState: (state: SoundState) => void) {
    this.#onState = onState;
    this.#state = hasBeenTouched() ? 'ready' : 'locked';
    // Any click or key press on the page unlocks sound, so that the first call can ring.
    const options = { capture: true, signal: this.#listening.signal };
    for (const gesture of ['pointerdown', 'pointerup', 'keydown', 'click']) {
      document.addEventListener(gesture, () => void this.unlock(), options);
    }
  }

  /** Whether the page may play. */
  get state(): SoundState {
    return this.#state;
  }

  /** The chosen loudspeaker; empty for the system's choice. */
  get output(): string {
    return this.#output;
  }

  /** Starts everything that the browser held back. */
  async unlock(): Promise<void> {
    const context = this.context();
    if (context.state !== 'running') {
      // Outside a gesture this promise may never settle; the state below tells.
      await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 300))]);
    }
    this.#settle(context.state === 'running');
    if (this.#state === 'locked') return;
    for (const element of this.#elements) if (element.paused) void this.#play(element);
    if (this.#wantsRinging) this.startRinging();
  }

  /** The one audio context of the page's phone. */
  context(): AudioContext {
    if (!this.#context) {
      this.#context = new AudioContext({ latencyHint: 'interactive' });
      void this.#route(this.#context);
    }
    return this.#context;
  }

  /** An element that plays a call, silent at first where `audible` is false. */
  openElement(): HTMLAudioElement {
    const element = new Audio();
    element.autoplay = true;
    this.#elements.add(element);
    void this.#route(element);
    return element;
  }

  /** Plays `stream` in `element`. An element, not a context, plays calls: echo cancellation needs that. */
  play(element: HTMLAudioElement, stream: MediaStream): void {
    element.srcObject = stream;
    void this.#play(element);
  }

  /** Ends an element. */
  closeElement(element: HTMLAudioElement): void {
    this.#elements.delete(element);
    element.pause();
    element.srcObject = null;
  }

  /** Chooses the loudspeaker. */
  async setOutput(id: string): Promise<void> {
    this.#output = id;
    const targets: Routable[] = [...this.#elements, ...(this.#context ? [this.#context as Routable] : [])];
    await Promise.all(targets.map((target) => this.#route(target)));
  }

  /** Rings until `stopRinging`; starts with the first gesture where sound is locked. */
  startRinging(): void {
    this.#wantsRinging = true;
    if (this.#ringing || this.#state === 'locked') return;
    // A looping buffer needs no timer, and timers of a background tab fire once a minute.
    this.#ringing = this.#playSamples(ringtoneSamples, true);
  }

  /** Stops ringing. */
  stopRinging(): void {
    this.#wantsRinging = false;
    silence(this.#ringing);
    this.#ringing = null;
  }

  /** Plays a tone once; nothing where sound is locked: later it would tell of nothing. */
  startTone(tone: CallTone): void {
    this.stopTone();
    if (this.#state !== 'ready') return;
    this.#tone = this.#playSamples((rate) => callToneSamples(tone, this.tones[tone], rate), false);
  }

  /** Ends the tone. */
  stopTone(): void {
    silence(this.#tone);
    this.#tone = null;
  }

  /** Ends all sound and frees the devices. */
  destroy(): void {
    this.stopRinging();
    this.stopTone();
    this.#listening.abort();
    for (const element of [...this.#elements]) this.closeElement(element);
    void this.#context?.close();
    this.#context = null;
  }

  #playSamples(compute: (sampleRate: number) => Float32Array<ArrayBuffer>, loop: boolean): AudioBufferSourceNode {
    const context = this.context();
    const samples = compute(context.sampleRate);
    const buffer = context.createBuffer(1, samples.length, context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.loop = loop;
    source.connect(context.destination);
    source.start();
    return source;
  }

  async #play(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (thrown) {
      // 'AbortError' is a new stream or a pause, not a refusal.
      if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') this.#settle(false);
    }
  }

  #settle(ready: boolean): void {
    const state = ready ? 'ready' : 'locked';
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(state);
  }

  async #route(target: Routable): Promise<void> {
    if (this.#output === '' && !this.#elements.size && !this.#context) return;
    try {
      await target.setSinkId?.(this.#output);
    } catch {
      // The loudspeaker is gone: the system's choice plays.
    }
  }
}

const silence = (source: AudioBufferSourceNode | null): void => {
  source?.stop();
  source?.disconnect();
};

const hasBeenTouched = (): boolean => {
  const { userActivation } = navigator as { userActivation?: UserActivation };
  return userActivation?.hasBeenActive ?? false;
};
