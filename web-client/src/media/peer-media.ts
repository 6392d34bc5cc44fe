// One call's peer connection.
import { asRingdownError, clientError } from '../errors.js';
import type { Description, IceServer } from '../protocol/generated.js';
import type { Microphone, MicrophoneUse } from './microphone.js';
import type { CallMedia, CallMediaHandlers, Levels, MediaConnection } from './port.js';
import type { Sound } from './sound.js';

/** A call's media in the browser. Descriptions are handled strictly one after the other. */
export class PeerMedia implements CallMedia {
  readonly #peer: RTCPeerConnection;
  readonly #handlers: CallMediaHandlers;
  readonly #microphone: Microphone;
  readonly #sound: Sound;
  readonly #element: HTMLAudioElement;
  #sender: RTCRtpSender | null = null;
  #use: MicrophoneUse | null = null;
  #sending = true;
  #closed = false;
  #chain: Promise<unknown> = Promise.resolve();
  #early: (string | null)[] = [];

  constructor(
    iceServers: readonly IceServer[], microphone: Microphone, sound: Sound, handlers: CallMediaHandlers,
  ) {
    this.#handlers = handlers;
    this.#microphone = microphone;
    this.#sound = sound;
    this.#peer = openPeer(iceServers);
    this.#element = sound.openElement();
    this.#listen();
  }

  offer(): Promise<Description> {
    return this.#inTurn(async () => {
      this.#sender = this.#peer.addTransceiver('audio', { direction: 'sendrecv' }).sender;
      return this.#describe(await this.#peer.createOffer());
    });
  }

  answer(offer: Description): Promise<Description> {
    return this.#inTurn(async () => {
      // The server's offer wins over an own one under way: setting it rolls the own one back.
      await this.#peer.setRemoteDescription(offer);
      this.#takeSender();
      await this.#addEarlyCandidates();
      return this.#describe(await this.#peer.createAnswer());
    });
  }

  acceptAnswer(answer: Description): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#peer.signalingState !== 'have-local-offer') return;
      await this.#peer.setRemoteDescription(answer);
      await this.#addEarlyCandidates();
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
      return this.#describe(await this.#peer.createOffer({ iceRestart: true }));
    });
  }

  async openMicrophone(): Promise<void> {
    if (this.#use || this.#closed) return;
    const use = await this.#microphone.acquire((track) => void this.#send(track), this.#handlers.onMicrophoneLost);
    // The call may have ended, or a second opening may have come first, while the browser asked.
    if (this.#ended || this.#hasMicrophone) {
      use.release();
      return;
    }
    this.#use = use;
    use.track.enabled = this.#sending;
    await this.#send(use.track);
  }

  closeMicrophone(): void {
    void this.#sender?.replaceTrack(null);
    this.#use?.release();
    this.#use = null;
  }

  setSending(sending: boolean): void {
    this.#sending = sending;
    if (this.#use) this.#use.track.enabled = sending;
  }

  setAudible(audible: boolean): void {
    this.#element.muted = !audible;
  }

  async levels(): Promise<Levels> {
    let local = 0;
    let remote = 0;
    if (this.#closed) return { local, remote };
    const report = await this.#peer.getStats();
    report.forEach((stats: { type: string; audioLevel?: number }) => {
      if (stats.type === 'media-source') local = Math.max(local, stats.audioLevel ?? 0);
      if (stats.type === 'inbound-rtp') remote = Math.max(remote, stats.audioLevel ?? 0);
    });
    return { local, remote };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#peer.onicecandidate = this.#peer.oniceconnectionstatechange = this.#peer.onconnectionstatechange = null;
    this.#peer.ontrack = null;
    this.#peer.close();
    this.#use?.release();
    this.#use = null;
    this.#sound.closeElement(this.#element);
  }

  // Getters, because a check before an `await` tells nothing about the time after it.
  get #ended(): boolean {
    return this.#closed;
  }

  get #hasMicrophone(): boolean {
    return this.#use !== null;
  }

  #listen(): void {
    const peer = this.#peer;
    peer.onicecandidate = ({ candidate }) => this.#handlers.onCandidate(candidate && candidate.candidate !== '' ? candidate.candidate : null);
    peer.oniceconnectionstatechange = () => this.#reportConnection();
    peer.onconnectionstatechange = () => this.#reportConnection();
    peer.ontrack = ({ track, streams }) => this.#sound.play(this.#element, streams[0] ?? new MediaStream([track]));
  }

  #reportConnection(): void {
    if (this.#closed) return;
    const state = connectionOf(this.#peer.iceConnectionState, this.#peer.connectionState);
    if (state) this.#handlers.onConnection(state);
  }

  /** The server's offer decides the transceiver; ours is to send on it from the moment there is a microphone. */
  #takeSender(): void {
    const [transceiver] = this.#peer.getTransceivers();
    if (!transceiver) return;
    if (transceiver.direction === 'recvonly') transceiver.direction = 'sendrecv';
    this.#sender = transceiver.sender;
    if (this.#use && this.#sender.track === null) void this.#send(this.#use.track);
  }

  async #send(track: MediaStreamTrack): Promise<void> {
    await this.#sender?.replaceTrack(track);
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
      if (this.#closed) throw clientError('call-ended', { message: 'The call is over.' });
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
      causes: ['The browser is too old, or WebRTC is switched off by a policy or an extension.'],
      solutions: ['Use a current Chrome, Edge, Firefox or Safari.'],
    }, thrown);
  }
};
