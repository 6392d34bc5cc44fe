// What the two sides agree on: a call's descriptions and candidates on their way to the server, in their order.
import type { CallDirection, Description } from '../protocol/generated.js';
import { asRingdownError } from '../errors.js';
import type { CallMedia } from '../media/port.js';
import type { CallContext } from './call-context.js';

/** What one side of a call says of its media. */
export class CallDescriptions {
  readonly #context: CallContext;
  readonly #call: () => { readonly id: string; readonly direction: CallDirection };
  #described = false;
  #lost = false;
  #sent: Promise<unknown> = Promise.resolve();
  #unsent: (string | null)[] = [];

  constructor(context: CallContext, call: () => { readonly id: string; readonly direction: CallDirection }) {
    this.#context = context;
    this.#call = call;
  }

  /** Whether an offer of ours was lost with the connection. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** Answers an offer of the server's. One that crosses our own is void: the server answers ours, and offers again. */
  async answer(media: CallMedia, offer: Description): Promise<void> {
    const answer = await media.answer(offer);
    if (answer) await this.#describe(answer);
    else if (this.#lost) await this.restart(media);
  }

  /** Offers where the server's offer was lost with the pushes of an outage, or its answer not taken. */
  async offer(media: CallMedia): Promise<void> {
    await this.#describe(await media.offer());
  }

  /** Offers anew, to mend what is broken. */
  async restart(media: CallMedia): Promise<void> {
    if (!this.#described) return;
    // The answer to what was said before comes before its result: it must not be taken for this offer's.
    await this.#sent;
    await this.#try('mending the audio failed', async () => this.#describe(await media.restart()));
  }

  /** Offers what has changed. */
  async renegotiate(media: CallMedia): Promise<void> {
    await this.#try('changing the video failed', async () => {
      const offer = await media.reoffer();
      if (offer) await this.#describe(offer);
    });
  }

  /** Sends a candidate, or keeps it until its description is sent. */
  candidate(candidate: string | null): void {
    this.#unsent.push(candidate);
    this.flush();
  }

  /** Candidates follow the description they belong to. */
  flush(): void {
    const { id, direction } = this.#call();
    if (id === '' || (direction === 'inbound' && !this.#described)) return;
    this.#described = true;
    for (const candidate of this.#unsent.splice(0)) {
      this.#context.request('call.candidate', { call: id, candidate }).catch((thrown: unknown) =>
        this.#context.log.debug('a candidate was refused', { error: asRingdownError(thrown).name }));
    }
  }

  async #describe(description: Description): Promise<void> {
    this.#lost = false;
    const described = this.#context.request('call.describe', { call: this.#call().id, description });
    this.#sent = described.catch(() => undefined);
    this.#described = true;
    this.flush();
    try {
      await described;
    } catch (thrown) {
      this.#lost = description.type === 'offer';
      throw thrown;
    }
  }

  /** The machine's timer, or the connection's return, tries again. */
  async #try(failed: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#context.log.warn(failed, { error: asRingdownError(thrown).name });
    }
  }
}
