// What may be done with a call at the moment: for buttons that are shown, greyed or left out.
import type { CallInfo } from '../protocol/generated.js';
import type { CallMachine } from './call-machine.js';

/** What may be done with a call at the moment. Changes come with the call's events, `state` above all. */
export interface CallGuards {
  /** `answer()`: it rings here. */
  readonly answer: boolean;
  /** `ignore()`: it rings here, and is not ignored yet. */
  readonly ignore: boolean;
  /** `decline()`: it rings. */
  readonly decline: boolean;
  /** `hangup()`. */
  readonly hangup: boolean;
  /** `hold()`. */
  readonly hold: boolean;
  /** `unhold()`. */
  readonly unhold: boolean;
  /** `mute()`. */
  readonly mute: boolean;
  /** `sendDtmf()`, also before the answer of a call that was placed: announcements may ask for keys. */
  readonly dtmf: boolean;
  /** `transfer()`, `completeTransfer()` and `consult()`. */
  readonly transfer: boolean;
  /** `merge()`. */
  readonly merge: boolean;
  /** `park()`. */
  readonly park: boolean;
  /** `startVideo()` and `startScreenShare()`. */
  readonly video: boolean;
  /** `record()`: the user has the right to it. */
  readonly record: boolean;
}

/** The guards of a call, and what the server says of it: it has an id once it was placed. */
export const guardsOf = ({ phase, direction, mine, answeredAt, held }: CallMachine, { id, mayRecord }: CallInfo, ignored: boolean): CallGuards => {
  const waits = phase !== 'ended' && direction === 'inbound' && answeredAt === null;
  const live = phase !== 'ended' && mine;
  const placed = live && id !== '';
  const talks = placed && answeredAt !== null;
  return {
    answer: waits && live && phase === 'ringing',
    ignore: waits && live && phase === 'ringing' && !ignored,
    decline: waits,
    hangup: live || waits,
    hold: talks && !held,
    unhold: talks && held,
    mute: live,
    dtmf: talks || (placed && direction === 'outbound'),
    transfer: talks,
    merge: talks,
    park: talks,
    video: talks,
    record: talks && mayRecord === true,
  };
};
