// The microphone: opened with the first call that needs it, closed with the last, shared between.
import type { RingdownError } from '../errors.js';
import { deviceError } from './device-errors.js';
import type { Devices } from './devices.js';
import type { AudioProcessing, MicrophonePermission } from './port.js';
import type { Warnings } from './warnings.js';

/** A call's own copy of the microphone. */
export interface MicrophoneUse {
  readonly track: MediaStreamTrack;
  release(): void;
}

/**
 * Sits between the device and the calls: noise suppression, a voice filter. Gives what is sent in place of `track`, anew for
 * each device; `release` is called when it is needed no more.
 */
export type AudioProcessor = (track: MediaStreamTrack) => Promise<{ readonly track: MediaStreamTrack; readonly release?: () => void }>;

interface User {
  track: MediaStreamTrack;
  readonly onReplaced: (track: MediaStreamTrack) => void;
  readonly onLost: (error: RingdownError) => void;
}

/** An opened device: its own track, and the one that is sent. */
interface Source {
  readonly device: MediaStreamTrack;
  readonly track: MediaStreamTrack;
  readonly releases: readonly ((() => void) | undefined)[];
}

/** The microphone. */
export class Microphone {
  readonly #processing: AudioProcessing;
  readonly #devices: Devices;
  readonly #warnings: Warnings;
  readonly #onPermission: (permission: MicrophonePermission) => void;
  readonly #users = new Set<User>();
  readonly #processors = new Set<AudioProcessor>();
  /** Calls that could not open it: tried again when a device comes or the right to it. */
  readonly waiting = new Set<() => void>();
  #source: Promise<Source> | null = null;
  #permission: MicrophonePermission = typeof document === 'undefined' ? 'denied' : 'prompt';
  #status: PermissionStatus | null = null;

  constructor(processing: AudioProcessing, devices: Devices, warnings: Warnings, onPermission: (permission: MicrophonePermission) => void) {
    this.#processing = processing;
    this.#devices = devices;
    this.#warnings = warnings;
    this.#onPermission = onPermission;
    void this.#watchPermission();
  }

  /** Whether the page may use the microphone. */
  get permission(): MicrophonePermission {
    return this.#permission;
  }

  /** A copy of the microphone's track. `onReplaced` gets another when the device changes. */
  async acquire(onReplaced: User['onReplaced'], onLost: User['onLost']): Promise<MicrophoneUse> {
    const { track } = await this.#current();
    const user: User = { track: track.clone(), onReplaced, onLost };
    this.#users.add(user);
    return {
      get track() { return user.track; },
      release: () => {
        user.track.stop();
        if (this.#users.delete(user) && this.#users.size === 0) this.#close();
      },
    };
  }

  /** Opens the microphone and closes it, which makes the browser ask. */
  async ask(): Promise<void> {
    await this.#current();
    if (this.#users.size === 0) this.#close();
  }

  /** Another device serves, or something was plugged in or out: calls under way get it. */
  handleDevice(): void {
    if (this.#users.size > 0) void this.#replace();
    for (const retry of [...this.waiting]) retry();
  }

  /** Puts a processor behind those that are there; the result takes it away. */
  addProcessor(processor: AudioProcessor): () => void {
    this.#processors.add(processor);
    this.handleDevice();
    return () => {
      if (this.#processors.delete(processor)) this.handleDevice();
    };
  }

  /** Closes everything. */
  destroy(): void {
    for (const user of this.#users) user.track.stop();
    this.#users.clear();
    this.#close();
    if (this.#status) this.#status.onchange = null;
  }

  /** The opened device, whatever replaced it meanwhile. */
  async #current(): Promise<Source> {
    for (;;) {
      if (!this.#source) {
        this.#devices.retry('input');
        this.#source = this.#open();
      }
      const opening = this.#source;
      try {
        const source = await opening;
        if (this.#source === opening) return source;
      } catch (error) {
        if (this.#source === opening) {
          this.#source = null;
          throw error;
        }
      }
    }
  }

  async #open(): Promise<Source> {
    const { echoCancellation = true, noiseSuppression = true, autoGainControl = true } = this.#processing;
    try {
      const device = await this.#devices.open('input', { echoCancellation, noiseSuppression, autoGainControl });
      if (this.#permission !== 'granted') {
        this.#permit('granted');
        // From here on the browser tells what the devices are called.
        void this.#devices.refresh();
      }
      return await this.#process(device);
    } catch (thrown) {
      const error = deviceError('mic', thrown);
      if (error.name === 'mic-blocked') this.#permit('denied');
      throw error;
    }
  }

  async #process(device: MediaStreamTrack): Promise<Source> {
    const releases = [];
    let track = device;
    this.#warnings.set('processor-failed', false);
    for (const processor of this.#processors) {
      try {
        const processed = await processor(track);
        ({ track } = processed);
        releases.push(processed.release);
      } catch {
        // The voice matters more than how it sounds.
        this.#warnings.set('processor-failed', true);
      }
    }
    const source = { device, track, releases };
    // 'ended' comes when the device is unplugged or the permission is withdrawn, never from our own stop().
    device.onended = () => void this.#handleEnded(source);
    const tellMuted = device.onmute = device.onunmute = () => this.#warnings.set('device-muted', device.muted);
    tellMuted();
    return source;
  }

  async #handleEnded(lost: Source): Promise<void> {
    const opening = this.#source;
    await this.#devices.refresh();
    // The look may have opened another already.
    if (opening && this.#source === opening && (await opening) === lost) await this.#replace();
  }

  /** Opens what serves now, and only then lets go of what served: a call hears no gap, and its mute stays as it is. */
  async #replace(): Promise<void> {
    const before = this.#source;
    const opening = this.#source = this.#open();
    try {
      const { track } = await opening;
      // A later change, or the last user's end, overtook this one.
      if (this.#source !== opening) return;
      for (const user of this.#users) {
        const { enabled } = user.track;
        user.track.stop();
        user.track = track.clone();
        user.track.enabled = enabled;
        user.onReplaced(user.track);
      }
    } catch (error) {
      if (this.#source !== opening) return;
      this.#source = null;
      for (const user of this.#users) user.onLost(error as RingdownError);
    } finally {
      this.#shut(before);
    }
  }

  #close(): void {
    this.#shut(this.#source);
    this.#source = null;
    this.#warnings.set('device-muted', false);
    this.#warnings.set('processor-failed', false);
  }

  /** Lets go of a device. */
  #shut(opening: Promise<Source> | null): void {
    opening?.then(({ device, track, releases }) => {
      device.onended = device.onmute = device.onunmute = null;
      device.stop();
      track.stop();
      for (const release of releases) release?.();
    }, () => undefined);
  }

  #permit(permission: MicrophonePermission): void {
    if (this.#permission === permission) return;
    this.#permission = permission;
    this.#onPermission(permission);
  }

  async #watchPermission(): Promise<void> {
    try {
      const status = await navigator.permissions.query({ name: 'microphone' });
      this.#status = status;
      const read = (): void => {
        this.#permit(status.state);
        // A call whose microphone was taken gets it back.
        if (status.state === 'granted' && !this.#source) this.handleDevice();
      };
      status.onchange = read;
      // A stale 'prompt' must not overrule what an opened microphone has shown.
      if (status.state !== 'prompt') read();
    } catch {
      // Not every browser tells; the first call shows it.
    }
  }
}
