// Listens to the microphone of calls for a loop between two devices in one room.
import type { RingdownClient } from '../../index.js';
import { watchSpectrum } from '../../media/spectrum.js';
import { QUIET, momentOf, stepHowl } from './howl-machine.js';

/** Ten times a second finds a loop within its second and a half; more often costs more. */
const LOOK_EVERY_MS = 100;

/**
 * Tells while two devices of a call hear each other (`onChange(true)`, later `onChange(false)`): one of them is to be muted.
 * What the microphone gives is looked at and sent on as it is.
 */
export class HowlWatch {
  readonly #onChange: (howling: boolean) => void;
  readonly #off: () => void;
  #howling = false;

  /** Begins with the next microphone that is opened; `destroy()` ends it. */
  constructor(client: RingdownClient, onChange: (howling: boolean) => void) {
    this.#onChange = onChange;
    this.#off = client.audio.addProcessor((track) => {
      const stop = this.#listen(client, track);
      return Promise.resolve({ track, release: stop });
    });
  }

  /** Whether it howls. */
  get howling(): boolean { return this.#howling; }

  /** Listens no more. */
  destroy(): void {
    this.#off();
    this.#tell(false);
  }

  #listen(client: RingdownClient, track: MediaStreamTrack): () => void {
    let state = QUIET;
    const stop = watchSpectrum(track, LOOK_EVERY_MS, (spectrum, hzPerBin) => {
      // A tone in a microphone nobody hears is no loop.
      const isHeard = client.calls.some((call) => call.mine && call.answeredAt !== null && !call.muted && !call.held);
      state = isHeard ? stepHowl(state, momentOf(spectrum, hzPerBin), performance.now()) : QUIET;
      this.#tell(state.howling);
    });
    return () => {
      stop();
      this.#tell(false);
    };
  }

  #tell(howling: boolean): void {
    if (howling === this.#howling) return;
    this.#howling = howling;
    this.#onChange(howling);
  }
}
