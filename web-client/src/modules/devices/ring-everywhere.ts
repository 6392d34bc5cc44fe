// Rings on every loudspeaker: who took off the headset hears the one on the desk.
import type { Call, RingdownClient } from '../../index.js';
import { ringtoneSamples, type Ringtone } from '../../media/ringtone.js';
import { routeTo, Speaker } from '../../media/speaker.js';

/** A loudspeaker that rings. */
export interface Ringer {
  /** Chooses the loudspeaker. */
  route(sink: string): Promise<void>;
  /** Plays samples, over and over where `loop`. */
  play(compute: (sampleRate: number) => Float32Array<ArrayBuffer>, loop: boolean): void;
  /** Ends it and frees the device. */
  close(): void;
}

const openSpeaker = (): Ringer => {
  const speaker = new Speaker(() => undefined);
  return {
    route: (sink) => routeTo(speaker.target, sink),
    play: (compute, loop) => speaker.play(compute, loop),
    close: () => speaker.close(),
  };
};

/** More than a desk has; each costs the browser an audio context. */
const MAX_RINGERS = 4;

/** Rings on the loudspeakers that calls do not ring on by themselves, while a call rings and none is under way. */
export class RingEverywhere {
  readonly #client: RingdownClient;
  readonly #ringtone: () => Ringtone | null;
  readonly #open: () => Ringer;
  readonly #ringing = new Set<Call>();
  readonly #off: () => void;
  #ringers: Ringer[] = [];

  /** `ringtone` says how to ring, null for not at all; `destroy()` ends it. */
  constructor(client: RingdownClient, ringtone: () => Ringtone | null, open: () => Ringer = openSpeaker) {
    this.#client = client;
    this.#ringtone = ringtone;
    this.#open = open;
    this.#off = client.on('incoming', (call) => this.#handleIncoming(call));
  }

  /** Rings no more. */
  destroy(): void {
    this.#off();
    this.#ringing.clear();
    this.#stop();
  }

  #handleIncoming(call: Call): void {
    const { audio, calls } = this.#client;
    const isTalking = calls.some((other) => other.mine && other.answeredAt !== null);
    if (!call.mine || isTalking || audio.state === 'locked') return;
    this.#ringing.add(call);
    const rest = (): void => {
      if (this.#ringing.delete(call) && this.#ringing.size === 0) this.#stop();
    };
    call.on('state', (state) => { if (state !== 'ringing') rest(); });
    call.once('ignored', rest);
    call.once('ended', rest);
    if (this.#ringing.size === 1) void this.#start();
  }

  async #start(): Promise<void> {
    const tone = this.#ringtone();
    if (!tone) return;
    const { audio } = this.#client;
    const own = audio.used('ring') ?? audio.used('output');
    const all = (await audio.devices()).filter(({ kind, id }) => kind === 'output' && id !== own);
    // Where the system chooses, the one it chose rings twice at the same time: nobody hears that.
    for (const { id } of all.slice(0, MAX_RINGERS)) {
      if (this.#ringing.size === 0) return;
      const ringer = this.#open();
      this.#ringers.push(ringer);
      ringer.route(id).then(() => {
        if (this.#ringers.includes(ringer)) ringer.play((rate) => ringtoneSamples(rate, tone), true);
      }, () => ringer.close());
    }
  }

  #stop(): void {
    for (const ringer of this.#ringers) ringer.close();
    this.#ringers = [];
  }
}
