// The media engine of a browser: joins microphone, sound, devices and the calls' peer connections.
import type { CallTones, IceServer } from '../protocol/generated.js';
import type { CallTone } from './call-tones.js';
import { Microphone } from './microphone.js';
import { PeerMedia } from './peer-media.js';
import type {
  AudioDevice, AudioProcessing, CallMedia, CallMediaHandlers, MediaEngine, MediaEngineHandlers, MicrophonePermission,
  OpenMedia, SoundState,
} from './port.js';
import { Sound } from './sound.js';

class BrowserMedia implements MediaEngine {
  readonly #microphone: Microphone;
  readonly #sound: Sound;
  readonly #watching = new AbortController();

  constructor(processing: AudioProcessing, handlers: MediaEngineHandlers) {
    this.#microphone = new Microphone(processing, handlers.onPermission);
    this.#sound = new Sound(handlers.onSound);
    if ('mediaDevices' in navigator) {
      navigator.mediaDevices.addEventListener('devicechange', handlers.onDevices, { signal: this.#watching.signal });
    }
  }

  get permission(): MicrophonePermission {
    return this.#microphone.permission;
  }

  get sound(): SoundState {
    return this.#sound.state;
  }

  get input(): string {
    return this.#microphone.device;
  }

  get output(): string {
    return this.#sound.output;
  }

  openCall(iceServers: readonly IceServer[], handlers: CallMediaHandlers): CallMedia {
    return new PeerMedia(iceServers, this.#microphone, this.#sound, handlers);
  }

  unlock(): Promise<void> {
    return this.#sound.unlock();
  }

  askForMicrophone(): Promise<void> {
    return this.#microphone.ask();
  }

  async devices(): Promise<readonly AudioDevice[]> {
    if (!('mediaDevices' in navigator)) return [];
    const all = await navigator.mediaDevices.enumerateDevices();
    return all
      // 'default' and 'communications' name other devices of the list a second time.
      .filter(({ kind, deviceId }) => kind !== 'videoinput' && !['', 'default', 'communications'].includes(deviceId))
      .map(({ kind, deviceId, label }) => ({ id: deviceId, kind: kind === 'audioinput' ? 'input' : 'output', label }));
  }

  setInput(id: string): Promise<void> {
    return this.#microphone.choose(id);
  }

  setOutput(id: string): Promise<void> {
    return this.#sound.setOutput(id);
  }

  startRinging(): void {
    this.#sound.startRinging();
  }

  stopRinging(): void {
    this.#sound.stopRinging();
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
    this.#watching.abort();
    this.#microphone.destroy();
    this.#sound.destroy();
  }
}

/** The media engine of this browser. */
export const openBrowserMedia: OpenMedia = (processing, handlers) => new BrowserMedia(processing, handlers);
