// What the user should know for as long as it lasts. Each warning is raised once and cleared once.
import type { AudioWarning } from './port.js';

/** The warnings that stand. */
export class Warnings {
  readonly #onChange: (warning: AudioWarning, raised: boolean) => void;
  readonly #raised = new Map<string, AudioWarning>();

  constructor(onChange: (warning: AudioWarning, raised: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Those that stand. */
  get all(): readonly AudioWarning[] {
    return [...this.#raised.values()];
  }

  /** Raises what `key` names, or clears it. One that stands is not raised again unless it tells of another device. */
  set(key: string, warning: AudioWarning | null): void {
    const before = this.#raised.get(key);
    if (before?.label === warning?.label && !before === !warning) return;
    this.#raised.delete(key);
    if (before) this.#onChange(before, false);
    if (!warning) return;
    this.#raised.set(key, warning);
    this.#onChange(warning, true);
  }

  /** Clears everything. */
  clear(): void {
    for (const key of [...this.#raised.keys()]) this.set(key, null);
  }
}
