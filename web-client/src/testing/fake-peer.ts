// An RTCPeerConnection that knows sections and takes its time, for tests of descriptions that cross.

/** A video track that was opened. */
export const fakeVideoTrack = (): MediaStreamTrack => ({ kind: 'video', enabled: true, stop: () => undefined }) as unknown as MediaStreamTrack;

/** Tracks together. */
export class FakeStream {
  readonly #tracks: readonly MediaStreamTrack[];
  constructor(tracks: readonly MediaStreamTrack[] = []) { this.#tracks = tracks; }
  getTracks(): readonly MediaStreamTrack[] { return this.#tracks; }
  getVideoTracks(): readonly MediaStreamTrack[] { return this.#tracks; }
}

class FakeSender {
  track: unknown = null;
  replaceTrack(track: unknown): Promise<void> {
    this.track = track;
    return Promise.resolve();
  }
}

interface FakeTransceiver {
  mid: string | null;
  direction: string;
  currentDirection: string | null;
  readonly sender: FakeSender;
  readonly receiver: { readonly track: { readonly kind: string; readonly muted: boolean } };
}

const transceiver = (kind: string, direction: string, mid: string | null): FakeTransceiver => ({
  mid, direction, currentDirection: null, sender: new FakeSender(), receiver: { track: { kind, muted: true } },
});

/** Follows JSEP as far as sections and states go: what `addTransceiver` made gets no section of the other side's offer. */
export class FakePeer {
  signalingState: RTCSignalingState = 'stable';
  remoteDescription: unknown = null;
  rollbacks = 0;
  onnegotiationneeded: (() => void) | null = null;
  readonly #transceivers: FakeTransceiver[] = [];
  /** Sections of the offer under way that none had before. */
  #offered: FakeTransceiver[] = [];

  /** A description of these sections. */
  static sdp(sections: readonly string[]): string {
    const section = (text: string): string => {
      const [kind, mid] = text.split(' ');
      return `m=${String(kind)} 9 X\r\na=mid:${String(mid)}\r\n`;
    };
    return `v=0\r\n${sections.map(section).join('')}`;
  }

  /** Its video sections. */
  videos(): { mid: string | null; direction: string; sends: boolean }[] {
    const videos = this.#transceivers.filter(({ receiver }) => receiver.track.kind === 'video');
    return videos.map(({ mid, direction, sender }) => ({ mid, direction, sends: sender.track !== null }));
  }

  getTransceivers(): readonly FakeTransceiver[] { return [...this.#transceivers]; }

  addTransceiver(kind: string, { direction }: { direction: string }): FakeTransceiver {
    const added = transceiver(kind, direction, null);
    this.#transceivers.push(added);
    return added;
  }

  async createOffer(): Promise<{ type: 'offer'; sdp: string }> {
    await takesTime();
    let next = this.#transceivers.filter(({ mid }) => mid !== null).length;
    const section = ({ receiver, mid }: FakeTransceiver): string => `${receiver.track.kind} ${mid ?? String(next++)}`;
    return { type: 'offer', sdp: FakePeer.sdp(this.#transceivers.map(section)) };
  }

  async createAnswer(): Promise<{ type: 'answer'; sdp: string }> {
    await takesTime();
    const known = this.#transceivers.filter(({ mid }) => mid !== null);
    return { type: 'answer', sdp: FakePeer.sdp(known.map(({ receiver, mid }) => `${receiver.track.kind} ${String(mid)}`)) };
  }

  async setLocalDescription({ type, sdp }: { type: string; sdp?: string }): Promise<void> {
    await takesTime();
    if (type === 'rollback') {
      this.#rollBack();
      return;
    }
    if (type === 'answer') {
      this.#settle();
      return;
    }
    mids(sdp).forEach((mid, index) => {
      const offered = this.#transceivers[index];
      if (offered?.mid !== null || mid === undefined) return;
      offered.mid = mid;
      this.#offered.push(offered);
    });
    this.signalingState = 'have-local-offer';
  }

  async setRemoteDescription({ type, sdp }: { type: string; sdp: string }): Promise<void> {
    await takesTime();
    this.remoteDescription = sdp;
    if (type === 'answer') {
      this.#settle();
      return;
    }
    if (this.signalingState === 'have-local-offer') this.#rollBack();
    for (const [index, mid] of mids(sdp).entries()) {
      if (this.#transceivers.some((known) => known.mid === mid)) continue;
      this.#transceivers.push(transceiver(index === 0 ? 'audio' : 'video', 'recvonly', mid ?? null));
    }
    this.signalingState = 'have-remote-offer';
  }

  addIceCandidate(): Promise<void> { return Promise.resolve(); }

  #rollBack(): void {
    this.rollbacks += 1;
    for (const offered of this.#offered.splice(0)) offered.mid = null;
    this.signalingState = 'stable';
  }

  #settle(): void {
    this.#offered = [];
    for (const known of this.#transceivers) if (known.mid !== null) known.currentDirection = known.direction;
    this.signalingState = 'stable';
  }
}

const mids = (sdp = ''): (string | undefined)[] => [...sdp.matchAll(/a=mid:(\w+)/g)].map(([, mid]) => mid);

const takesTime = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};
