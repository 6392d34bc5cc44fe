// A call's line: its media, opened when first needed, and what is agreed on over it.
import { callEnded } from '../errors.js';
import { NO_VIDEO, type CallMedia, type CallVideo, type Levels, type MediaConnection, type VideoKind } from '../media/port.js';
import type { CallDirection, Description } from '../protocol/generated.js';
import type { CallContext } from './call-context.js';
import { CallDescriptions } from './call-descriptions.js';
import { LevelMeter } from './level-meter.js';

/** What a line tells its call. */
export interface CallLineHandlers {
  onConnection: (media: MediaConnection) => void;
  onVideo: () => void;
  onLevels: (levels: Levels) => void;
  /** Something failed that does not end the call. */
  onFault: (thrown: unknown) => void;
}

/** The media of one call. Closed once, it opens nothing any more. */
export class CallLine {
  readonly #context: CallContext;
  readonly #handlers: CallLineHandlers;
  readonly #descriptions: CallDescriptions;
  readonly #levels: LevelMeter;
  #media: CallMedia | null = null;
  /** What connects the audio; null where nothing did, or it failed. */
  #connected: Promise<void> | null = null;
  #closed = false;

  constructor(context: CallContext, call: () => { readonly id: string; readonly direction: CallDirection }, handlers: CallLineHandlers) {
    this.#context = context;
    this.#handlers = handlers;
    this.#descriptions = new CallDescriptions(context, call);
    this.#levels = new LevelMeter((levels) => handlers.onLevels(levels));
  }

  /** What is shown on both sides. */
  get video(): CallVideo { return this.#media?.video ?? NO_VIDEO; }
  /** Whether the other side means to show its camera. */
  get offersVideo(): boolean { return this.#media?.offersVideo ?? false; }
  /** Whether an offer of ours was lost with the connection. */
  get isLost(): boolean { return this.#descriptions.isLost; }

  /** Opens the microphone, and the camera where asked for, and gives the offer that places the call. */
  async offer(video: boolean): Promise<Description> {
    const media = this.#open();
    await this.#openMicrophone(media);
    if (video) await this.#tryCamera();
    return media.offer();
  }

  /** What was kept until the call had a name is sent. */
  flush(): void { this.#descriptions.flush(); }

  /** Connects the audio of an incoming call while it rings. Nothing is sent until the answer. */
  preconnect(offer: Description): void {
    let media: CallMedia;
    try {
      media = this.#open();
    } catch (thrown) {
      // Without WebRTC, in Node for example, a call rings and can be declined.
      this.#handlers.onFault(thrown);
      return;
    }
    media.setAudible(false);
    // A device takes tens of milliseconds to open, a wireless headset a second. The answer asks where this fails.
    if (this.#context.media.permission === 'granted') media.readyMicrophone().catch(() => undefined);
    this.#connect(this.#descriptions.answer(media, offer));
  }

  /** Connects the audio that another page had, which knows nothing of it any more. */
  recover(speaks: boolean, camera: boolean): void {
    this.#media?.close();
    this.#media = null;
    let media: CallMedia;
    try {
      media = this.#open();
    } catch (thrown) {
      this.#handlers.onFault(thrown);
      return;
    }
    media.setAudible(speaks);
    if (speaks) void media.openMicrophone().catch((thrown: unknown) => this.#handlers.onFault(thrown));
    else if (this.#context.media.permission === 'granted') media.readyMicrophone().catch(() => undefined);
    if (camera) void this.#tryCamera();
    // The microphone and the camera follow when they are there: the other side is heard at once.
    this.#connect(this.#descriptions.offer(media));
  }

  /** Opens what the answer needs: the audio connection, the microphone, the camera where asked for. */
  async prepareAnswer(video: boolean): Promise<void> {
    if (!this.#connected) this.#connect(this.#descriptions.offer(this.#open()));
    await this.#openMicrophone(this.#open());
    await this.#connected;
    if (video) await this.#tryCamera();
    this.#open().setAudible(true);
  }

  /** The answer failed: nothing is sent or heard again. */
  withdrawAnswer(): void {
    this.#media?.setAudible(false);
    this.#media?.closeMicrophone();
    this.#media?.stopVideo('camera');
  }

  /** An answer to our offer, or a new offer. */
  async handleDescription(description: Description): Promise<void> {
    try {
      if (description.type === 'offer') await this.#descriptions.answer(this.#open(), description);
      else await this.#media?.acceptAnswer(description);
    } catch (thrown) {
      this.#handlers.onFault(thrown);
    }
  }

  /** A candidate of the server's. */
  handleCandidate(candidate: string | null): void { this.#media?.addCandidate(candidate); }

  /** Mends a broken audio connection. */
  restart(): void {
    if (this.#media) void this.#descriptions.restart(this.#media);
  }

  /** What is sent: sound unless muted or held, pictures unless held. */
  setSending(sound: boolean, pictures: boolean): void {
    this.#media?.setSending(sound);
    this.#media?.setShowing(pictures);
  }

  /** Neither sends nor plays sound, while the server is told of the end. */
  silence(): void {
    this.#media?.setAudible(false);
    this.#media?.setSending(false);
  }

  /** Opens the camera, or lets the user choose a screen, and sends it. */
  startVideo(kind: VideoKind): Promise<void> { return this.#open().startVideo(kind); }
  /** Sends it no more, and closes it. */
  stopVideo(kind: VideoKind): void { this.#media?.stopVideo(kind); }

  /** What the browser measures; null where nothing is connected. */
  stats(): Promise<RTCStatsReport | null> { return this.#media?.stats() ?? Promise.resolve(null); }

  /** Tells the levels while `wanted`. */
  meter(wanted: () => boolean): void {
    if (!this.#closed) this.#levels.run(this.#context.clock, wanted, () => this.#media?.levels());
  }

  /** Closes everything. */
  close(): void {
    this.#closed = true;
    this.#levels.stop();
    this.#media?.close();
    this.#media = null;
  }

  #open(): CallMedia {
    // A call may end while its microphone is being opened.
    if (this.#closed) throw callEnded();
    this.#media ??= this.#context.media.openCall(this.#context.iceServers(), {
      onCandidate: (candidate) => this.#descriptions.candidate(candidate),
      onConnection: (media) => this.#handlers.onConnection(media),
      onMicrophoneLost: (error) => this.#handlers.onFault(error),
      onVideo: () => this.#handlers.onVideo(),
      onVideoLost: (error) => this.#handlers.onFault(error),
      onNegotiation: () => {
        if (this.#media) void this.#descriptions.renegotiate(this.#media);
      },
    });
    return this.#media;
  }

  #connect(connected: Promise<void>): void {
    this.#connected = connected;
    // prepareAnswer() waits for it and tells of a failure; the next one tries anew.
    connected.catch(() => { this.#connected = null; });
  }

  /** Waits for the microphone only where the browser may have to ask: without it there is no call to make. */
  async #openMicrophone(media: CallMedia): Promise<void> {
    const opened = media.openMicrophone();
    if (this.#context.media.permission !== 'granted') return opened;
    opened.catch((thrown: unknown) => this.#handlers.onFault(thrown));
  }

  /** A camera that cannot be opened costs no call. */
  async #tryCamera(): Promise<void> {
    try {
      await this.#open().startVideo('camera');
    } catch (thrown) {
      this.#handlers.onFault(thrown);
    }
  }
}
