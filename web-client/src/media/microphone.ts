// The microphone: opened with the first call that needs it, closed with the last, shared between.
import { clientError, type RingdownError } from '../errors.js';
import type { AudioProcessing, MicrophonePermission } from './port.js';

/** A call's own copy of the microphone. */
export interface MicrophoneUse {
  readonly track: MediaStreamTrack;
  release(): void;
}

interface User {
  track: MediaStreamTrack;
  readonly onReplaced: (track: MediaStreamTrack) => void;
  readonly onLost: (error: RingdownError) => void;
}

/** The microphone. */
export class Microphone {
  readonly #processing: AudioProcessing;
  readonly #onPermission: (permission: MicrophonePermission) => void;
  readonly #users = new Set<User>();
  #source: Promise<MediaStreamTrack> | null = null;
  #device = '';
  #permission: MicrophonePermission = 'prompt';
  #status: PermissionStatus | null = null;

  constructor(processing: AudioProcessing, onPermission: (permission: MicrophonePermission) => void) {
    this.#processing = processing;
    this.#onPermission = onPermission;
    void this.#watchPermission();
  }

  /** Whether the page may use the microphone. */
  get permission(): MicrophonePermission {
    return this.#permission;
  }

  /** The chosen device; empty for the system's choice. */
  get device(): string {
    return this.#device;
  }

  /** A copy of the microphone's track. `onReplaced` gets another when the device changes. */
  async acquire(onReplaced: User['onReplaced'], onLost: User['onLost']): Promise<MicrophoneUse> {
    const source = await this.#open();
    const user: User = { track: source.clone(), onReplaced, onLost };
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
    await this.#open();
    if (this.#users.size === 0) this.#close();
  }

  /** Changes the device, also for calls under way. */
  async choose(device: string): Promise<void> {
    this.#device = device;
    if (this.#source) await this.#replace();
  }

  /** Closes everything. */
  destroy(): void {
    for (const user of this.#users) user.track.stop();
    this.#users.clear();
    this.#close();
    if (this.#status) this.#status.onchange = null;
  }

  #open(): Promise<MediaStreamTrack> {
    if (this.#source) return this.#source;
    const source = openTrack(this.#device, this.#processing).then(
      (track) => {
        this.#permit('granted');
        // 'ended' comes when the device is unplugged or the permission is withdrawn, never from our own stop().
        track.onended = () => void this.#replace();
        return track;
      },
      (thrown: unknown) => {
        if (this.#source === source) this.#source = null;
        const error = microphoneError(thrown);
        if (error.name === 'mic-blocked') this.#permit('denied');
        throw error;
      },
    );
    this.#source = source;
    return source;
  }

  async #replace(): Promise<void> {
    this.#close();
    try {
      const source = await this.#open();
      for (const user of this.#users) {
        const track = source.clone();
        track.enabled = user.track.enabled;
        user.track.stop();
        user.track = track;
        user.onReplaced(track);
      }
    } catch (error) {
      for (const user of this.#users) user.onLost(error as RingdownError);
    }
  }

  #close(): void {
    const source = this.#source;
    this.#source = null;
    void source?.then((track) => {
      track.onended = null;
      track.stop();
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
      const read = (): void => this.#permit(status.state);
      status.onchange = read;
      // A stale 'prompt' must not overrule what an opened microphone has shown.
      if (status.state !== 'prompt') read();
    } catch {
      // Not every browser tells; the first call shows it.
    }
  }
}

const openTrack = async (device: string, processing: AudioProcessing): Promise<MediaStreamTrack> => {
  if (!('mediaDevices' in navigator)) {
    throw clientError('insecure-page', {
      message: 'This page may not use the microphone.',
      causes: ['The page was loaded over http.'],
      solutions: ['Open the page over https, or from localhost.'],
    });
  }
  const audio: MediaTrackConstraints = {
    echoCancellation: processing.echoCancellation ?? true,
    noiseSuppression: processing.noiseSuppression ?? true,
    autoGainControl: processing.autoGainControl ?? true,
  };
  const open = async (constraints: MediaTrackConstraints): Promise<MediaStreamTrack> => {
    const [track] = (await navigator.mediaDevices.getUserMedia({ audio: constraints })).getAudioTracks();
    if (!track) throw new DOMException('no track', 'NotFoundError');
    return track;
  };
  if (device === '') return open(audio);
  try {
    return await open({ ...audio, deviceId: { exact: device } });
  } catch (thrown) {
    // The chosen device is unplugged: any microphone is better than none.
    if (nameOf(thrown) === 'OverconstrainedError' || nameOf(thrown) === 'NotFoundError') return open(audio);
    throw thrown;
  }
};

const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : '');

/** What getUserMedia threw, in words. */
const microphoneError = (thrown: unknown): RingdownError => {
  switch (nameOf(thrown)) {
    case 'insecure-page':
      return thrown as RingdownError;
    case 'NotAllowedError':
    case 'SecurityError':
      return clientError('mic-blocked', {
        message: 'The browser blocks the microphone for this page.',
        causes: [
          'The microphone was refused when the browser asked.',
          'The phone is in a frame without allow="microphone".',
          'The operating system keeps the browser from the microphone.',
        ],
        solutions: [
          'Click the icon left of the address, allow the microphone, and try again.',
          'Allow the browser to use the microphone in the system’s privacy settings.',
        ],
      }, thrown);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return clientError('mic-missing', {
        message: 'No microphone was found.',
        causes: ['No headset or microphone is plugged in.', 'It is switched off in the system settings.'],
        solutions: ['Plug in a headset and try again.'],
      }, thrown);
    default:
      return clientError('mic-busy', {
        message: 'The microphone could not be opened.',
        causes: ['Another program holds the microphone.', 'The device has a fault.'],
        solutions: ['Close the other program, or choose another microphone.'],
      }, thrown);
  }
};
