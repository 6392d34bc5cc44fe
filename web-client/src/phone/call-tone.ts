// Which call-progress tone follows a call.
import type { CallTone } from '../media/call-tones.js';
import type { EndReason } from '../protocol/generated.js';

/** What a caller hears of a call that ended unanswered; nothing where it rang in vain or the caller gave up. */
export const toneOf = (reason: EndReason): CallTone | null => {
  switch (reason) {
    case 'busy':
    case 'declined':
      return 'busy';
    case 'not-found':
    case 'offline':
    case 'forbidden':
    case 'not-acceptable':
    case 'media-failed':
    case 'congestion':
    case 'server-restart':
    case 'failed':
      return 'congestion';
    default:
      return null;
  }
};
