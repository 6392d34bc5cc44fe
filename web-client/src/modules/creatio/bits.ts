// What a call and an agent can do, as bits of Creatio's CTI panel. Where the page has `Terrasoft.CallFeaturesSet`, its
// values hold.

/** Names of what a call can do. */
export type CallFeature =
  | 'CAN_NOTHING' | 'CAN_RECALL' | 'CAN_DIAL' | 'CAN_DROP' | 'CAN_ANSWER' | 'CAN_HOLD' | 'CAN_UNHOLD' | 'CAN_COMPLETE_TRANSFER'
  | 'CAN_BLIND_TRANSFER' | 'CAN_MAKE_CONSULT_CALL' | 'CAN_DTMF' | 'CAN_VIDEO';

/** The panel's own bits. */
export type CallFeatures = Readonly<Record<CallFeature, number>>;

/** Bits for a page without a panel of Creatio's, such as the demonstration. */
export const OWN_FEATURES: CallFeatures = {
  CAN_NOTHING: 0, CAN_RECALL: 0x1, CAN_DIAL: 0x2, CAN_DROP: 0x4, CAN_ANSWER: 0x8, CAN_HOLD: 0x10, CAN_UNHOLD: 0x20,
  CAN_COMPLETE_TRANSFER: 0x40, CAN_BLIND_TRANSFER: 0x80, CAN_MAKE_CONSULT_CALL: 0x100, CAN_DTMF: 0x200, CAN_VIDEO: 0x400,
};
