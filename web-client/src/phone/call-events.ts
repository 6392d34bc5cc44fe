// What a call tells its listeners.
import type { CallEnd } from '../call/call-end.js';
import type { CallPhase } from '../call/call-machine.js';
import type { RingdownError } from '../errors.js';
import type { CallVideo, Levels } from '../media/port.js';
import type { CallQuality, PeerInfo } from '../protocol/generated.js';
import type { WarningChanges } from './call-quality.js';

/** A call's events with their listeners' arguments. */
export interface CallEvents {
  /** Every change of state. */
  state: [state: CallPhase, before: CallPhase];
  /** It rings: at the other side, or here. */
  ringing: [];
  /** The user lets it ring in vain: ring no more. */
  ignored: [];
  /** Somebody else is at the other end: it was transferred, picked up or taken from a parking slot, or has got a name. */
  peer: [peer: Readonly<PeerInfo>];
  /** Answered, and the audio is there. Once a call. */
  answered: [];
  /** The user put the other side on hold, or took it back. */
  held: [held: boolean];
  /** The other side put the user on hold, or took them back. */
  remoteHold: [held: boolean];
  /** The other side's connection is lost, or is back; it comes back within two minutes or the call ends. */
  peerLost: [lost: boolean];
  /** The other side muted its microphone, or unmuted it. */
  remoteMute: [muted: boolean];
  /** The user's microphone was muted or unmuted. */
  mute: [muted: boolean];
  /** The other side pressed a key. */
  dtmf: [digit: string];
  /** How loud both sides are, some seven times a second while somebody listens. */
  level: [levels: Levels];
  /** Something is shown, or no more, on either side. */
  video: [video: CallVideo];
  /** How good the audio is: about every ten seconds, and at once when a warning is raised or cleared. Every warning that is raised is cleared, at the call's end at the latest. */
  quality: [quality: Readonly<CallQuality>, changes: WarningChanges];
  /** The audio is interrupted; it is being mended. */
  reconnecting: [];
  /** The audio is back. */
  reconnected: [];
  /** Something failed that does not end the call. */
  error: [error: RingdownError];
  /** Over. Once a call, and the last event. */
  ended: [end: CallEnd];
}
