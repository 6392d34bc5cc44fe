// Devices, sound and ringing as an application sees them.
import type { Emitter} from '../emitter.js';
import { type Unsubscribe } from '../emitter.js';
import type { CallTone } from '../media/call-tones.js';
import type { DeviceRole } from '../media/device-choice.js';
import type { AudioProcessor } from '../media/microphone.js';
import type { Ringtone } from '../media/ringtone.js';
import type { AudioDevice, AudioWarning, DevicePreferences, MediaEngine, MicrophonePermission, SoundState } from '../media/port.js';

/** Events of the audio with their listeners' arguments. */
export interface AudioEvents {
  /** A device was plugged in or out, chosen, or another serves in its place. */
  devices: [];
  /** Something is not as the user chose, or nobody hears or sees them. Every warning that is raised is cleared. */
  warning: [warning: AudioWarning];
  /** It is over. */
  warningCleared: [warning: AudioWarning];
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
  get input(): string { return this.#media.devices.chosen('input'); }
  /** The chosen loudspeaker; empty for the system's choice. */
  get output(): string { return this.#media.devices.chosen('output'); }
  /** Where calls ring; empty for where they are heard, `default` for the system's choice. */
  get ring(): string { return this.#media.devices.chosen('ring'); }
  /** The chosen camera; empty for the system's choice. */
  get camera(): string { return this.#media.devices.chosen('camera'); }
  /** What serves a role at the moment: an id, empty for the system's choice, null where nothing works. */
  used(role: DeviceRole): string | null { return this.#media.devices.used(role); }
  /** The warnings that stand. */
  get warnings(): readonly AudioWarning[] { return this.#media.warnings; }
  /** Every choice with those before it, which stand in for it: store it and set it again. */
  get preferences(): DevicePreferences { return this.#media.devices.preferences; }
  set preferences(preferences: DevicePreferences) { this.#media.devices.preferences = preferences; }

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
  /** Microphones, loudspeakers and cameras. */
  devices(): Promise<readonly AudioDevice[]> { return this.#media.devices.list(); }
  /** Chooses the microphone, also for calls under way; empty for the system's choice. A mute stays as it is. */
  setInput(id: string): void { this.#media.devices.choose('input', id); }
  /** Chooses the loudspeaker, also for calls under way; empty for the system's choice. */
  setOutput(id: string): void { this.#media.devices.choose('output', id); }
  /** Chooses where calls ring; empty for where they are heard, `default` for the system's choice. */
  setRing(id: string): void { this.#media.devices.choose('ring', id); }
  /** Chooses the camera, also for calls under way; empty for the system's choice. */
  setCamera(id: string): void { this.#media.devices.choose('camera', id); }
  /** How calls ring; nothing for the usual ringtone. */
  setRingtone(ringtone?: Ringtone): void { this.#media.setRingtone(ringtone); }
  /** Rings once, where calls ring. */
  testRing(): Promise<void> { return this.#media.testRing(); }
  /** Puts a processor between the microphone and the calls, also those under way; the result takes it away. */
  addProcessor(processor: AudioProcessor): Unsubscribe { return this.#media.addProcessor(processor); }
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
