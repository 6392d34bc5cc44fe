// Devices, sound and ringing as an application sees them.
import type { Emitter} from '../emitter.js';
import { type Unsubscribe } from '../emitter.js';
import type { CallTone } from '../media/call-tones.js';
import type { AudioDevice, MediaEngine, MicrophonePermission, SoundState } from '../media/port.js';

/** Events of the audio with their listeners' arguments. */
export interface AudioEvents {
  /** A device was plugged in or out. */
  devices: [];
  /** Sound was unlocked or refused. */
  sound: [state: SoundState];
  /** The page's right to the microphone changed. */
  permission: [permission: MicrophonePermission];
}

/** Devices, sound and ringing. */
export class Audio {
  readonly #media: MediaEngine;
  readonly #events: Emitter<AudioEvents>;

  /** @internal */
  constructor(media: MediaEngine, events: Emitter<AudioEvents>) {
    this.#media = media;
    this.#events = events;
  }

  /** Whether the page may play sound; browsers ask for a click or key press first. */
  get state(): SoundState { return this.#media.sound; }
  /** Whether the page may use the microphone. */
  get permission(): MicrophonePermission { return this.#media.permission; }
  /** The chosen microphone; empty for the system's choice. */
  get input(): string { return this.#media.input; }
  /** The chosen loudspeaker; empty for the system's choice. */
  get output(): string { return this.#media.output; }

  /** Calls `listener` on every `event`. */
  on<E extends keyof AudioEvents>(event: E, listener: (...args: AudioEvents[E]) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** Stops calling `listener`. */
  off<E extends keyof AudioEvents>(event: E, listener: (...args: AudioEvents[E]) => void): void {
    this.#events.off(event, listener);
  }

  /** Unlocks sound. Call it from a click handler; the library also does so on any click or key press on the page. */
  unlock(): Promise<void> { return this.#media.unlock(); }
  /** Makes the browser ask for the microphone, so that the first call need not. */
  askForMicrophone(): Promise<void> { return this.#media.askForMicrophone(); }
  /** Microphones and loudspeakers. */
  devices(): Promise<readonly AudioDevice[]> { return this.#media.devices(); }
  /** Chooses the microphone, also for calls under way; empty for the system's choice. */
  setInput(id: string): Promise<void> { return this.#media.setInput(id); }
  /** Chooses the loudspeaker, also for calls under way; empty for the system's choice. */
  setOutput(id: string): Promise<void> { return this.#media.setOutput(id); }
  /** Plays the ringtone until stopped. */
  startRinging(): void { this.#media.startRinging(); }
  /** Stops the ringtone. */
  stopRinging(): void { this.#media.stopRinging(); }
  /** Plays the busy or the congestion tone once; the client does so by itself unless `callTones` is off. */
  startTone(tone: CallTone): void { this.#media.startTone(tone); }
  /** Stops the tone. The next call also does. */
  stopTone(): void { this.#media.stopTone(); }
  /** Tells how loud the microphone is, 0 to 1, until the result is called. */
  testMicrophone(onLevel: (level: number) => void): Promise<() => void> { return this.#media.testMicrophone(onLevel); }
}
