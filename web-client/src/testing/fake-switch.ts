// The fake server's switch: rings people, connects them, and does with calls what the real one does. No sound, no time of
// its own.
import type { Clock } from '../platform/clock.js';
import type { CallInfo, Description, EndedBy, EndReason, Invited, ParkedCall, PeerInfo } from '../protocol/generated.js';
import type { Push } from '../protocol/messages.js';
import { infoOf, isShown, type FakeLeg, type FakeSwitchMedia } from './fake-leg.js';
import { FakeFault, type FakeAccount } from './fake-people.js';
import { FakeRooms } from './fake-rooms.js';
import type { FakeSession } from './fake-session.js';

/** What the switch needs of its server. */
export interface FakeSwitchPorts {
  readonly clock: Clock;
  readonly media: FakeSwitchMedia;
  readonly people: readonly FakeAccount[];
  /** The user's sessions; with `reachable` only those with a connection. */
  readonly sessionsOf: (userId: string, reachable?: boolean) => readonly FakeSession[];
  readonly tell: (session: FakeSession, push: Push) => void;
  readonly tellAll: (push: Push) => void;
  /** Somebody's telephone rings. */
  readonly onTelephone: (leg: FakeLeg) => void;
  /** A leg began, changed or ended. */
  readonly onLeg: (leg: FakeLeg, end: { reason: EndReason; by: EndedBy } | null) => void;
}

/** The fake switch. */
export class FakeSwitch {
  readonly rooms: FakeRooms;
  readonly #ports: FakeSwitchPorts;
  readonly #legs = new Map<string, FakeLeg>();
  readonly #parked = new Map<number, { leg: FakeLeg; by: PeerInfo; until: number }>();
  #next = 1;

  /** @internal Switches are made by the server. */
  constructor(ports: FakeSwitchPorts) {
    this.#ports = ports;
    this.rooms = new FakeRooms((leg) => this.changed(leg), (user, push) => this.#tellUser(user, push));
  }

  /** The legs that live, oldest first. */
  get legs(): readonly FakeLeg[] { return [...this.#legs.values()]; }
  /** Who waits on parking slots. */
  get parked(): readonly ParkedCall[] {
    return [...this.#parked].map(([slot, { leg, by, until }]) => ({ slot, party: leg.self, by, until }));
  }

  /** A leg that a page holds and may control. */
  leg(id: string, session: FakeSession): FakeLeg {
    const leg = this.#legs.get(id);
    if (leg?.account?.userId !== session.account.userId || !isShown(leg, session)) throw new FakeFault('no-such-call', 'no such call');
    if (leg.session !== session) throw new FakeFault('forbidden', 'the call is on another device');
    return leg;
  }

  /** The same, talking. */
  talking(id: string, session: FakeSession): FakeLeg {
    const leg = this.leg(id, session);
    if (leg.state !== 'active') throw new FakeFault('wrong-state', 'the call is not answered');
    return leg;
  }

  /** A page's, or with null a telephone's, call. `place` rings whom it is for. */
  start(account: FakeAccount, session: FakeSession | null, to: string, variables: Record<string, string>): { leg: FakeLeg; place: () => void } {
    const leg = this.#newLeg(account, session, 'outbound', this.#partyOf(to), variables);
    return { leg, place: () => { if (this.#legs.has(leg.id)) this.#route(leg, to); } };
  }

  /** Rings the user's own devices, then calls. */
  originate(session: FakeSession, to: string, autoAnswer: boolean, variables: Record<string, string>): string {
    const callId = `call-${this.#next}`;
    for (const own of this.#ports.sessionsOf(session.account.userId, true)) {
      const leg = this.#newLeg(session.account, own, 'inbound', this.#partyOf(to), variables, callId);
      leg.state = 'ringing';
      leg.autoAnswer = autoAnswer;
      leg.onAnswered = () => this.#route(leg, to);
      this.#offer(leg);
    }
    return callId;
  }

  /** A leg that rings is answered: the others stop. */
  answer(leg: FakeLeg): void {
    if (leg.state !== 'ringing' || leg.direction !== 'inbound') throw new FakeFault('wrong-state', 'the call does not ring');
    const now = this.#ports.clock.now();
    const [caller] = leg.others;
    for (const other of this.legs) {
      if (other !== leg && other.callId === leg.callId && other.state === 'ringing' && other.direction === 'inbound') this.end(other, 'answered-elsewhere', 'server');
    }
    leg.state = 'active';
    leg.answeredAt = now;
    if (caller) this.#connect(caller, leg);
    this.changed(leg);
    leg.onAnswered?.();
    leg.onAnswered = null;
  }

  /** A leg that rings is declined, on all of the user's devices. */
  decline(leg: FakeLeg, reason: 'declined' | 'busy'): void {
    if (leg.state !== 'ringing' || leg.direction !== 'inbound') throw new FakeFault('wrong-state', 'the call does not ring');
    const [caller] = leg.others;
    for (const other of this.legs) {
      if (other !== leg && other.callId === leg.callId && other.account === leg.account) this.end(other, 'declined-elsewhere', 'server');
    }
    this.end(leg, 'declined', 'local');
    if (caller) this.end(caller, reason, 'remote');
  }

  /** Ends a leg, and whoever talked or rang only because of it. */
  hangup(leg: FakeLeg, reason: EndReason = leg.answeredAt === null ? 'cancelled' : 'hangup', by: EndedBy = 'local'): void {
    const others = leg.others.slice();
    this.end(leg, reason, by);
    for (const other of others) {
      if (other.room === null || other.others.length === 0) this.end(other, other.answeredAt === null ? 'cancelled' : reason, by === 'server' ? by : 'remote');
    }
  }

  /** Puts the other side on hold, or takes it back. */
  hold(leg: FakeLeg, held: boolean): void {
    leg.held = held;
    this.changed(leg);
    for (const other of leg.room === null ? leg.others : []) {
      other.heldByPeer = held;
      this.changed(other);
    }
  }

  /** Mutes at the switch. */
  mute(leg: FakeLeg, muted: boolean): void {
    leg.muted = muted;
    for (const one of [leg, ...leg.others]) this.changed(one);
  }

  /** Begins to record a leg, or ends that; who is recorded is told. */
  record(leg: FakeLeg, on: boolean): string {
    if (on && leg.account?.mayRecord === false) throw new FakeFault('forbidden', 'recording is not allowed here');
    if (on === (leg.recording !== null)) throw new FakeFault('wrong-state', on ? 'it is being recorded already' : 'it is over already');
    leg.recording = on ? `recording-${this.#next++}` : null;
    for (const one of [leg, ...leg.others]) this.changed(one);
    return leg.recording ?? '';
  }

  /** Key presses reach the other side one by one. */
  dtmf(leg: FakeLeg, digits: string): void {
    for (const { session, id } of leg.others) {
      for (const digit of digits) if (session) this.#ports.tell(session, { event: 'call.dtmf', data: { call: id, digit } });
    }
  }

  /** Hands the other side on to a number. */
  transfer(leg: FakeLeg, to: string): void {
    const other = this.#other(leg);
    other.others = [];
    this.end(leg, 'transferred', 'local');
    this.#route(other, to);
  }

  /** Joins the other sides of two legs. */
  complete(leg: FakeLeg, asked: FakeLeg): void {
    const other = this.#other(leg);
    const reached = asked.others.slice();
    for (const one of [leg, asked]) this.end(one, 'transferred', 'local');
    other.others = reached;
    for (const one of reached) {
      one.others = [other];
      one.peer = other.self;
      this.changed(one);
      if (one.state === 'active') this.#connect(other, one);
    }
  }

  /** Makes a conference of two legs, or brings another into the one there is. */
  merge(leg: FakeLeg, other: FakeLeg): void {
    const joining = this.#other(other);
    const members = leg.room === null ? [leg, this.#other(leg), joining] : [leg, ...leg.others, joining];
    this.end(other, 'transferred', 'local');
    this.rooms.open(members, leg, this.#ports.clock.now());
  }

  /** A room calls somebody: the one the leg is in, or one that is made of it and its other side. */
  invite(leg: FakeLeg, to: string): Invited {
    const { clock } = this.#ports;
    if (leg.room === null) this.rooms.open([leg, this.#other(leg)], leg, clock.now());
    const room = leg.room ?? '';
    const party = this.#partyOf(to);
    const invitation = this.rooms.invite(room, leg, party, clock.now());
    const account = this.#accountOf(to);
    const devices = account ? this.#ports.sessionsOf(account.userId, true) : [];
    if (!account || (devices.length === 0 && account.presence === 'offline')) {
      this.rooms.uninvite(room, invitation, account ? 'offline' : 'not-found');
      return { room, invitation };
    }
    const rung = (devices.length > 0 ? devices : [null]).map((session) => this.#newLeg(account, session, 'inbound', leg.self, {}, invitation));
    let left = rung.length;
    for (const one of rung) {
      one.state = 'ringing';
      one.onAnswered = () => this.rooms.join(room, invitation, one, clock.now());
      one.onEnded = (reason) => {
        left -= 1;
        if (!reason.endsWith('elsewhere') || left === 0) this.rooms.uninvite(room, invitation, reason);
      };
      if (one.session) this.#offer(one);
      else this.#ports.onTelephone(one);
    }
    return { room, invitation };
  }

  /** Takes an invitation back. */
  uninvite(userId: string, room: string, invitation: string): void {
    this.rooms.mayUninvite(userId, room, invitation);
    for (const leg of this.legs) if (leg.callId === invitation && leg.room === null) this.end(leg, 'cancelled', 'remote');
  }

  /** Parks the other side; the slot takes it back. */
  park(leg: FakeLeg, wanted?: number): number {
    const other = this.#other(leg);
    const slot = wanted ?? [701, 702, 703, 704, 705, 706, 707, 708, 709].find((free) => !this.#parked.has(free)) ?? 710;
    if (this.#parked.has(slot)) throw new FakeFault('wrong-state', 'somebody waits there already');
    this.#parked.set(slot, { leg: other, by: leg.self, until: this.#ports.clock.now() + PARKED_MS });
    other.others = [];
    this.end(leg, 'parked', 'local');
    other.heldByPeer = true;
    this.changed(other);
    this.#ports.tellAll({ event: 'parked', data: { calls: [...this.parked] } });
    return slot;
  }

  /** Tells the leg's pages how it is. */
  changed(leg: FakeLeg): void {
    if (!this.#legs.has(leg.id) || (leg.state === 'ringing' && leg.direction === 'inbound')) return;
    for (const session of this.#shownTo(leg)) this.#ports.tell(session, { event: 'call.state', data: { call: infoOf(leg, session) } });
    this.#ports.onLeg(leg, null);
  }

  /** Ends one leg. */
  end(leg: FakeLeg, reason: EndReason, by: EndedBy): void {
    if (!this.#legs.delete(leg.id)) return;
    this.#ports.media.close(leg.id);
    for (const [slot, parked] of this.#parked) if (parked.leg === leg) this.#free(slot);
    for (const other of leg.others) other.others = other.others.filter((one) => one !== leg);
    leg.state = 'ended';
    if (leg.room !== null) this.rooms.leave(leg);
    const durationMs = leg.answeredAt === null ? 0 : this.#ports.clock.now() - leg.answeredAt;
    for (const session of this.#shownTo(leg)) {
      this.#ports.tell(session, { event: 'call.ended', data: { call: infoOf(leg, session), reason, by, code: CAUSES[reason] ?? 16, durationMs } });
    }
    this.#ports.onLeg(leg, { reason, by });
    leg.onEnded?.(reason);
  }

  /** The live calls as a session sees them. */
  callsFor(session: FakeSession): CallInfo[] {
    return this.legs.filter((leg) => isShown(leg, session)).map((leg) => infoOf(leg, session));
  }

  /** Offers again what rings at a session: its state has no offers. */
  offerAgain(session: FakeSession): void {
    for (const leg of this.legs) if (leg.session === session && leg.state === 'ringing' && leg.offer) this.#announce(leg, leg.offer);
  }

  #newLeg(account: FakeAccount | null, session: FakeSession | null, direction: 'inbound' | 'outbound', peer: PeerInfo,
    variables: Record<string, string>, callId?: string): FakeLeg {
    const id = `leg-${this.#next++}`;
    const leg: FakeLeg = {
      id, callId: callId ?? `call-${id}`, account, self: this.#partyOf(account?.extension ?? peer.number), session, direction,
      state: direction === 'outbound' ? 'dialing' : 'ringing', others: [], peer, held: false, heldByPeer: false, muted: false, pinAsked: null, recording: null,
      createdAt: this.#ports.clock.now(), answeredAt: null, variables, offer: null, autoAnswer: false, room: null, onAnswered: null, onEnded: null,
    };
    this.#legs.set(id, leg);
    this.#ports.onLeg(leg, null);
    return leg;
  }

  /** Rings whom a number reaches. */
  #route(leg: FakeLeg, to: string): void {
    const parked = this.#parked.get(Number(to));
    if (parked) {
      this.#free(Number(to));
      parked.leg.heldByPeer = false;
      this.#connect(leg, parked.leg);
      this.#connect(parked.leg, leg);
      return;
    }
    const account = this.#accountOf(to);
    const devices = account ? this.#ports.sessionsOf(account.userId, true).filter((session) => session !== leg.session) : [];
    if (!account || (devices.length === 0 && account.presence === 'offline')) {
      this.end(leg, account ? 'offline' : 'not-found', 'server');
      return;
    }
    const rung = (devices.length > 0 ? devices : [null]).map((session) => this.#newLeg(account, session, 'inbound', leg.self, leg.variables, leg.callId));
    leg.others = rung;
    if (leg.state !== 'active') leg.state = 'ringing';
    this.changed(leg);
    for (const one of rung) {
      one.others = [leg];
      if (one.session) this.#offer(one);
      else this.#ports.onTelephone(one);
    }
  }

  #offer(leg: FakeLeg): void {
    void this.#ports.media.offer(leg.id).then((offer) => {
      leg.offer = offer;
      if (leg.state === 'ringing') this.#announce(leg, offer);
    });
  }

  #announce(leg: FakeLeg, description: Description): void {
    const { session, autoAnswer } = leg;
    if (session) this.#ports.tell(session, { event: 'call.incoming', data: { call: infoOf(leg, session), description, autoAnswer } });
  }

  /** `leg` talks to `other` from now on. */
  #connect(leg: FakeLeg, other: FakeLeg): void {
    leg.state = 'active';
    leg.answeredAt ??= this.#ports.clock.now();
    leg.others = [other];
    leg.peer = other.self;
    this.changed(leg);
  }

  #other(leg: FakeLeg): FakeLeg {
    const [other] = leg.others;
    if (!other || leg.room !== null) throw new FakeFault('wrong-state', 'there is nobody at the other end');
    return other;
  }

  #free(slot: number): void {
    this.#parked.delete(slot);
    this.#ports.tellAll({ event: 'parked', data: { calls: [...this.parked] } });
  }

  #shownTo(leg: FakeLeg): readonly FakeSession[] {
    return leg.account ? this.#ports.sessionsOf(leg.account.userId).filter((session) => isShown(leg, session)) : [];
  }

  #tellUser(userId: string, push: Push): void {
    for (const session of this.#ports.sessionsOf(userId)) this.#ports.tell(session, push);
  }

  #accountOf(to: string): FakeAccount | undefined {
    return this.#ports.people.find(({ extension, username }) => extension === to || username === to);
  }

  #partyOf(to: string): PeerInfo {
    const account = this.#accountOf(to);
    return { userId: account?.userId ?? null, number: account?.extension ?? to, name: account?.name ?? '' };
  }
}

/** Q.850 causes of ends; 16 for the rest. */
const CAUSES: Readonly<Partial<Record<EndReason, number>>> = {
  busy: 17, 'no-answer': 19, offline: 20, declined: 21, 'declined-elsewhere': 21, 'not-found': 1, 'answered-elsewhere': 26,
};

/** How long somebody waits on a slot. */
const PARKED_MS = 180_000;
