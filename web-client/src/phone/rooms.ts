// The conference rooms the user is in.
import type { Invited, RoomState } from '../protocol/generated.js';
import type { CallContext } from './call-context.js';
import { dialled } from './dialled.js';

/** The conference rooms the user is in, and what may be done there. Rights are the server's to judge. */
export class Rooms {
  readonly #request: CallContext['request'];
  readonly #onRoom: (room: RoomState) => void;
  #rooms = new Map<string, RoomState>();

  /** @internal Rooms are made by the client. */
  constructor(request: CallContext['request'], onRoom: (room: RoomState) => void) {
    this.#request = request;
    this.#onRoom = onRoom;
  }

  /** The rooms the user is in. */
  get all(): readonly RoomState[] { return [...this.#rooms.values()]; }

  /** Mutes a member, or lets it be heard again: the user themselves, or anybody for a moderator. What a moderator did, the member cannot undo. */
  async mute(room: string, member: string, muted = true): Promise<void> {
    await this.#request('room.mute', { room, member, muted });
  }

  /** Makes a member louder or softer for the others, in decibels: −60 (silence) to 20; for moderators. */
  async gain(room: string, member: string, decibels: number): Promise<void> {
    await this.#request('room.gain', { room, member, decibels });
  }

  /** Takes a member out; for moderators. */
  async remove(room: string, member: string): Promise<void> {
    await this.#request('room.remove', { room, member });
  }

  /** Lets only moderators in, or everybody again; for moderators. */
  async lock(room: string, locked = true): Promise<void> {
    await this.#request('room.lock', { room, locked });
  }

  /**
   * Calls somebody, who is in the room as soon as they answer. `call` is the user's own: in a room, or with one other side,
   * of which a room is made. `RoomState.invited` tells how it goes, the push `room.invitation` that they do not come.
   */
  async invite(call: { readonly id: string }, to: string): Promise<Invited> {
    return this.#request('room.invite', { call: call.id, to: dialled(to) });
  }

  /** Takes an invitation back: the user's own, or anybody's for a moderator. */
  async uninvite(room: string, invitation: string): Promise<void> {
    await this.#request('room.uninvite', { room, invitation });
  }

  /** @internal */
  replace(rooms: readonly RoomState[]): void {
    const gone = this.all.filter(({ room }) => rooms.every((other) => other.room !== room));
    for (const room of gone) this.handle({ ...room, members: [] }, false);
    for (const room of rooms) this.handle(room, true);
  }

  /** @internal A room changed; `isMember` tells whether the user is in it. */
  handle(room: RoomState, isMember: boolean): void {
    if (isMember) this.#rooms.set(room.room, room);
    else this.#rooms.delete(room.room);
    this.#onRoom(room);
  }
}
