// The video of one call's peer connection: up to two sections, the camera's and the screen's.
import type { RingdownError } from '../errors.js';
import { openVideo, videoRefused } from './camera.js';
import { deviceError } from './device-errors.js';
import type { Devices } from './devices.js';
import type { CallVideo, VideoKind } from './port.js';

interface Section {
  transceiver: RTCRtpTransceiver | null;
  track: MediaStreamTrack | null;
  local: MediaStream | null;
  /** What the other side may show: one stream for each section's whole life, as browsers mend a picture's element badly. */
  incoming: MediaStream | null;
  isShown: boolean;
}

interface PeerVideoHandlers {
  readonly onVideo: () => void;
  readonly onNegotiation: () => void;
  readonly onVideoLost: (error: RingdownError) => void;
}

const empty = (): Section => ({ transceiver: null, track: null, local: null, incoming: null, isShown: false });

/** The cameras and screens of a call. */
export class PeerVideo {
  readonly #peer: RTCPeerConnection;
  readonly #devices: Devices;
  readonly #handlers: PeerVideoHandlers;
  readonly #sections: Readonly<Record<VideoKind, Section>> = { camera: empty(), screen: empty() };
  #showing = true;
  #offered = false;
  #closed = false;

  constructor(peer: RTCPeerConnection, devices: Devices, handlers: PeerVideoHandlers) {
    this.#peer = peer;
    this.#devices = devices;
    this.#handlers = handlers;
  }

  get video(): CallVideo {
    const { camera, screen } = this.#sections;
    return { camera: camera.local, screen: screen.local, remoteCamera: shown(camera), remoteScreen: shown(screen) };
  }

  get offersVideo(): boolean {
    return receives(this.#sections.camera.transceiver);
  }

  /** Whether something is shown that was not offered. */
  get isUnsent(): boolean {
    return Object.values(this.#sections).some(({ track, transceiver }) => track && transceiver?.sender.track !== track);
  }

  /** Opens a camera or screen and sends it. */
  async start(kind: VideoKind): Promise<void> {
    const section = this.#sections[kind];
    if (section.track) return;
    const track = await openVideo(kind, this.#devices);
    // The call may have ended, or a second click come first, while the browser asked.
    if (this.#isClosed || this.#sections[kind].track) {
      track.stop();
      return;
    }
    this.#take(kind, track);
    this.#handlers.onVideo();
    // It gets its place when it is offered: one made while an offer of the server's is taken would be a second one.
    if (this.#peer.getTransceivers().length > 0) this.#handlers.onNegotiation();
  }

  /** Another camera serves: the other side sees it in place of the one it saw. */
  async changeCamera(): Promise<void> {
    const section = this.#sections.camera;
    const before = section.track;
    if (!before) return;
    const track = await openVideo('camera', this.#devices).catch(() => null);
    // Where none can be opened the one that is shown stays, or its end is told.
    if (!track || this.#isClosed || section.track !== before) {
      track?.stop();
      return;
    }
    before.onended = null;
    before.stop();
    this.#take('camera', track);
    await section.transceiver?.sender.replaceTrack(track);
    this.#handlers.onVideo();
  }

  /** Sends it no more, and closes it. */
  stop(kind: VideoKind): void {
    const section = this.#sections[kind];
    const { track, transceiver } = section;
    if (!track) return;
    track.onended = null;
    track.stop();
    section.track = section.local = null;
    if (transceiver && !isOver(transceiver)) {
      transceiver.direction = 'recvonly';
      void transceiver.sender.replaceTrack(null);
    }
    if (!this.#closed) this.#handlers.onVideo();
  }

  /** Whether pictures are sent, or black ones. */
  setShowing(showing: boolean): void {
    this.#showing = showing;
    for (const { track } of Object.values(this.#sections)) if (track) track.enabled = showing;
  }

  /** Gives what is to be sent its place in the next offer. */
  attach(): void {
    for (const kind of ['camera', 'screen'] as const) {
      const section = this.#sections[kind];
      if (!section.track) continue;
      // The switch takes the first video section of an offer for the camera's.
      if (kind === 'screen' && !this.#sections.camera.transceiver) this.#add('camera', 'recvonly');
      if (!section.transceiver) this.#add(kind, 'sendrecv');
      this.#send(section);
    }
  }

  /** Takes the sections of the server's description, which were or are to be answered. */
  learn(sdp: string): void {
    for (const section of Object.values(this.#sections)) {
      if (section.transceiver && isOver(section.transceiver)) section.transceiver = null;
    }
    for (const transceiver of this.#peer.getTransceivers()) {
      if (transceiver.receiver.track.kind !== 'video' || isOver(transceiver) || this.#knows(transceiver)) continue;
      const isScreen = showsSlides(sdp, transceiver.mid) || this.#sections.camera.transceiver !== null;
      this.#learn(isScreen ? 'screen' : 'camera', transceiver);
    }
  }

  /** To be called when a description was agreed on. */
  settle(): void {
    for (const kind of ['camera', 'screen'] as const) {
      const { track, transceiver } = this.#sections[kind];
      if (track && transceiver && isOver(transceiver)) {
        this.#sections[kind].transceiver = null;
        this.stop(kind);
        this.#handlers.onVideoLost(videoRefused());
      }
    }
    this.#refresh();
  }

  close(): void {
    this.#closed = true;
    this.stop('camera');
    this.stop('screen');
    for (const section of Object.values(this.#sections)) section.isShown = false;
  }

  // A getter, because a check before an `await` tells nothing about the time after it.
  get #isClosed(): boolean {
    return this.#closed;
  }

  #knows(transceiver: RTCRtpTransceiver): boolean {
    return Object.values(this.#sections).some((section) => section.transceiver === transceiver);
  }

  #take(kind: VideoKind, track: MediaStreamTrack): void {
    const section = this.#sections[kind];
    // 'ended' comes when the device is unplugged or the user ends the sharing in the browser, never from our own stop().
    track.onended = () => void this.#handleEnded(kind, track);
    track.enabled = this.#showing;
    section.track = track;
    section.local = new MediaStream([track]);
  }

  /** An unplugged camera is replaced by another where there is one. */
  async #handleEnded(kind: VideoKind, track: MediaStreamTrack): Promise<void> {
    if (kind === 'camera') {
      await this.#devices.refresh();
      if (this.#sections.camera.track === track) await this.changeCamera();
      if (this.#sections.camera.track !== track) return;
    }
    this.stop(kind);
    if (kind === 'camera') this.#handlers.onVideoLost(deviceError('camera'));
  }

  #add(kind: VideoKind, direction: RTCRtpTransceiverDirection): void {
    this.#learn(kind, this.#peer.addTransceiver('video', { direction }));
  }

  #learn(kind: VideoKind, transceiver: RTCRtpTransceiver): void {
    const section = this.#sections[kind];
    section.transceiver = transceiver;
    section.incoming = new MediaStream([transceiver.receiver.track]);
    const { track } = transceiver.receiver;
    // Muted until the first packet, and again when the other side stops.
    track.onmute = track.onunmute = () => this.#refresh();
    if (section.track) this.#send(section);
  }

  #send({ transceiver, track }: Section): void {
    if (!transceiver) return;
    transceiver.direction = 'sendrecv';
    void transceiver.sender.replaceTrack(track);
  }

  #refresh(): void {
    let changed = this.#offered !== this.offersVideo;
    this.#offered = this.offersVideo;
    for (const section of Object.values(this.#sections)) {
      const { transceiver, isShown } = section;
      section.isShown = transceiver !== null && receives(transceiver) && !transceiver.receiver.track.muted;
      changed ||= section.isShown !== isShown;
    }
    if (changed && !this.#closed) this.#handlers.onVideo();
  }
}

const shown = ({ incoming, isShown }: Section): MediaStream | null => (isShown ? incoming : null);

const isOver = ({ currentDirection, direction }: RTCRtpTransceiver): boolean =>
  currentDirection === 'stopped' || direction === 'stopped';

const receives = (transceiver: RTCRtpTransceiver | null): boolean =>
  transceiver?.currentDirection === 'sendrecv' || transceiver?.currentDirection === 'recvonly';

/** Whether a description's section `mid` is of slides (RFC 4796). */
export const showsSlides = (sdp: string, mid: string | null): boolean =>
  sdp.split(/\r?\nm=/).some((section) => {
    const lines = section.split(/\r?\n/);
    return lines.includes(`a=mid:${String(mid)}`) && lines.includes('a=content:slides');
  });
