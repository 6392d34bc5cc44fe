// The media engine of a browser: joins microphone, sound, devices and the calls' peer connections.
import type { CallTones, IceServer } from '../protocol/generated.js';
import type { CallTone } from './call-tones.js';
import type { DeviceRole } from './device-choice.js';
import { Devices } from './devices.js';
import { Microphone, type AudioProcessor } from './microphone.js';
import { PeerMedia } from './peer-media.js';
import type {
  AudioProcessing, AudioWarning, CallMedia, CallMediaHandlers, MediaEngine, MediaEngineHandlers,
  MicrophonePermission, OpenMedia, SoundState,
} from './port.js';
import type { Ringtone } from './ringtone.js';
import { Sound } from './sound.js';
import { Warnings } from './warnings.js';

class BrowserMedia implements MediaEngine {
  readonly #warnings: Warnings;
  readonly devices: Devices;
  readonly #microphone: Microphone;
  readonly #sound: Sound;
  readonly #calls = new Set<PeerMedia>();

  constructor(processing: AudioProcessing, handlers: MediaEngineHandlers) {
    this.#warnings = new Warnings(handlers.onWarning);
    this.devices = new Devices(this.#warnings, { onDevices: handlers.onDevices, onUse: (role) => this.#use(role) });
    this.#microphone = new Microphone(processing, this.devices, this.#warnings, handlers.onPermission);
    this.#sound = new Sound(this.devices, handlers.onSound);
  }

  get permission(): MicrophonePermission {
    return this.#microphone.permission;
  }

  get sound(): SoundState {
    return this.#sound.state;
  }

  get warnings(): readonly AudioWarning[] {
    return this.#warnings.all;
  }

  openCall(iceServers: readonly IceServer[], handlers: CallMediaHandlers): CallMedia {
    const call = new PeerMedia(iceServers, {
      microphone: this.#microphone, sound: this.#sound, devices: this.devices, onClosed: () => this.#calls.delete(call),
    }, handlers);
    this.#calls.add(call);
    return call;
  }

  unlock(): Promise<void> {
    return this.#sound.unlock();
  }

  askForMicrophone(): Promise<void> {
    return this.#microphone.ask();
  }

  addProcessor(processor: AudioProcessor): () => void {
    return this.#microphone.addProcessor(processor);
  }

  setRingtone(ringtone?: Ringtone): void {
    this.#sound.ringtone = ringtone;
  }

  startRinging(): void {
    this.#sound.startRinging();
  }

  stopRinging(): void {
    this.#sound.stopRinging();
  }

  testRing(): Promise<void> {
    return this.#sound.testRing();
  }

  setTones(tones: CallTones): void {
    this.#sound.tones = tones;
  }

  startTone(tone: CallTone): void {
    this.#sound.startTone(tone);
  }

  stopTone(): void {
    this.#sound.stopTone();
  }

  async testMicrophone(onLevel: (level: number) => void): Promise<() => void> {
    const context = this.#sound.context();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    const samples = new Float32Array(analyser.fftSize);
    let source: MediaStreamAudioSourceNode | null = null;
    const listen = (track: MediaStreamTrack): void => {
      source?.disconnect();
      source = context.createMediaStreamSource(new MediaStream([track]));
      source.connect(analyser);
    };
    const use = await this.#microphone.acquire(listen, () => onLevel(0));
    listen(use.track);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      onLevel(Math.min(1, Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length) * 3));
    }, 100);
    return () => {
      clearInterval(timer);
      source?.disconnect();
      use.release();
    };
  }

  destroy(): void {
    this.devices.destroy();
    this.#microphone.destroy();
    this.#sound.destroy();
    this.#warnings.clear();
  }

  #use(role: DeviceRole): void {
    if (role === 'input') this.#microphone.handleDevice();
    else if (role === 'camera') for (const call of this.#calls) call.changeCamera();
    else void this.#sound.handleDevice();
  }
}

/** The media engine of this browser. */
export const openBrowserMedia: OpenMedia = (processing, handlers) => new BrowserMedia(processing, handlers);
