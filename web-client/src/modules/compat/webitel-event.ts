// An event of Webitel's library: `onX(handler)` returns a number by which `unX(number)` takes it back.

/** A list of handlers. */
export class WebitelEvent<T = undefined> {
  readonly #handlers = new Map<number, (sender: T) => void>();
  readonly #onFault: (thrown: unknown) => void;
  #next = 0;

  /** `onFault` gets what a handler throws: one handler's fault keeps the event from no other. */
  constructor(onFault: (thrown: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Calls `handler` on every event. */
  readonly subscribe = (handler: (sender: T) => void): number => {
    this.#handlers.set(this.#next, handler);
    return this.#next++;
  };

  /** Calls the handler of this number no more. */
  readonly unsubscribe = (id: number): void => { this.#handlers.delete(id); };

  /** Calls all handlers. */
  trigger(sender: T): void {
    for (const handler of [...this.#handlers.values()]) {
      try {
        handler(sender);
      } catch (thrown) {
        this.#onFault(thrown);
      }
    }
  }
}
