// A session at the fake server: its numbered pushes, kept for a replay, and the connection that has it.
import type { Push } from '../protocol/messages.js';
import type { FakeAccount } from './fake-people.js';

/** The server's end of a connection. */
export interface FakeLink {
  /** To the client. */
  send(text: string): void;
  /** Closes it with a code. */
  close(code: number): void;
}

/** What somebody who signed in has at the server. */
export class FakeSession {
  readonly id: string;
  readonly secret: string;
  readonly account: FakeAccount;
  /** The connection that has it; null while it waits to be resumed. */
  link: FakeLink | null;
  /** Whether it is rung: also for a while after its connection was lost. */
  reachable = true;
  /** Stops what becomes of a session that nobody resumes. */
  cancelExpiry: (() => void) | null = null;
  #seq = 0;
  #kept: { seq: number; push: Push }[] = [];

  /** @internal Sessions are made by the server. */
  constructor(id: string, secret: string, account: FakeAccount, link: FakeLink) {
    this.id = id;
    this.secret = secret;
    this.account = account;
    this.link = link;
  }

  /** The number of the last push. */
  get seq(): number { return this.#seq; }

  /** Pushes now, or keeps it for the resume. */
  push(push: Push): void {
    this.#seq += 1;
    this.#kept.push({ seq: this.#seq, push });
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    this.link?.send(JSON.stringify({ seq: this.#seq, ...push }));
  }

  /** Pushes what is neither counted nor replayed. */
  pushUncounted(push: Push): void {
    this.link?.send(JSON.stringify({ seq: 0, ...push }));
  }

  /** What was pushed after `lastSeq`; null where that is not known any more, or everything is asked for. */
  missed(lastSeq: number): readonly { seq: number; push: Push }[] | null {
    if (lastSeq === 0 || lastSeq > this.#seq || lastSeq < this.#seq - this.#kept.length) return null;
    return this.#kept.filter(({ seq }) => seq > lastSeq);
  }

  /** What was missed is not said again: the whole state is given. */
  restartAfter(lastSeq: number): void {
    this.#kept = [];
    this.#seq = Math.max(this.#seq, lastSeq);
  }
}

/** Pushes kept for a replay, as many as the server keeps. */
const MAX_KEPT = 256;
