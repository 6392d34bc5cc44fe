// What a headset's buttons mean, and what its lamps show.
//
// The hook is a switch that both sides move: the headset's firmware follows the off-hook lamp we light and reports the hook
// back. Only a hook that differs from what we showed is the user's doing.
//
//   shown on-hook,  hook lifted ──▶ answer the call that rings, else take back the call on hold
//   shown off-hook, hook put on ──▶ end the call
import type { HeadsetButton, HeadsetLamp } from './hid-report.js';

/** What goes on, as far as a headset knows it. */
export interface HeadsetSituation {
  readonly ringing: boolean;
  /** A call is talking or being placed. */
  readonly talking: boolean;
  /** Calls are on hold, and none is talking. */
  readonly held: boolean;
  readonly muted: boolean;
}

/** What the user did. */
export type HeadsetCommand = 'answer' | 'end' | 'decline' | 'toggle-mute' | 'toggle-hold';

/** A headset. */
export interface HeadsetState {
  readonly situation: HeadsetSituation;
  /** The hook as the headset reported it last: true is lifted. */
  readonly hook: boolean;
  /** What was pressed last time; buttons act when they go down. */
  readonly pressed: readonly HeadsetButton[];
}

/** Nothing goes on. */
export const IDLE: HeadsetState = {
  situation: { ringing: false, talking: false, held: false, muted: false }, hook: false, pressed: [],
};

/** The calls changed: what the lamps show follows. */
export const handleSituation = (state: HeadsetState, situation: HeadsetSituation): HeadsetState => ({ ...state, situation });

/** The headset reported its buttons. */
export const handleButtons = (
  state: HeadsetState, reported: ReadonlyMap<HeadsetButton, boolean>,
): { readonly state: HeadsetState; readonly command: HeadsetCommand | null } => {
  const { situation, pressed } = state;
  const hook = reported.get('hook') ?? state.hook;
  const down = [...reported].filter(([name, isDown]) => isDown && name !== 'hook').map(([name]) => name);
  const next = { situation, hook, pressed: [...down, ...pressed.filter((name) => !reported.has(name))] };
  const went = (name: HeadsetButton): boolean => down.includes(name) && !pressed.includes(name);
  if (hook !== state.hook) {
    const command = hookCommand(situation, hook);
    if (command) return { state: next, command };
  }
  if (went('drop')) return { state: next, command: situation.ringing && !situation.talking ? 'decline' : situation.talking ? 'end' : null };
  if (went('mute')) return { state: next, command: situation.talking ? 'toggle-mute' : null };
  // Flash answers a waiting call and puts the other on hold, else holds and takes back.
  if (went('flash')) return { state: next, command: situation.ringing ? 'answer' : situation.talking || situation.held ? 'toggle-hold' : null };
  return { state: next, command: null };
};

const hookCommand = ({ ringing, talking, held }: HeadsetSituation, hook: boolean): HeadsetCommand | null => {
  // The firmware follows the lamp: a lifted hook during a call, or a hook put on without one, is its echo.
  if (hook) return talking ? null : ringing ? 'answer' : held ? 'toggle-hold' : null;
  return talking ? 'end' : null;
};

/** The lamps that are lit. */
export const lampsOf = ({ ringing, talking, held, muted }: HeadsetSituation): ReadonlySet<HeadsetLamp> => {
  const lit = new Set<HeadsetLamp>();
  if (talking) lit.add('off-hook');
  if (talking && muted) lit.add('mute');
  if (ringing) lit.add('ring');
  if (held) lit.add('hold');
  return lit;
};
