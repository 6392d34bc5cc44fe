// What the server says beside calls: people, messages, rooms, parked calls, settings, tones, the softswitch.
import type { Emitter } from '../emitter.js';
import type { MediaEngine } from '../media/port.js';
import type { ParkedCall, State } from '../protocol/generated.js';
import type { Push } from '../protocol/messages.js';
import type { CallContext } from './call-context.js';
import type { CallPush } from './calls.js';
import type { ClientEvents } from './client-events.js';
import { Directory } from './directory.js';
import { Rooms } from './rooms.js';

/** Keeps what the server says beside calls, and tells it. */
export class ServerView {
  readonly directory: Directory;
  readonly rooms: Rooms;
  readonly #media: MediaEngine;
  readonly #events: Emitter<ClientEvents>;
  #switchUp = false;
  #parked: readonly ParkedCall[] = [];

  constructor(request: CallContext['request'], media: MediaEngine, events: Emitter<ClientEvents>) {
    this.#media = media;
    this.#events = events;
    this.directory = new Directory((query) => request('directory.search', { query }));
    this.rooms = new Rooms(request, (room) => events.emit('room', room));
  }

  /** Whether calls can be placed. */
  get switchUp(): boolean { return this.#switchUp; }
  /** Who waits on which parking slot. */
  get parked(): readonly ParkedCall[] { return this.#parked; }

  /** Takes the server's whole state. */
  replace(state: State): void {
    this.directory.replace(state);
    this.#events.emit('directory', this.directory.entries);
    this.#setSwitch(state.switchUp);
    this.#media.setTones(state.tones);
    this.rooms.replace(state.rooms);
    this.#setParked(state.parked);
  }

  /** Takes a push; `me` is the user. */
  handlePush(push: Exclude<Push, CallPush>, me: string | undefined): void {
    switch (push.event) {
      case 'presence':
        this.directory.handlePresence(push.data.entries);
        this.#events.emit('presence', push.data.entries);
        return;
      case 'directory.changed':
        this.directory.handleChange(push.data.entries, push.data.removed);
        this.#events.emit('directory', this.directory.entries);
        return;
      case 'room':
        this.rooms.handle(push.data.room, push.data.room.members.some(({ party }) => party.userId === me));
        return;
      case 'room.talking':
        this.#events.emit('roomTalking', push.data.room, push.data.member, push.data.isTalking);
        return;
      case 'parked':
        this.#setParked(push.data.calls);
        return;
      case 'completion':
        this.#events.emit('completion', push.data.peer, push.data.state);
        return;
      case 'settings':
        this.#events.emit('settings', push.data.settings);
        return;
      case 'switch':
        this.#setSwitch(push.data.up);
        return;
      case 'tones':
        this.#media.setTones(push.data.tones);
        return;
      case 'token.expiring':
        this.#events.emit('tokenExpiring', push.data.seconds);
        return;
      default: // What only some applications know is for modules: the event `push`.
    }
  }

  #setSwitch(up: boolean): void {
    if (this.#switchUp === up) return;
    this.#switchUp = up;
    this.#events.emit('switch', up);
  }

  #setParked(parked: readonly ParkedCall[]): void {
    const changed = parked.length > 0 || this.#parked.length > 0;
    this.#parked = parked;
    if (changed) this.#events.emit('parked', parked);
  }
}
