// What the fake server keeps of a user: finished calls, missed ones, favourites, settings, voicemail.
import type { CallOutcome, HistoryEntry, Settings, VoicemailCount, VoicemailMessage } from '../protocol/generated.js';
import type { Push } from '../protocol/messages.js';
import type { FakeLeg } from './fake-leg.js';
import { FakeFault } from './fake-people.js';

/** What is kept of one user. */
interface Kept {
  readonly history: HistoryEntry[];
  settings: Settings;
  favourites: string[];
  missed: number;
  voicemail: VoicemailMessage[];
}

/** What the fake server keeps. */
export class FakeRecords {
  readonly #kept = new Map<string, Kept>();
  readonly #tell: (userId: string, push: Push) => void;

  constructor(tell: (userId: string, push: Push) => void) {
    this.#tell = tell;
  }

  /** What is kept of a user. */
  of(userId: string): Readonly<Kept> { return this.#of(userId); }

  /** A user's finished calls, newest first; only those of an outcome where one is given. */
  history(userId: string, outcome?: CallOutcome): HistoryEntry[] {
    return this.#of(userId).history.filter((entry) => outcome === undefined || entry.outcome === outcome).reverse();
  }

  /** Puts a finished call into a user's history. */
  add(userId: string, entry: Omit<HistoryEntry, 'outcome'> & { outcome?: CallOutcome }): void {
    const kept = this.#of(userId);
    kept.history.push({ ...entry, outcome: entry.outcome ?? outcomeOf(entry) });
    if (kept.history.length > MAX_HISTORY) kept.history.shift();
  }

  /** A leg ended. A call that rang on several devices is one call: the device that answered tells of it. */
  note({ account, callId, direction, peer, createdAt, answeredAt }: FakeLeg, reason: string, endedAt: number): void {
    if (!account) return;
    const kept = this.#of(account.userId);
    const base = { callId, direction, peer, startedAt: createdAt, answeredAt, endedAt, reason, quality: null };
    const entry: HistoryEntry = { ...base, outcome: outcomeOf(base) };
    const known = kept.history.findIndex((other) => other.callId === callId);
    if (known >= 0) {
      if (answeredAt !== null) kept.history.splice(known, 1, entry);
      return;
    }
    this.add(account.userId, entry);
    if (entry.outcome === 'missed') kept.missed += 1;
    this.#tell(account.userId, { event: 'history', data: { entry, missed: kept.missed } });
  }

  /** The missed calls were seen. */
  seen(userId: string): void {
    this.#of(userId).missed = 0;
    this.#tell(userId, { event: 'history', data: { entry: null, missed: 0 } });
  }

  setSettings(userId: string, settings: Settings): Settings {
    this.#of(userId).settings = settings;
    this.#tell(userId, { event: 'settings', data: { settings } });
    return settings;
  }

  setFavourite(userId: string, user: string, on: boolean): void {
    const kept = this.#of(userId);
    kept.favourites = [...kept.favourites.filter((other) => other !== user), ...(on ? [user] : [])];
    this.#tell(userId, { event: 'favourites', data: { users: kept.favourites } });
  }

  /** A voice message was left. */
  leave(userId: string, message: VoicemailMessage): void {
    this.#setVoicemail(userId, [message, ...this.#of(userId).voicemail]);
  }

  mark(userId: string, id: string, isHeard: boolean): void {
    this.#message(userId, id);
    this.#setVoicemail(userId, this.#of(userId).voicemail.map((message) => (message.id === id ? { ...message, isHeard } : message)));
  }

  drop(userId: string, id: string): void {
    this.#message(userId, id);
    this.#setVoicemail(userId, this.#of(userId).voicemail.filter((message) => message.id !== id));
  }

  count(userId: string): VoicemailCount {
    const { voicemail } = this.#of(userId);
    const saved = voicemail.filter(({ isHeard }) => isHeard).length;
    return { new: voicemail.length - saved, saved };
  }

  #setVoicemail(userId: string, voicemail: VoicemailMessage[]): void {
    this.#of(userId).voicemail = voicemail;
    this.#tell(userId, { event: 'voicemail', data: { count: this.count(userId) } });
  }

  #message(userId: string, id: string): VoicemailMessage {
    const message = this.#of(userId).voicemail.find((one) => one.id === id);
    if (!message) throw new FakeFault('no-such-call', 'no such voice message');
    return message;
  }

  #of(userId: string): Kept {
    const known = this.#kept.get(userId) ?? {
      history: [], favourites: [], missed: 0, voicemail: [],
      settings: {
        doNotDisturb: false, callWaiting: true, forward: { always: null, busy: null, noAnswer: null, offline: null },
        pickupGroup: null, voicemail: false, hasVoicemailPin: false,
      },
    };
    this.#kept.set(userId, known);
    return known;
  }
}

const outcomeOf = ({ direction, answeredAt, reason }: Pick<HistoryEntry, 'direction' | 'answeredAt' | 'reason'>): CallOutcome => {
  if (answeredAt !== null) return 'answered';
  if (direction === 'outbound') return 'unanswered';
  if (reason === 'answered-elsewhere') return 'answered-elsewhere';
  return reason === 'declined' || reason === 'declined-elsewhere' ? 'declined' : 'missed';
};

/** Calls kept of one user. */
const MAX_HISTORY = 1000;
