// The devices of a computer, for the media engine under Node: microphones, loudspeakers and cameras that come and go.
import { settle } from './fake-clock.js';

/** A track of a device, or a copy of it. */
export class FakeTrack {
  enabled = true;
  muted = false;
  readyState: 'live' | 'ended' = 'live';
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  readonly kind = 'audio';
  readonly device: string;
  readonly #all: FakeTrack[];

  constructor(device: string, all: FakeTrack[]) {
    this.device = device;
    this.#all = all;
    all.push(this);
  }

  clone(): FakeTrack {
    const clone = new FakeTrack(this.device, this.#all);
    clone.enabled = this.enabled;
    return clone;
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** The device goes away: only this tells of it. */
  end(): void {
    if (this.readyState === 'ended') return;
    this.readyState = 'ended';
    this.onended?.();
  }

  /** The system silences the device, or no more. */
  mute(muted: boolean): void {
    this.muted = muted;
    (muted ? this.onmute : this.onunmute)?.();
  }
}

/** `navigator.mediaDevices`. The first device of a kind is the system's choice. */
export class FakeMediaDevices extends EventTarget {
  /** Every track there ever was. */
  readonly tracks: FakeTrack[] = [];
  /** Devices that another program holds, unless the page has them already. */
  readonly busy = new Set<string>();
  /** What opening any throws. */
  refusal: string | null = null;
  #plugged: readonly string[] = [];

  /** What is there from now on: `mic-…`, `speaker-…`, `camera-…`. */
  async plug(...ids: string[]): Promise<void> {
    this.#plugged = ids;
    for (const track of this.live) if (!ids.includes(track.device)) track.end();
    this.dispatchEvent(new Event('devicechange'));
    await settle();
  }

  /** Tracks that hold a device or copy one that is held. */
  get live(): FakeTrack[] {
    return this.tracks.filter(({ readyState }) => readyState === 'live');
  }

  enumerateDevices(): Promise<{ kind: string; deviceId: string; label: string; groupId: string }[]> {
    const all = this.#plugged.map((id) => ({
      kind: id.startsWith('mic') ? 'audioinput' : id.startsWith('camera') ? 'videoinput' : 'audiooutput', deviceId: id, label: `The ${id}`, groupId: `of ${id}`,
    }));
    const system = all.find(({ kind }) => kind === 'audioinput');
    return Promise.resolve(system ? [{ ...system, deviceId: 'default', label: `Default – ${system.label}` }, ...all] : all);
  }

  async getUserMedia(constraints: { audio?: { deviceId?: { exact: string } }; video?: { deviceId?: { exact: string } } }): Promise<{ getTracks: () => FakeTrack[] }> {
    await Promise.resolve();
    if (this.refusal) throw new DOMException('refused', this.refusal);
    const kind = constraints.audio ? 'mic' : 'camera';
    const wanted = (constraints.audio ?? constraints.video)?.deviceId?.exact;
    const id = this.#plugged.find((one) => (wanted === undefined ? one.startsWith(kind) : one === wanted));
    if (id === undefined) throw new DOMException('none', wanted === undefined ? 'NotFoundError' : 'OverconstrainedError');
    if (this.busy.has(id) && !this.live.some(({ device }) => device === id)) throw new DOMException('busy', 'NotReadableError');
    const track = new FakeTrack(id, this.tracks);
    return { getTracks: () => [track] };
  }
}
