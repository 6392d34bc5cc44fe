// Asking somebody before a call is handed on to them.
import type { Call } from './call.js';

/** A held call and the call to whom it may be handed on. */
export class Consultation {
  /** The call that waits; its other side hears music. */
  readonly original: Call;
  /** The call to the person who is asked. */
  readonly call: Call;

  /** @internal Consultations are made by the client. */
  constructor(original: Call, call: Call) {
    this.original = original;
    this.call = call;
  }

  /** Joins both other sides, also while the person asked still rings. Both calls end `transferred`. */
  complete(): Promise<void> {
    return this.original.completeTransfer(this.call);
  }

  /** Ends the question and takes the first call back. */
  async cancel(): Promise<void> {
    if (!this.call.end) await this.call.hangup();
    if (!this.original.end) await this.original.unhold();
  }

  /** Makes a conference of all three, in the first call. */
  merge(): Promise<void> {
    return this.original.merge(this.call);
  }

  /** Talks to the one who waits, while the other waits. */
  async swap(): Promise<void> {
    const [talking, waiting] = this.original.held ? [this.call, this.original] : [this.original, this.call];
    await talking.hold();
    await waiting.unhold();
  }
}
