// A call as Webitel's library tells it.
import type { Call, CallEnd, Me } from '../../index.js';
import { WebitelCallDirectionTypes, WebitelCallStates } from './constants.js';

/** A call in the words of Webitel's library. */
export interface WebitelCallInfo {
  readonly uuid: string;
  readonly dbUuid: string | undefined;
  readonly state: number;
  readonly calleeNumber: string;
  readonly calleeName: string;
  readonly callerNumber: string;
  readonly callerName: string;
  readonly displayNumber: string;
  readonly isOriginator: boolean;
  readonly direction: string;
  readonly data: string | undefined;
  readonly hangup_cause?: string;
  readonly transferResult?: string;
  readonly [more: string]: unknown;
}

/** What a page gets for a call's sound and picture; its `params.tag` names an element that shows the other side. */
export interface WebitelSession {
  readonly callID: string;
  readonly params: { tag?: string };
  readonly getDirection: () => 'incoming' | 'outgoing';
  readonly answer: (useVideo?: boolean) => void;
}

/** A call and what this library remembers of it. */
export class TrackedCall {
  readonly call: Call;
  readonly uuid: string;
  readonly session: WebitelSession;
  /** The call it asks somebody about. */
  readonly consults: TrackedCall | undefined;
  state: number = WebitelCallStates.Rinding;
  transferResult: string | undefined;

  constructor(call: Call, consults: TrackedCall | undefined) {
    this.call = call;
    this.uuid = dashed(call.callId);
    this.consults = consults;
    this.session = {
      callID: this.uuid,
      params: {},
      getDirection: () => (call.direction === 'inbound' ? 'incoming' : 'outgoing'),
      answer: (useVideo = false) => void call.answer({ video: useVideo }).catch(() => undefined),
    };
  }

  /** The call for the page. */
  info(me: Readonly<Me> | null, end?: CallEnd): WebitelCallInfo {
    const { call } = this;
    const own = { number: me?.extension ?? '', name: me?.name ?? '' };
    const outbound = call.direction === 'outbound';
    const [caller, callee] = outbound ? [own, call.peer] : [call.peer, own];
    return {
      uuid: this.uuid,
      dbUuid: dashed(call.callId),
      state: this.state,
      calleeNumber: callee.number,
      calleeName: callee.name || callee.number,
      callerNumber: caller.number,
      callerName: caller.name || caller.number,
      displayNumber: call.peer.number,
      isOriginator: outbound,
      'attended-transfer-call-uuid': this.consults?.uuid,
      direction: outbound ? WebitelCallDirectionTypes.Outbound : WebitelCallDirectionTypes.Inbound,
      'call-channel-uuid': dashed(call.id),
      'my-uuid': dashed(call.id),
      'other-leg-unique-id': dashed(call.callId),
      'call-created-time': micros(call.createdAt),
      'call-answered-time': micros(call.answeredAt ?? 0),
      data: call.variables.webitel_data,
      ...(this.transferResult !== undefined && { transferResult: this.transferResult }),
      ...(end && { hangup_cause: causeOf(end) }),
    };
  }
}

/** An id of 32 hexadecimal digits as `8-4-4-4-12`. */
export const dashed = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const micros = (milliseconds: number): string => String(milliseconds * 1000);

const CAUSES: Readonly<Partial<Record<CallEnd['reason'], string>>> = {
  hangup: 'NORMAL_CLEARING', busy: 'USER_BUSY', declined: 'CALL_REJECTED', 'no-answer': 'NO_ANSWER',
  'answered-elsewhere': 'LOSE_RACE', 'declined-elsewhere': 'LOSE_RACE', cancelled: 'ORIGINATOR_CANCEL',
  'not-found': 'UNALLOCATED_NUMBER', offline: 'USER_NOT_REGISTERED', transferred: 'ATTENDED_TRANSFER',
  'media-failed': 'MEDIA_TIMEOUT', congestion: 'NORMAL_CIRCUIT_CONGESTION', removed: 'MANAGER_REQUEST',
};

const causeOf = ({ reason }: CallEnd): string => CAUSES[reason] ?? 'NORMAL_UNSPECIFIED';
