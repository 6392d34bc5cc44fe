// The fake switch's conference rooms.
import type { EndReason, PeerInfo, RoomInvitation, RoomState } from '../protocol/generated.js';
import type { Push } from '../protocol/messages.js';
import type { FakeLeg } from './fake-leg.js';
import { FakeFault } from './fake-people.js';

interface Member {
  readonly leg: FakeLeg;
  readonly isModerator: boolean;
  readonly since: number;
  isMuted: boolean;
  isSilenced: boolean;
  gain: number;
}

interface Room {
  readonly id: string;
  isLocked: boolean;
  members: Member[];
  invited: RoomInvitation[];
}

/** The fake switch's conference rooms. */
export class FakeRooms {
  readonly #rooms = new Map<string, Room>();
  #next = 1;
  readonly #changed: (leg: FakeLeg) => void;
  readonly #tell: (user: string, push: Push) => void;

  constructor(changed: (leg: FakeLeg) => void, tell: (user: string, push: Push) => void) {
    this.#changed = changed;
    this.#tell = tell;
  }

  /** The rooms a user is in. */
  of(userId: string): RoomState[] {
    return [...this.#rooms.values()].filter(({ members }) => members.some(({ leg }) => leg.account?.userId === userId)).map(stateOf);
  }

  /** Puts legs in a room, in that of `moderator` where there is one; who made it moderates. */
  open(legs: readonly FakeLeg[], moderator: FakeLeg, now: number): void {
    const room = this.#rooms.get(moderator.room ?? '') ?? { id: `room-${moderator.id}`, isLocked: false, members: [], invited: [] };
    for (const leg of legs) {
      if (room.members.some((member) => member.leg === leg)) continue;
      room.members.push({ leg, isModerator: leg === moderator, since: now, isMuted: false, isSilenced: false, gain: 0 });
    }
    this.#rooms.set(room.id, room);
    for (const leg of legs) {
      leg.room = room.id;
      leg.others = legs.filter((other) => other !== leg);
      leg.held = leg.heldByPeer = false;
      leg.peer = { userId: null, number: '', name: 'Conference' };
      this.#changed(leg);
    }
    this.#tellAll(room);
  }

  /** Somebody is called; the invitation's id. */
  invite(id: string, by: FakeLeg, party: PeerInfo, now: number): string {
    const room = this.#rooms.get(id);
    if (!room) throw new FakeFault('no-such-call', 'no such room');
    if (room.isLocked && !room.members.some(({ leg, isModerator }) => leg === by && isModerator)) throw new FakeFault('forbidden', 'only a moderator may');
    const invitation = `invitation-${String(this.#next++)}`;
    room.invited.push({ id: invitation, party, by: by.account?.userId ?? '', isRinging: true, since: now });
    this.#tellAll(room);
    return invitation;
  }

  /** Whoever was invited answered. */
  join(id: string, invitation: string, leg: FakeLeg, now: number): void {
    const room = this.#rooms.get(id);
    if (!room) return;
    room.invited = room.invited.filter((one) => one.id !== invitation);
    const members = room.members.map((member) => member.leg);
    const [first] = members;
    if (first) this.open([...members, leg], first, now);
  }

  /** Whoever was invited does not come. */
  uninvite(id: string, invitation: string, reason: EndReason): void {
    const room = this.#rooms.get(id);
    const found = room?.invited.find((one) => one.id === invitation);
    if (!room || !found) return;
    room.invited = room.invited.filter((one) => one !== found);
    this.#tellAll(room);
    for (const user of usersOf(room)) this.#tell(user, { event: 'room.invitation', data: { room: id, invitation: found, reason } });
  }

  /** Refuses whoever did not invite and does not moderate. */
  mayUninvite(userId: string, id: string, invitation: string): void {
    const { room, isModerator } = this.#may(userId, id);
    const found = room.invited.find((one) => one.id === invitation);
    if (!found) throw new FakeFault('no-such-call', 'no such invitation');
    if (found.by !== userId && !isModerator) throw new FakeFault('forbidden', 'only a moderator may');
  }

  /** The people in a room, as far as they have an account. */
  users(id: string): string[] {
    const room = this.#rooms.get(id);
    return room ? usersOf(room) : [];
  }

  /** A leg ended. */
  leave(leg: FakeLeg): void {
    const room = leg.room === null ? undefined : this.#rooms.get(leg.room);
    if (!room) return;
    const users = usersOf(room);
    room.members = room.members.filter((member) => member.leg !== leg);
    if (room.members.length < 2) this.#rooms.delete(room.id);
    this.#tellAll(room.members.length < 2 ? { ...room, members: [], invited: [] } : room, users);
  }

  /** Mutes a member: themselves, or for a moderator anybody. */
  mute(userId: string, id: string, member: string, muted: boolean): void {
    const { room, target, isModerator, isOwn } = this.#may(userId, id, member);
    if (!isOwn && !isModerator) throw new FakeFault('forbidden', 'only a moderator may');
    if (isOwn && !isModerator && target.isSilenced && !muted) throw new FakeFault('forbidden', 'a moderator muted you');
    target.isMuted = muted;
    target.isSilenced = muted && !isOwn;
    this.#tellAll(room);
  }

  /** Makes a member louder or softer. */
  gain(userId: string, id: string, member: string, decibels: number): void {
    if (decibels < -60 || decibels > 20) throw new FakeFault('bad-request', 'decibels are -60 to 20');
    const { room, target } = this.#moderate(userId, id, member);
    target.gain = decibels;
    this.#tellAll(room);
  }

  /** The leg a moderator takes out. */
  remove(userId: string, id: string, member: string): FakeLeg {
    return this.#moderate(userId, id, member).target.leg;
  }

  /** Lets only moderators in. */
  lock(userId: string, id: string, locked: boolean): void {
    const { room, isModerator } = this.#may(userId, id);
    if (!isModerator) throw new FakeFault('forbidden', 'only a moderator may');
    room.isLocked = locked;
    this.#tellAll(room);
  }

  #moderate(userId: string, id: string, member: string): { room: Room; target: Member } {
    const found = this.#may(userId, id, member);
    if (!found.isModerator) throw new FakeFault('forbidden', 'only a moderator may');
    return found;
  }

  #may(userId: string, id: string, member?: string): { room: Room; target: Member; isModerator: boolean; isOwn: boolean } {
    const room = this.#rooms.get(id);
    const own = room?.members.find(({ leg }) => leg.account?.userId === userId);
    const target = member === undefined ? own : room?.members.find(({ leg }) => leg.id === member);
    if (!room || !own || !target) throw new FakeFault('no-such-call', 'no such room');
    return { room, target, isModerator: own.isModerator, isOwn: own === target };
  }

  #tellAll(room: Room, users = usersOf(room)): void {
    for (const user of users) this.#tell(user, { event: 'room', data: { room: stateOf(room) } });
  }
}

const usersOf = ({ members }: Room): string[] =>
  [...new Set(members.flatMap(({ leg }) => (leg.account ? [leg.account.userId] : [])))];

const stateOf = ({ id, isLocked, members, invited }: Room): RoomState => ({
  room: id, number: '', isLocked, invited,
  members: members.map(({ leg, isModerator, isMuted, isSilenced, gain, since }) =>
    ({ id: leg.id, party: leg.self, isModerator, isMuted, isSilenced, gain, since })),
});
