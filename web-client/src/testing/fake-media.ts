// Media that records what it is told, and says what a test tells it to.
import type { RingdownError } from '../errors.js';
import type { CallTone } from '../media/call-tones.js';
import type { DeviceRole } from '../media/device-choice.js';
import type { AudioProcessor } from '../media/microphone.js';
import type { Ringtone } from '../media/ringtone.js';
import type { CallTones } from '../protocol/generated.js';
import {
  NO_VIDEO, type AudioDevice, type AudioWarning, type DeviceDesk, type DevicePreferences, type SoundState, type CallMedia, type CallMediaHandlers, type CallVideo, type MediaEngine, type MediaEngineHandlers, type MicrophonePermission, type OpenMedia,
  type VideoKind,
} from '../media/port.js';

/** The media of a call, recorded. */
export class FakeCallMedia implements CallMedia {
  readonly handlers: CallMediaHandlers;
  readonly done: string[] = [];
  audible = true;
  sending = true;
  microphone = false;
  microphoneReady = false;
  closed = false;
  video: CallVideo = NO_VIDEO;
  offersVideo = false;
  /** Whether an own offer is under way, which the server's crosses. */
  isOffering = false;
  showing = true;
  readonly #engine: FakeMedia;

  /** @internal Calls are made by the client. */
  constructor(engine: FakeMedia, handlers: CallMediaHandlers) {
    this.#engine = engine;
    this.handlers = handlers;
  }

  offer(): Promise<{ type: 'offer'; sdp: string }> {
    this.done.push('offer');
    return Promise.resolve({ type: 'offer', sdp: 'client-offer' });
  }

  answer({ sdp }: { sdp: string }): Promise<{ type: 'answer'; sdp: string } | null> {
    if (this.isOffering) return Promise.resolve(null);
    this.done.push(`answer ${sdp}`);
    this.#connect();
    return Promise.resolve({ type: 'answer', sdp: 'client-answer' });
  }

  acceptAnswer({ sdp }: { sdp: string }): Promise<void> {
    this.done.push(`acceptAnswer ${sdp}`);
    this.#connect();
    return Promise.resolve();
  }

  /** What was agreed carries sound, where the network is there. */
  #connect(): void {
    const { connects, online } = this.#engine;
    if (connects && online) queueMicrotask(() => { if (!this.closed) this.handlers.onConnection('connected'); });
  }

  addCandidate(candidate: string | null): void {
    this.done.push(`candidate ${String(candidate)}`);
  }

  restart(): Promise<{ type: 'offer'; sdp: string }> {
    this.done.push('restart');
    return Promise.resolve({ type: 'offer', sdp: 'restart-offer' });
  }

  reoffer(): Promise<{ type: 'offer'; sdp: string }> {
    this.done.push('reoffer');
    return Promise.resolve({ type: 'offer', sdp: 'changed-offer' });
  }

  async startVideo(kind: VideoKind): Promise<void> {
    await this.#engine.camera();
    this.done.push(`start ${kind}`);
    this.#show(kind, { id: kind } as MediaStream);
  }

  stopVideo(kind: VideoKind): void {
    if (this.video[kind]) this.#show(kind, null);
  }

  setShowing(showing: boolean): void {
    this.showing = showing;
  }

  #show(kind: VideoKind, stream: MediaStream | null): void {
    this.video = { ...this.video, [kind]: stream };
    this.handlers.onVideo();
    if (this.done.some((done) => done === 'offer' || done.startsWith('answer '))) this.handlers.onNegotiation();
  }

  async readyMicrophone(): Promise<void> {
    await this.#engine.microphone();
    this.microphoneReady = !this.closed;
  }

  async openMicrophone(): Promise<void> {
    await this.#engine.microphone();
    this.microphone = !this.closed;
  }

  closeMicrophone(): void {
    this.microphone = false;
  }

  setSending(sending: boolean): void {
    this.sending = sending;
  }

  setAudible(audible: boolean): void {
    this.audible = audible;
  }

  levels(): Promise<{ local: number; remote: number }> {
    return Promise.resolve({ local: 0.25, remote: 0.5 });
  }

  stats(): Promise<RTCStatsReport | null> {
    return Promise.resolve(this.closed ? null : new Map());
  }

  close(): void {
    this.closed = true;
    this.microphone = this.microphoneReady = false;
  }
}

/** Devices that are what a test says. */
export class FakeDevices implements DeviceDesk {
  preferences: DevicePreferences = { input: [], output: [], ring: [], camera: [] };
  plugged: readonly AudioDevice[] = [];
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  list(): Promise<readonly AudioDevice[]> { return Promise.resolve(this.plugged); }
  chosen(role: DeviceRole): string { return this.preferences[role][0]?.id ?? ''; }
  used(role: DeviceRole): string | null { return this.chosen(role); }

  choose(role: DeviceRole, id: string): void {
    this.preferences = { ...this.preferences, [role]: id === '' ? [] : [{ id, label: '' }] };
    this.#onChange();
  }

  /** Plugs these in, and nothing else. */
  plug(...devices: readonly AudioDevice[]): void {
    this.plugged = devices;
    this.#onChange();
  }
}

/** A media engine whose calls are recorded. */
export class FakeMedia implements MediaEngine {
  readonly calls: FakeCallMedia[] = [];
  permission: MicrophonePermission = 'granted';
  sound: SoundState = 'ready';
  readonly devices = new FakeDevices(() => this.handlers?.onDevices());
  warnings: readonly AudioWarning[] = [];
  readonly processors = new Set<AudioProcessor>();
  ringtone: Ringtone | null = null;
  testRings = 0;
  /** How loud the microphone is. */
  level = 0.2;
  ringing = false;
  tone: CallTone | null = null;
  tones: CallTones | null = null;
  destroyed = false;
  /** What opening the microphone does. */
  microphone: () => Promise<void> = () => Promise.resolve();
  /** What opening a camera or screen does. */
  camera: () => Promise<void> = () => Promise.resolve();
  handlers: MediaEngineHandlers | null = null;
  /** Whether calls connect by themselves once both sides have described them. */
  connects = false;
  /** Whether there is a network. */
  online = true;

  readonly open: OpenMedia = (_processing, handlers) => {
    this.handlers = handlers;
    return this;
  };

  /** The newest call's media. */
  get last(): FakeCallMedia {
    return this.calls.at(-1)!;
  }

  /** The sound of every call stops, until a call's new offer is answered while the network is there. */
  interrupt(): void {
    for (const call of this.calls) if (!call.closed) call.handlers.onConnection('interrupted');
  }

  /** The microphone refuses from here on. */
  block(error: RingdownError): void {
    this.permission = 'denied';
    this.microphone = () => Promise.reject(error);
  }

  /** A call’s media, recorded in `calls`. */
  openCall(_iceServers: unknown, handlers: CallMediaHandlers): CallMedia {
    const media = new FakeCallMedia(this, handlers);
    this.calls.push(media);
    return media;
  }

  unlock(): Promise<void> { return Promise.resolve(); }
  askForMicrophone(): Promise<void> { return this.microphone(); }
  /** Raises a warning, or clears it. */
  warn(warning: AudioWarning, raised = true): void {
    this.warnings = this.warnings.filter(({ name, role }) => name !== warning.name || role !== warning.role);
    if (raised) this.warnings = [...this.warnings, warning];
    this.handlers?.onWarning(warning, raised);
  }
  addProcessor(processor: AudioProcessor): () => void {
    this.processors.add(processor);
    return () => void this.processors.delete(processor);
  }
  setRingtone(ringtone?: Ringtone): void { this.ringtone = ringtone ?? null; }
  testRing(): Promise<void> { this.testRings += 1; return Promise.resolve(); }
  /** Rings until stopped. */
  startRinging(): void { this.ringing = true; }
  /** Rings no more. */
  stopRinging(): void { this.ringing = false; }
  setTones(tones: CallTones): void { this.tones = tones; }
  startTone(tone: CallTone): void { this.tone = tone; }
  /** Plays no tone any more. */
  stopTone(): void { this.tone = null; }
  testMicrophone(onLevel: (level: number) => void): Promise<() => void> {
    onLevel(this.level);
    return Promise.resolve(() => undefined);
  }
  /** Notes that everything was freed. */
  destroy(): void { this.destroyed = true; }
}
