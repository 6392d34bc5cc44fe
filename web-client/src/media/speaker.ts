// One loudspeaker for what the page computes: ringing and tones.

/** An element or context whose loudspeaker can be chosen, where the browser can do that. */
interface Routable {
  setSinkId?: (id: string) => Promise<void>;
}

/** A loudspeaker. */
export class Speaker {
  readonly context = new AudioContext({ latencyHint: 'interactive' });
  /** Plays for contexts that cannot choose a loudspeaker (Firefox, Safari). */
  readonly #element: HTMLAudioElement | null = null;
  readonly #node: AudioNode = this.context.destination;
  #playing: AudioBufferSourceNode | null = null;

  /** `onRunning` tells whether it may play. */
  constructor(onRunning: (running: boolean) => void) {
    const { context } = this;
    context.onstatechange = () => onRunning(context.state === 'running');
    if ('setSinkId' in context) return;
    const node = this.context.createMediaStreamDestination();
    this.#node = node;
    this.#element = new Audio();
    this.#element.srcObject = node.stream;
  }

  /** What `routeTo` routes. */
  get target(): object {
    return this.#element ?? this.context;
  }

  /** Starts what the browser held back; says whether it plays. */
  async resume(): Promise<boolean> {
    const { context } = this;
    if (context.state !== 'running') {
      // Outside a gesture this promise may never settle; the state below tells.
      let timer;
      await Promise.race([context.resume().catch(() => undefined), new Promise((resolve) => { timer = setTimeout(resolve, 300); })]);
      clearTimeout(timer);
    }
    return context.state === 'running';
  }

  /** Plays samples in place of what it plays. */
  play(compute: (sampleRate: number) => Float32Array<ArrayBuffer>, loop: boolean): void {
    this.stop();
    const { context } = this;
    const samples = compute(context.sampleRate);
    const buffer = context.createBuffer(1, samples.length, context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    // A looping buffer needs no timer, and timers of a background tab fire once a minute.
    source.loop = loop;
    source.connect(this.#node);
    source.start();
    void this.#element?.play().catch(() => undefined);
    this.#playing = source;
  }

  /** Ends what it plays. */
  stop(): void {
    this.#playing?.stop();
    this.#playing?.disconnect();
    this.#playing = null;
  }

  /** Frees the device. */
  close(): void {
    this.stop();
    this.context.onstatechange = null;
    void this.context.close();
  }
}

/** Routes an element or context, where there is one and the browser can do that. */
export const routeTo = async (target: object | undefined, sink: string): Promise<void> => {
  await (target as Routable | undefined)?.setSinkId?.(sink === 'default' ? '' : sink);
};
