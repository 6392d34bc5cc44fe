// One call's peer connection.
import { asRingdownError, callEnded, clientError, type RingdownError } from '../errors.js';
import type { Description, IceServer } from '../protocol/generated.js';
import type { Devices } from './devices.js';
import type { Microphone, MicrophoneUse } from './microphone.js';
import { PeerVideo } from './peer-video.js';
import type { CallMedia, CallMediaHandlers, CallVideo, Levels, MediaConnection, VideoKind } from './port.js';
import type { Sound } from './sound.js';

/** What the calls of a page share. */
export interface PeerMediaParts {
  readonly microphone: Microphone;
  readonly sound: Sound;
  readonly devices: Devices;
  readonly onClosed: () => void;
}

/** A call's media in the browser. Descriptions are handled strictly one after the other. */
export class PeerMedia implements CallMedia {
  readonly #peer: RTCPeerConnection;
  readonly #handlers: CallMediaHandlers;
  readonly #microphone: Microphone;
  readonly #sound: Sound;
  readonly #onClosed: () => void;
  readonly #element: HTMLAudioElement;
  readonly #video: PeerVideo;
  #sender: RTCRtpSender | null = null;
  #use: MicrophoneUse | null = null;
  #acquiring: Promise<void> | null = null;
  #open = false;
  #sending = true;
  #closed = false;
  #chain: Promise<unknown> = Promise.resolve();
  #early: (string | null)[] = [];

  constructor(iceServers: readonly IceServer[], { microphone, sound, devices, onClosed }: PeerMediaParts, handlers: CallMediaHandlers) {
    this.#handlers = handlers;
    this.#microphone = microphone;
    this.#sound = sound;
    this.#onClosed = onClosed;
    this.#peer = openPeer(iceServers);
    this.#element = sound.openElement();
    this.#video = new PeerVideo(this.#peer, devices, handlers);
    this.#listen();
  }

  offer(): Promise<Description> {
    return this.#inTurn(async () => {
      this.#sender = (this.#audio ?? this.#peer.addTransceiver('audio', { direction: 'sendrecv' })).sender;
      // The microphone may have been there first: the browser asked, or another call has it.
      await this.#send();
      this.#video.attach();
      return this.#describe(await this.#peer.createOffer());
    });
  }

  answer(offer: Description): Promise<Description | null> {
    return this.#inTurn(async () => {
      // Looked at in turn: an answer that came just before is taken by then, and an own offer being made is made.
      if (this.#peer.signalingState !== 'stable') return null;
      await this.#peer.setRemoteDescription(offer);
      this.#takeSender();
      this.#video.learn(offer.sdp);
      await this.#addEarlyCandidates();
      const answer = await this.#describe(await this.#peer.createAnswer());
      this.#video.settle();
      return answer;
    });
  }

  acceptAnswer(answer: Description): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#peer.signalingState !== 'have-local-offer') return;
      await this.#peer.setRemoteDescription(answer);
      this.#video.settle();
      await this.#addEarlyCandidates();
      // Shown meanwhile, which no section of the offer was for.
      if (this.#video.isUnsent) this.#handlers.onNegotiation();
    });
  }

  addCandidate(candidate: string | null): void {
    void this.#inTurn(async () => {
      this.#early.push(candidate);
      if (this.#peer.remoteDescription) await this.#addEarlyCandidates();
    }).catch(() => undefined);
  }

  restart(): Promise<Description> {
    return this.#inTurn(async () => {
      if (this.#peer.signalingState === 'have-local-offer') await this.#peer.setLocalDescription({ type: 'rollback' });
      this.#video.attach();
      return this.#describe(await this.#peer.createOffer({ iceRestart: true }));
    });
  }

  reoffer(): Promise<Description | null> {
    return this.#inTurn(async () => {
      // The browser says again that it is needed once the other description is settled.
      if (this.#peer.signalingState !== 'stable') return null;
      this.#video.attach();
      return this.#describe(await this.#peer.createOffer());
    });
  }

  get video(): CallVideo {
    return this.#video.video;
  }

  get offersVideo(): boolean {
    return this.#video.offersVideo;
  }

  startVideo(kind: VideoKind): Promise<void> {
    return this.#video.start(kind);
  }

  stopVideo(kind: VideoKind): void {
    this.#video.stop(kind);
  }

  setShowing(showing: boolean): void {
    this.#video.setShowing(showing);
  }

  /** Another camera serves. */
  changeCamera(): void {
    void this.#video.changeCamera();
  }

  readyMicrophone(): Promise<void> {
    this.#acquiring ??= this.#acquire();
    return this.#acquiring;
  }

  async openMicrophone(): Promise<void> {
    this.#open = true;
    await this.readyMicrophone();
    await this.#send();
  }

  closeMicrophone(): void {
    this.#open = false;
    void this.#sender?.replaceTrack(null);
  }

  setSending(sending: boolean): void {
    this.#sending = sending;
    if (this.#use) this.#use.track.enabled = sending;
  }

  setAudible(audible: boolean): void {
    this.#element.muted = !audible;
  }

  async levels(): Promise<Levels> {
    const stats = [...(await this.stats() ?? new Map()).values()] as { readonly type: string; readonly audioLevel?: number }[];
    const loudest = (type: string): number => Math.max(0, ...stats.map((one) => one.type === type ? one.audioLevel ?? 0 : 0));
    return { local: loudest('media-source'), remote: loudest('inbound-rtp') };
  }

  async stats(): Promise<RTCStatsReport | null> {
    return this.#closed ? null : this.#peer.getStats();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#video.close();
    this.#peer.close();
    this.#microphone.waiting.delete(this.#retry);
    this.#letGo();
    this.#sound.closeElement(this.#element);
    this.#onClosed();
  }

  // A getter, because a check before an `await` tells nothing about the time after it.
  get #ended(): boolean {
    return this.#closed;
  }

  get #audio(): RTCRtpTransceiver | undefined {
    return this.#peer.getTransceivers().find(({ receiver }) => receiver.track.kind === 'audio');
  }

  #listen(): void {
    const peer = this.#peer;
    peer.onicecandidate = ({ candidate }) => this.#handlers.onCandidate(candidate && candidate.candidate !== '' ? candidate.candidate : null);
    peer.oniceconnectionstatechange = () => this.#reportConnection();
    peer.onconnectionstatechange = () => this.#reportConnection();
    peer.onnegotiationneeded = () => this.#handlers.onNegotiation();
    peer.ontrack = ({ track }) => {
      if (track.kind === 'audio') this.#sound.play(this.#element, new MediaStream([track]));
    };
  }

  #reportConnection(): void {
    if (this.#closed) return;
    const state = connectionOf(this.#peer.iceConnectionState, this.#peer.connectionState);
    if (state) this.#handlers.onConnection(state);
  }

  /** The server's offer decides the transceiver; ours is to send on it from the moment there is a microphone. */
  #takeSender(): void {
    const transceiver = this.#audio;
    if (!transceiver) return;
    if (transceiver.direction === 'recvonly') transceiver.direction = 'sendrecv';
    this.#sender = transceiver.sender;
    if (this.#sender.track === null) void this.#send();
  }

  async #acquire(): Promise<void> {
    if (this.#closed) return;
    try {
      const use = await this.#microphone.acquire(() => void this.#send(), (error) => this.#handleLost(error));
      // The call may have ended while the browser asked.
      if (this.#ended) use.release();
      else this.#use = use;
    } catch (thrown) {
      this.#acquiring = null;
      if (!this.#ended) this.#microphone.waiting.add(this.#retry);
      throw thrown;
    }
  }

  /** A microphone came: who speaks is heard from here on. */
  readonly #retry = (): void => {
    this.#microphone.waiting.delete(this.#retry);
    if (this.#open && !this.#ended) this.openMicrophone().catch(() => undefined);
  };

  /** A microphone that was only being kept ready is tried again when it is needed. */
  #handleLost(error: RingdownError): void {
    if (this.#open) this.#handlers.onMicrophoneLost(error);
    else this.#letGo();
  }

  #letGo(): void {
    this.#use?.release();
    this.#use = null;
    this.#acquiring = null;
  }

  /** The one place that gives the sender a microphone, and only to a call whose user speaks. */
  async #send(): Promise<void> {
    if (!this.#open || !this.#use) return;
    this.#use.track.enabled = this.#sending;
    await this.#sender?.replaceTrack(this.#use.track);
  }

  async #describe(description: RTCSessionDescriptionInit): Promise<Description> {
    await this.#peer.setLocalDescription(description);
    return { type: description.type === 'answer' ? 'answer' : 'offer', sdp: description.sdp ?? '' };
  }

  async #addEarlyCandidates(): Promise<void> {
    for (const candidate of this.#early.splice(0)) {
      await this.#peer.addIceCandidate({ candidate: candidate ?? '', sdpMLineIndex: 0 });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#chain.then(() => {
      if (this.#closed) throw callEnded();
      return work();
    }).catch((thrown: unknown) => {
      throw asRingdownError(thrown);
    });
    this.#chain = next.catch(() => undefined);
    return next;
  }
}

/** ICE tells of an interruption first; the whole is up only when DTLS is. */
const connectionOf = (ice: RTCIceConnectionState, whole: RTCPeerConnectionState): MediaConnection | null => {
  if (ice === 'failed' || whole === 'failed') return 'failed';
  if (ice === 'disconnected') return 'interrupted';
  if ((ice === 'connected' || ice === 'completed') && whole === 'connected') return 'connected';
  return null;
};

const openPeer = (iceServers: readonly IceServer[]): RTCPeerConnection => {
  try {
    return new RTCPeerConnection({ iceServers: [...iceServers], bundlePolicy: 'max-bundle' });
  } catch (thrown) {
    throw clientError('webrtc-unsupported', {
      message: 'This browser cannot make calls.',
      causes: ['It is too old, or a policy or an extension switched WebRTC off.'],
      solutions: ['Use a current Chrome, Edge, Firefox or Safari.'],
    }, thrown);
  }
};
