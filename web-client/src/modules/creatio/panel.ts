// What the provider needs of Creatio's page: words, events, and the table [Calls].
import type { CallFeatures } from './bits.js';
import type { PanelCall, PanelState } from './panel-call.js';

/** The page the provider is part of. `defineCtiProvider` makes one of `Terrasoft`; tests and other panels give their own. */
export interface Panel {
  /** The bits of what a call can do. */
  readonly features: CallFeatures;
  /** The panel's values for states, by their names. */
  readonly states: Readonly<Record<PanelState, unknown>>;
  /** The panel's values for a call that comes in and one that goes out. */
  readonly directions: Readonly<Record<'IN' | 'OUT', unknown>>;
  /** Fires an event of `Terrasoft.BaseCtiProvider`. */
  readonly fire: (event: PanelEvent, ...details: readonly unknown[]) => void;
  /** Writes the call to the table [Calls]; `callSaved` follows once it is there. */
  readonly save: (call: PanelCall) => void;
}

/** Events of `Terrasoft.BaseCtiProvider`. */
export type PanelEvent =
  | 'initialized' | 'disconnected' | 'error' | 'rawMessage' | 'agentStateChanged' | 'callStarted' | 'commutationStarted'
  | 'callInfoChanged' | 'lineStateChanged' | 'currentCallChanged' | 'hold' | 'unhold' | 'callFinished' | 'callSaved' | 'dtmfEntered'
  | 'webRtcStarted' | 'webRtcVideoStarted' | 'webRtcDestroyed';
