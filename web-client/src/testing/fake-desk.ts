// What the fake server knows of people: sessions, presence, settings, chat, history; and its switch.
import type { Clock } from '../platform/clock.js';
import type {
  Contact, Description, DirectoryEntry, PresenceParams, PresenceState, State,
} from '../protocol/generated.js';
import type { Push } from '../protocol/messages.js';
import { NO_SWITCH_MEDIA, type FakeLeg, type FakeSwitchMedia } from './fake-leg.js';
import { FakeChat } from './fake-chat.js';
import { FakeFiles } from './fake-files.js';
import { FakeFault, type FakeAccount } from './fake-people.js';
import { FakeRecords } from './fake-records.js';
import type { FakeLink } from './fake-session.js';
import { FakeSession } from './fake-session.js';
import { FakeSwitch } from './fake-switch.js';

/** What the desk needs of its server. */
export interface FakeDeskPorts {
  readonly people: readonly FakeAccount[];
  readonly clock: Clock;
  readonly media?: FakeSwitchMedia | undefined;
  /** Somebody's telephone rings. */
  readonly onTelephone: (leg: FakeLeg) => void;
}

/** What the fake server knows. */
export class FakeDesk {
  readonly calls: FakeSwitch;
  readonly chat: FakeChat;
  readonly files: FakeFiles;
  readonly records: FakeRecords;
  readonly media: FakeSwitchMedia;
  /** The company's address book. */
  contacts: readonly Contact[] = [];
  /** Whether calls can be placed. */
  switchUp = true;
  readonly #ports: FakeDeskPorts;
  readonly #sessions = new Map<string, FakeSession>();
  readonly #said = new Map<string, PresenceParams>();
  readonly #locked = new Set<string>();
  readonly #photos = new Map<string, string>();
  readonly #shown = new Map<string, PresenceState>();
  #later: (() => void)[] | null = null;
  #next = 1;

  /** @internal Desks are made by the server. */
  constructor(ports: FakeDeskPorts) {
    this.#ports = ports;
    this.media = ports.media ?? NO_SWITCH_MEDIA;
    this.records = new FakeRecords((userId, push) => this.tellUser(userId, push));
    this.calls = new FakeSwitch({
      clock: ports.clock,
      media: this.media,
      people: ports.people,
      sessionsOf: (userId, reachable = false) => this.sessionsOf(userId).filter((session) => !reachable || session.reachable),
      tell: (session, push) => this.tell(session, push),
      tellAll: (push) => this.tellAll(push),
      onTelephone: ports.onTelephone,
      onLeg: (leg, end) => {
        if (end) this.records.note(leg, end.reason, ports.clock.now());
        if (leg.account) this.updatePresence(leg.account);
      },
    });
    this.files = new FakeFiles((userId, file) => this.chat.shows(userId, file));
    this.chat = new FakeChat({
      give: (userId, file) => this.files.give(userId, file),
      people: ports.people, clock: ports.clock, sessionsOf: (userId) => this.sessionsOf(userId), tell: (session, push) => this.tell(session, push),
    });
    for (const person of ports.people) this.#shown.set(person.userId, this.presenceOf(person));
  }

  /** Every session, attached or waiting to be resumed. */
  get sessions(): readonly FakeSession[] { return [...this.#sessions.values()]; }

  /** A user's sessions. */
  sessionsOf(userId: string): FakeSession[] {
    return this.sessions.filter(({ account }) => account.userId === userId);
  }

  /** What happens once the request under way is answered, as the real server's pushes come; at once where none is. */
  later(what: () => void): void {
    if (this.#later) this.#later.push(what);
    else what();
  }

  /** Answers a request: what it caused is told after the answer. */
  answering<T>(work: () => T, answer: (result: T) => void): void {
    this.#later = [];
    try {
      answer(work());
    } finally {
      const later = this.#later;
      this.#later = null;
      for (const what of later) what();
    }
  }

  /** Tells one session something. */
  tell(session: FakeSession, push: Push): void { this.later(() => session.push(push)); }
  /** Tells every session of a person something. */
  tellUser(userId: string, push: Push): void { for (const session of this.sessionsOf(userId)) this.tell(session, push); }
  /** Tells everybody something. */
  tellAll(push: Push): void { for (const session of this.sessions) this.tell(session, push); }

  /** Begins a session. */
  open(account: FakeAccount, link: FakeLink): FakeSession {
    const session = new FakeSession(`session-${this.#next}`, `secret-${this.#next++}`, account, link);
    this.#sessions.set(session.id, session);
    this.updatePresence(account);
    return session;
  }

  /** The session of an id and its secret. */
  session(id: string, secret: string): FakeSession | undefined {
    const session = this.#sessions.get(id);
    return session?.secret === secret ? session : undefined;
  }

  /** A connection is gone: its session waits, and ends when nobody resumes it. */
  detach(session: FakeSession, windowMs: number): void {
    session.link = null;
    session.cancelExpiry?.();
    const { clock } = this.#ports;
    const timers = [
      clock.after(UNREACHABLE_AFTER_MS, () => {
        session.reachable = false;
        this.updatePresence(session.account);
      }),
      clock.after(windowMs, () => this.endSession(session)),
    ];
    session.cancelExpiry = () => timers.forEach((cancel) => cancel());
  }

  /** Ends a session and its calls. */
  endSession(session: FakeSession, code?: number): void {
    if (!this.#sessions.has(session.id)) return;
    session.cancelExpiry?.();
    const { link } = session;
    this.later(() => {
      for (const leg of this.calls.legs) if (leg.session === session) this.calls.hangup(leg, undefined, 'server');
      this.#sessions.delete(session.id);
      session.link = null;
      if (code !== undefined) link?.close(code);
      this.updatePresence(session.account);
    });
  }

  /** Forgets everything that lives, as a server does that was killed and lost its memory. */
  forget(): void {
    for (const session of this.sessions) session.cancelExpiry?.();
    this.#sessions.clear();
    for (const leg of this.calls.legs) this.calls.end(leg, 'server-restart', 'server');
  }

  /** Everything, for a client that connects. */
  stateFor(session: FakeSession): State {
    const { userId } = session.account;
    const { favourites, missed } = this.records.of(userId);
    return {
      directory: this.directory(), directoryComplete: true, favourites: [...favourites], missed, voicemail: this.records.count(userId), calls: this.calls.callsFor(session), callsComplete: true,
      rooms: this.calls.rooms.of(userId), parked: [...this.calls.parked], switchUp: this.switchUp,
      tones: { busy: '425/500,0/500', congestion: '425/250,0/250' },
    };
  }

  /** Everybody with their presence. */
  directory(): DirectoryEntry[] {
    return this.#ports.people.map((person) => ({
      userId: person.userId, name: person.name, extension: person.extension, department: person.department ?? '', presence: this.presenceOf(person), ...this.#toldOf(person.userId),
      ...(this.#photos.has(person.userId) ? { photo: `/api/v1/photos/${this.#photos.get(person.userId)}` } : {}),
    }));
  }

  /** What is seen of somebody. */
  presenceOf(account: FakeAccount): PresenceState {
    const legs = this.calls.legs.filter((leg) => leg.account === account);
    if (legs.some(({ answeredAt }) => answeredAt !== null)) return 'on-call';
    if (legs.length > 0) return 'ringing';
    return this.sessionsOf(account.userId).some(({ reachable }) => reachable) ? 'online' : account.presence;
  }

  /** Tells everybody where somebody's presence is another. */
  updatePresence(account: FakeAccount, said = false): void {
    const presence = this.presenceOf(account);
    if (this.#shown.get(account.userId) === presence && !said) return;
    this.#shown.set(account.userId, presence);
    this.tellAll({ event: 'presence', data: { entries: [{ userId: account.userId, presence, ...this.#toldOf(account.userId) }] } });
  }

  #toldOf(userId: string): PresenceParams & { cannotRing?: boolean } {
    return { ...this.#said.get(userId), ...(this.#locked.has(userId) ? { cannotRing: true } : {}) };
  }

  /** Somebody has another photo, or none. */
  setPhoto(userId: string, file: string | null): void {
    if (file === null) this.#photos.delete(userId);
    else this.#photos.set(userId, file);
    const entries = this.directory().filter((entry) => entry.userId === userId);
    this.tellAll({ event: 'directory.changed', data: { entries, removed: [], complete: true } });
  }

  /** People of the address book who have every word of `query`. */
  searchContacts(query: string): Contact[] {
    const words = query.toLowerCase().split(/\s+/);
    const found = this.contacts.filter(({ name, organisation, numbers }) => {
      const own = `${name} ${organisation} ${numbers.map(({ number }) => number).join(' ')}`.toLowerCase();
      return words.every((word) => own.includes(word));
    });
    return found.slice(0, 50);
  }

  /** Whether somebody's page cannot play sound: they cannot be rung. */
  setLocked(userId: string, locked: boolean): void {
    if (locked) this.#locked.add(userId);
    else this.#locked.delete(userId);
    const account = this.#ports.people.find((person) => person.userId === userId);
    if (account) this.updatePresence(account, true);
  }

  /** What somebody says of themselves. */
  say(userId: string, said: PresenceParams): void {
    this.#said.set(userId, said);
    const account = this.#ports.people.find((person) => person.userId === userId);
    if (account) this.updatePresence(account, true);
  }

  /** Has a person rung once another is free, or no more. */
  setCompletion(account: FakeAccount, on: boolean): void {
    const last = this.records.history(account.userId).find(({ direction, reason }) => direction === 'outbound' && reason === 'busy');
    if (!last) throw new FakeFault('wrong-state', 'nobody was found busy');
    this.tellUser(account.userId, { event: 'completion', data: { peer: last.peer, state: on ? 'waiting' : 'cancelled' } });
  }

  /** Gives a leg's description to its media; what it answers goes to the page. */
  describe(leg: FakeLeg, description: Description): void {
    void this.media.describe(leg.id, description).then((answer) => {
      if (answer && leg.session && leg.state !== 'ended') this.tell(leg.session, { event: 'call.description', data: { call: leg.id, description: answer } });
    });
  }

  /** Makes a page an offer in a call it has. */
  reoffer(leg: FakeLeg): void {
    void this.media.offer(leg.id).then((description) => {
      if (leg.session && leg.state !== 'ended') this.tell(leg.session, { event: 'call.description', data: { call: leg.id, description } });
    });
  }

  /** Refuses what needs the softswitch while it is gone. */
  needSwitch(): void {
    if (!this.switchUp) throw new FakeFault('switch-unavailable', 'no softswitch is connected');
  }
}

/** A session that lost its connection is rung for this long yet. */
const UNREACHABLE_AFTER_MS = 10_000;
