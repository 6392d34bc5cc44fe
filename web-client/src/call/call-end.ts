// How a call ended.
import { END_REASONS, type CallInfo, type EndedBy, type EndReason } from '../protocol/generated.js';
import type { RingdownErrorName } from '../errors.js';

/** How a call ended. */
export interface CallEnd {
  /** Why. */
  readonly reason: EndReason;
  /** Who ended it, seen from the user. */
  readonly by: EndedBy;
  /** The Q.850 cause value. */
  readonly code: number;
  /** How long it was answered, in milliseconds; 0 if never. */
  readonly durationMs: number;
}

/** Of the ends that this client concludes. */
const Q850: Readonly<Partial<Record<EndReason, number>>> = {
  hangup: 16, cancelled: 16, declined: 21, forbidden: 21, congestion: 42, 'not-acceptable': 88,
  'media-failed': 41, 'resume-expired': 41,
};

/** An end that this client decided on, or had to conclude. */
export const localEnd = (reason: EndReason, by: EndedBy, answeredAt: number | null, now: number): CallEnd => ({
  reason,
  by,
  code: Q850[reason] ?? 127,
  durationMs: answeredAt === null ? 0 : Math.max(0, now - answeredAt),
});

/** An end as the server tells it. A reason that this client does not know is a failure. */
export const endFromPush = (data: { reason: string; by: EndedBy; code: number; durationMs: number; call: CallInfo }): CallEnd => ({
  reason: END_REASONS.find((reason) => reason === data.reason) ?? 'failed',
  by: data.by,
  code: data.code,
  durationMs: data.durationMs,
});

/** Why a call that could not be placed failed. */
export const reasonOfError = (name: RingdownErrorName): EndReason =>
  name === 'forbidden' || name === 'not-acceptable' ? name
    : /^(switch-unavailable|rate-limited)$/.test(name) ? 'congestion'
    : /^(mic-.*|insecure-page|webrtc-unsupported|media-failed)$/.test(name) ? 'media-failed' : 'failed';
