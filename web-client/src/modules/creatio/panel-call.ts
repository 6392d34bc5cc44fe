// A call as Creatio's CTI panel holds it.
import type { Call, CallGuards } from '../../index.js';
import type { CallFeatures } from './bits.js';

/** Words of the panel for the state of a call, as `Terrasoft.GeneralizedCallState` has them. */
export type PanelState = 'NONE' | 'ALERTING' | 'CONNECTED' | 'HOLDED';

/** What the panel knows of a call. It keeps the object: its fields change. */
export interface PanelCall {
  /** The same on both sides and in history: the `IntegrationId` of the record. */
  id: string;
  direction: unknown;
  deviceId: string;
  callerId: string;
  calledId: string;
  state: unknown;
  oldState: unknown;
  callFeaturesSet: number;
  timeStamp: Date;
  ctiProvider: unknown;
  /** The record's id, once the panel's server has written it. */
  databaseUId?: string;
  redirectingId?: string;
  redirectionId?: string;
  /** What was sent along with the call. */
  variables: Readonly<Record<string, string>>;
}

/** What can be done with a call, in the panel's bits. */
export const featuresOf = (bits: CallFeatures, can: CallGuards, consulting: boolean, asked: boolean): number => {
  // While somebody is asked about it, the first call can be handed on to them.
  if (consulting) return bits.CAN_COMPLETE_TRANSFER | (can.hangup ? bits.CAN_DROP : 0);
  const set = (able: boolean, bit: number): number => (able ? bit : 0);
  const moves = asked ? 0 : set(can.transfer, bits.CAN_BLIND_TRANSFER | bits.CAN_MAKE_CONSULT_CALL);
  return set(can.answer, bits.CAN_ANSWER) | set(can.hangup || can.decline, bits.CAN_DROP) | set(can.hold, bits.CAN_HOLD)
    | set(can.unhold, bits.CAN_UNHOLD) | set(can.dtmf, bits.CAN_DTMF) | set(can.video, bits.CAN_VIDEO) | moves;
};

/** The panel's word for where a call is. */
export const stateOf = (call: Call): PanelState => {
  if (call.end) return 'NONE';
  if (call.held) return 'HOLDED';
  return call.answeredAt === null ? 'ALERTING' : 'CONNECTED';
};
