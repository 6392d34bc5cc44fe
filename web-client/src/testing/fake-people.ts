// Who is at the fake server, and what it says when something is wrong.
import type { ErrorCode, ErrorInfo, PresenceState } from '../protocol/generated.js';

/** Somebody of the fake company. */
export interface FakeAccount {
  readonly userId: string;
  readonly username: string;
  readonly name: string;
  readonly extension: string;
  readonly department?: string;
  /** What a telephone of theirs says while they have no page open: `offline` has none. */
  readonly presence: PresenceState;
  /** Whether they may record their calls, as they may unless told otherwise. */
  readonly mayRecord?: boolean;
}

const account = (extension: string, username: string, name: string, department: string, presence: PresenceState = 'online'): FakeAccount =>
  ({ userId: `u-${extension}`, username, name, extension, department, presence });

/** The people of the fake company, unless others are given. Each has a telephone; who is offline has none. */
export const FAKE_PEOPLE: readonly FakeAccount[] = [
  account('101', 'alice', 'Alice Archer', 'Sales'), account('102', 'bob', 'Bob Baker', 'Sales'), account('103', 'carol', 'Carol Céspedes', 'Support'),
  account('104', 'daniel', 'Daniel Okafor', 'Support'), account('105', 'elif', 'Elif Yıldız', 'Support'), account('106', 'frank', 'Frank Nowak', 'Finance', 'offline'),
  account('107', 'grace', 'Grace Kimura', 'Finance'), account('108', 'henrik', 'Henrik Dahl', 'Logistics', 'offline'), account('109', 'ines', 'Ines Ferreira', 'Logistics'),
  account('110', 'jonas', 'Jonas Weber', 'Sales'), account('111', 'kavya', 'Kavya Raman', 'Finance', 'offline'),
];

/** The server's errors in the order of their codes, and whether they end the connection. */
const CODES: readonly (readonly [name: ErrorCode, fatal: boolean])[] = [
  ['bad-request', false], ['too-large', true], ['unknown-method', false], ['not-authenticated', false], ['bad-credentials', true],
  ['forbidden', false], ['session-expired', true], ['rate-limited', false], ['no-such-call', false], ['wrong-state', false],
  ['not-acceptable', false], ['switch-unavailable', false], ['internal', false],
];

/** What a method of the fake server throws to refuse. */
export class FakeFault extends Error {
  readonly info: ErrorInfo;

  /** A refusal as the server words it. */
  constructor(name: ErrorCode, message: string = name) {
    super(message);
    const place = CODES.findIndex(([known]) => known === name);
    this.info = { code: 4000 + place, name, message, causes: ['The fake server was told to.'], solutions: [], fatal: CODES[place]?.[1] ?? false };
  }
}
