// What the user should know for as long as it lasts. Each warning is raised once and cleared once.
import type { AudioWarning } from './port.js';

/** The warnings that stand. */
export class Warnings {
  readonly #onChange: (warning: AudioWarning, raised: boolean) => void;
  #all: readonly AudioWarning[] = [];

  constructor(onChange: (warning: AudioWarning, raised: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Those that stand. */
  get all(): readonly AudioWarning[] {
    return this.#all;
  }

  /** Raises a warning, or clears it. One that stands is not raised again unless it tells of another device. */
  set(name: AudioWarning['name'], on: boolean, role: AudioWarning['role'] = 'input', label = ''): void {
    const before = this.#all.find((one) => one.name === name && one.role === role);
    if (on ? before?.label === label : !before) return;
    this.#all = this.#all.filter((one) => one !== before);
    if (before) this.#onChange(before, false);
    if (!on) return;
    const warning = { name, role, label };
    this.#all = [...this.#all, warning];
    this.#onChange(warning, true);
  }

  /** Clears everything. */
  clear(): void {
    for (const { name, role } of this.#all) this.set(name, false, role);
  }
}
