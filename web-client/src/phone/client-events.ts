// What a client tells its listeners.
import type { CallEnd } from '../call/call-end.js';
import type { RingdownError } from '../errors.js';
import type { CompletionState, DirectoryEntry, ParkedCall, PeerInfo, PresenceEntry, QualityWarning, RoomState, Settings } from '../protocol/generated.js';
import type { AudioWarning } from '../media/port.js';
import type { Push } from '../protocol/messages.js';
import type { Call } from './call.js';

/** Where the client is. `offline` waits for `connect()`; `closed` is what `destroy()` leaves. */
export type ClientState = 'offline' | 'connecting' | 'ready' | 'reconnecting' | 'closed';

/** A client's events with their listeners' arguments. */
export interface ClientEvents {
  /** Every change of `state`. */
  state: [state: ClientState];
  /** Connected, the first time or again. */
  ready: [];
  /** The connection was lost and is being made again; audio goes on. */
  reconnecting: [];
  /** Given up, or disconnected; `error` says why where it was not asked for. */
  offline: [error: RingdownError | null];
  /** Somebody calls: `call.answer()` or `call.decline()`. */
  incoming: [call: Call];
  /** A call began, in either direction, on any of the user's devices. */
  call: [call: Call];
  /** A call ended. */
  callEnded: [call: Call, end: CallEnd];
  /** Somebody called, and nobody answered or declined, on any of the user's devices. Follows `callEnded`. */
  missedCall: [call: Call];
  /** Something is wrong with the devices (`call` is null) or with a call's sound. Every warning that is raised is cleared. */
  warning: [warning: Readonly<AudioWarning | QualityWarning>, call: Call | null];
  /** It is over. */
  warningCleared: [warning: Readonly<AudioWarning | QualityWarning>, call: Call | null];
  /** Presence changed. */
  presence: [entries: readonly PresenceEntry[]];
  /** The user's settings changed: here, in another tab, at a telephone or by an admin. */
  settings: [settings: Settings];
  /** People were added, changed or removed. */
  directory: [entries: readonly DirectoryEntry[]];
  /** A conference room the user is in, or was, changed; one without members is over. */
  room: [room: RoomState];
  /** A member of a room the user is in begins or ceases to talk. */
  roomTalking: [room: string, member: string, isTalking: boolean];
  /** Who waits on parking slots changed. */
  parked: [calls: readonly ParkedCall[]];
  /** Something became of the wish to be rung once `peer` is free. */
  completion: [peer: Readonly<PeerInfo>, state: CompletionState];
  /** Calls can be placed, or cannot: the server got or lost its softswitch. */
  switch: [up: boolean];
  /** The access token ends soon; `token` is asked for a new one at the next connect. */
  tokenExpiring: [seconds: number];
  /** Every push of the server, after the client has taken it: for modules that know pushes the client does not. */
  push: [push: Push];
  /** Something failed. */
  error: [error: RingdownError];
}
