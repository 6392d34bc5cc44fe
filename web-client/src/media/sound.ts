// Playing: the page's right to sound, the loudspeakers, the other side's voice, the ringtone, call-progress tones.
import { callToneSamples, INTERNATIONAL_TONES, type CallTone } from './call-tones.js';
import type { DeviceRole } from './device-choice.js';
import type { Devices } from './devices.js';
import { ringtoneSamples, type Ringtone } from './ringtone.js';
import type { SoundState } from './port.js';
import { routeTo, Speaker } from './speaker.js';
import type { CallTones } from '../protocol/generated.js';

/** Everything the page plays. */
export class Sound {
  /** How call-progress tones sound. */
  tones: CallTones = INTERNATIONAL_TONES;
  /** How a call rings. */
  ringtone: Ringtone | undefined;
  readonly #devices: Devices;
  readonly #onState: (state: SoundState) => void;
  readonly #elements = new Set<HTMLAudioElement>();
  readonly #listening = new AbortController();
  #speaker: Speaker | null = null;
  /** Rings where that is another loudspeaker. */
  #bell: Speaker | null = null;
  #wantsRinging = false;
  /** It rings until stopped. */
  #loops = false;
  /** What rings, or rang last. */
  #ringer: Speaker | null = null;
  #state: SoundState;

  constructor(devices: Devices, onState: (state: SoundState) => void) {
    this.#devices = devices;
    this.#onState = onState;
    const { navigator } = globalThis as { navigator?: { userActivation?: UserActivation } };
    this.#state = navigator?.userActivation?.hasBeenActive ? 'ready' : 'locked';
    if (typeof document === 'undefined') return;
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

  /** Starts everything that the browser held back. */
  async unlock(): Promise<void> {
    if (this.#listening.signal.aborted || typeof AudioContext === 'undefined') return;
    this.#settle(await this.#talk.resume());
    void this.#bell?.resume();
    if (this.#state === 'locked') return;
    for (const element of this.#elements) if (element.paused) void this.#play(element);
    if (this.#wantsRinging) this.startRinging();
  }

  /** The audio context of the loudspeaker. */
  context(): AudioContext {
    return this.#talk.context;
  }

  /** An element that plays a call, silent at first where `audible` is false. */
  openElement(): HTMLAudioElement {
    const element = new Audio();
    element.autoplay = true;
    // A media key or the system may pause it: a call is never silent by mistake.
    element.onpause = () => {
      if (this.#elements.has(element)) void this.#play(element);
    };
    this.#elements.add(element);
    void this.#route('output', (sink) => routeTo(element, sink));
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

  /** Another loudspeaker serves. */
  async handleDevice(): Promise<void> {
    await this.#route('output', (sink) => Promise.all([...this.#elements, this.#speaker?.target].map((target) => routeTo(target, sink))));
    if (this.#bell) await this.#route('ring', (sink) => routeTo(this.#bell?.target, sink));
    if (this.#loops) this.#ring(true);
  }

  /** Rings until `stopRinging`; starts with the first gesture where sound is locked. */
  startRinging(): void {
    this.#wantsRinging = true;
    if (this.#loops || this.#state === 'locked') return;
    this.#loops = true;
    this.#ring(true);
  }

  /** Stops ringing. */
  stopRinging(): void {
    this.#wantsRinging = this.#loops = false;
    this.#ringer?.stop();
    this.#ringer = null;
  }

  /** Rings once, unless it rings; `stopRinging` ends it. */
  async testRing(): Promise<void> {
    await this.unlock();
    if (!this.#loops && this.#state === 'ready') this.#ring(false);
  }

  /** Plays a tone once; nothing where sound is locked: later it would tell of nothing. */
  startTone(tone: CallTone): void {
    this.stopTone();
    if (this.#ringer === this.#speaker) this.#ringer = null;
    if (this.#state === 'ready') this.#talk.play((rate) => callToneSamples(tone, this.tones[tone], rate), false);
  }

  /** Ends the tone. */
  stopTone(): void {
    if (this.#ringer !== this.#speaker) this.#speaker?.stop();
  }

  /** Ends all sound and frees the devices. */
  destroy(): void {
    this.#listening.abort();
    this.stopRinging();
    // Nothing plays from here on.
    this.#state = 'locked';
    for (const element of [...this.#elements]) this.closeElement(element);
    this.#speaker?.close();
    this.#bell?.close();
    this.#speaker = this.#bell = null;
  }

  get #talk(): Speaker {
    if (!this.#speaker) {
      const speaker = this.#speaker = new Speaker((running) => this.#settle(running));
      void this.#route('output', (sink) => routeTo(speaker.target, sink));
    }
    return this.#speaker;
  }

  #ring(loop: boolean): void {
    let speaker = this.#talk;
    // One speaker serves both unless the user wants it otherwise.
    if (this.#devices.used('ring') && this.#devices.used('ring') !== this.#devices.used('output')) {
      const bell = this.#bell ??= new Speaker(() => undefined);
      void this.#route('ring', (sink) => routeTo(bell.target, sink));
      speaker = bell;
    }
    this.stopTone();
    this.#ringer?.stop();
    this.#ringer = speaker;
    speaker.play((rate) => ringtoneSamples(rate, this.ringtone), loop);
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

  /** Routes something to what serves a role; where that cannot be, to the next. */
  async #route(role: DeviceRole, route: (sink: string) => Promise<unknown> | undefined): Promise<void> {
    for (let sink = this.#devices.used(role); sink; sink = this.#devices.used(role)) {
      try {
        await route(sink);
        return;
      } catch {
        this.#devices.fail(role, sink);
      }
    }
    await route('')?.catch(() => undefined);
  }
}
