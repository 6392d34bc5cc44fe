// What the end of an unanswered call means to the user: a tone for who called, a missed call for who was called.
import type { CallEnd } from '../call/call-end.js';
import type { CallTone } from '../media/call-tones.js';
import type { CallDirection, EndReason } from '../protocol/generated.js';

/** What a caller hears of a call that ended unanswered; nothing where it rang in vain or the caller gave up. */
export const toneOf = (reason: EndReason): CallTone | null =>
  /^(busy|declined)$/.test(reason) ? 'busy'
    : /^(not-found|offline|forbidden|not-acceptable|media-failed|congestion|server-restart|failed)$/.test(reason) ? 'congestion' : null;

/** Whether the user missed a call: somebody rang, and neither was it answered nor did the user decline it anywhere. */
export const isMissed = (call: { readonly direction: CallDirection; readonly answeredAt: number | null }, { reason, by }: CallEnd): boolean =>
  call.direction === 'inbound' && call.answeredAt === null && by !== 'local'
  && /^(cancelled|no-answer|hangup|offline|congestion|media-failed|failed)$/.test(reason);
