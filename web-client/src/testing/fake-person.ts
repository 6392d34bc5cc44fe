// Somebody of the fake company whose telephone a test plays.
import type { PresenceParams } from '../protocol/generated.js';
import type { FakeDesk } from './fake-desk.js';
import type { FakeLeg } from './fake-leg.js';
import type { FakeAccount } from './fake-people.js';

/** What a telephone does by itself when it rings. */
export type FakeHabit = 'rings' | 'answers' | 'declines' | 'is busy';

/** Somebody and their telephone. It rings while they have no page open. */
export class FakePerson {
  readonly account: FakeAccount;
  /** What the telephone does by itself when it rings; a test does the rest. */
  habit: FakeHabit = 'rings';
  readonly #desk: FakeDesk;
  #closed = false;

  /** @internal Persons are made by the server. */
  constructor(account: FakeAccount, desk: FakeDesk) {
    this.account = account;
    this.#desk = desk;
  }

  /** Their telephone's calls, oldest first. */
  get legs(): readonly FakeLeg[] {
    return this.#desk.calls.legs.filter(({ account, session }) => account === this.account && session === null);
  }

  /** Calls a number. */
  call(to: string, variables: Record<string, string> = {}): void {
    this.#desk.calls.start(this.account, null, to, variables).place();
  }

  /** Answers what rings. */
  answer(): void { this.#desk.calls.answer(this.#newest('ringing')); }
  /** Refuses what rings. */
  decline(reason: 'declined' | 'busy' = 'declined'): void { this.#desk.calls.decline(this.#newest('ringing'), reason); }
  /** Ends the newest call. */
  hangup(): void { this.#desk.calls.hangup(this.#newest()); }
  /** Puts the other side on hold, or takes it back. */
  hold(held = true): void { this.#desk.calls.hold(this.#newest('active'), held); }
  /** Presses keys. */
  press(digits: string): void { this.#desk.calls.dtmf(this.#newest(), digits); }
  /** Hands the other side on. */
  transfer(to: string): void { this.#desk.calls.transfer(this.#newest('active'), to); }
  /** Says what they do. */
  say(said: PresenceParams): void { this.#desk.say(this.account.userId, said); }

  /** @internal */
  handleRinging(leg: FakeLeg): void {
    if (this.habit === 'rings') return;
    // Nobody answers before the caller has heard it ring.
    queueMicrotask(() => {
      if (this.#closed || leg.state !== 'ringing') return;
      if (this.habit === 'answers') this.#desk.calls.answer(leg);
      else this.#desk.calls.decline(leg, this.habit === 'is busy' ? 'busy' : 'declined');
    });
  }

  /** @internal */
  close(): void { this.#closed = true; }

  #newest(state?: FakeLeg['state']): FakeLeg {
    const leg = this.legs.filter((one) => state === undefined || (one.state === state && one.direction === (state === 'ringing' ? 'inbound' : one.direction))).at(-1);
    if (!leg) throw new Error(`${this.account.name} has no call${state === undefined ? '' : ` that is ${state}`}`);
    return leg;
  }
}
