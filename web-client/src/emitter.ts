// A typed event emitter.

/** Removes what it was returned for. */
export type Unsubscribe = () => void;

type Listener<T extends unknown[]> = (...args: T) => void;

/** Listeners by event. `Events` maps an event's name to its listener's arguments. */
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();
  readonly #onFault: (thrown: unknown, event: keyof Events) => void;

  /** `onFault` gets what a listener throws: one listener's fault never keeps an event from the others. */
  constructor(onFault: (thrown: unknown, event: keyof Events) => void) {
    this.#onFault = onFault;
  }

  /** Calls `listener` on every `event`. */
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Unsubscribe {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => this.off(event, listener);
  }

  /** Calls `listener` on the next `event` only. */
  once<E extends keyof Events>(event: E, listener: Listener<Events[E]>): Unsubscribe {
    const off = this.on(event, (...args: Events[E]) => {
      off();
      listener(...args);
    });
    return off;
  }

  /** Stops calling `listener`. */
  off<E extends keyof Events>(event: E, listener: Listener<Events[E]>): void {
    this.#listeners.get(event)?.delete(listener);
  }

  /** Calls the listeners of `event`. */
  emit<E extends keyof Events>(event: E, ...args: Events[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as Listener<Events[E]>)(...args);
      } catch (thrown) {
        this.#onFault(thrown, event);
      }
    }
  }

  /** How many listen to `event`. */
  count(event: keyof Events): number {
    return this.#listeners.get(event)?.size ?? 0;
  }

  /** Forgets every listener. */
  clear(): void {
    this.#listeners.clear();
  }
}
