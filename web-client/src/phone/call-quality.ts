// How good a call's audio is. Each warning is raised once and cleared once, whatever pushes were lost in between.
import type { CallQuality, QualityWarning } from '../protocol/generated.js';

/** Warnings that began and ended. */
export interface WarningChanges {
  readonly raised: readonly QualityWarning[];
  readonly cleared: readonly QualityWarning[];
}

/** Remembers what was told last. */
export class QualityWatch {
  readonly #onChange: (quality: CallQuality, changes: WarningChanges) => void;
  #last: CallQuality | null = null;

  constructor(onChange: (quality: CallQuality, changes: WarningChanges) => void) {
    this.#onChange = onChange;
  }

  /** What was told last. */
  get last(): CallQuality | null { return this.#last; }

  /** Takes what is told. */
  handle(quality: CallQuality): void {
    const before = this.#last?.warnings ?? [];
    this.#last = quality;
    this.#onChange(quality, { raised: without(quality.warnings, before), cleared: without(before, quality.warnings) });
  }

  /** Clears what is still raised. */
  end(): void {
    if (this.#last && this.#last.warnings.length > 0) this.handle({ ...this.#last, warnings: [] });
  }
}

const without = (all: readonly QualityWarning[], some: readonly QualityWarning[]): readonly QualityWarning[] =>
  all.filter((one) => !some.some(({ issue, side, way }) => issue === one.issue && side === one.side && way === one.way));
