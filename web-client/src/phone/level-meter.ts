// How loud both sides of a call are, asked for while somebody listens.
import type { Levels } from '../media/port.js';
import type { CancelTimer, Clock } from '../platform/clock.js';

/** Asks for the levels again and again. */
export class LevelMeter {
  readonly #onLevels: (levels: Levels) => void;
  #cancel: CancelTimer | null = null;

  constructor(onLevels: (levels: Levels) => void) {
    this.#onLevels = onLevels;
  }

  /** Runs while `wanted`, until there is nothing to `measure`. Running already, it runs on. */
  run(clock: Clock, wanted: () => boolean, measure: () => Promise<Levels> | undefined): void {
    this.#cancel ??= clock.after(METER_MS, () => {
      this.#cancel = null;
      if (!wanted()) return;
      measure()?.then((levels) => {
        this.#onLevels(levels);
        this.run(clock, wanted, measure);
      }, () => undefined);
    });
  }

  /** Stops for good. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}

/** Seven times a second looks live. */
const METER_MS = 140;
