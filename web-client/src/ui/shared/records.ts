// A call for the page's books.
import type { Call } from '../../index.js';
import type { CallRecord, Contact } from '../../modules/embed/wire.js';

/** What there is to say of a call now. Its `id` stays, so a later record takes the place of an earlier one. */
export const recordOf = (call: Call, contact: Contact | null): CallRecord => ({
  id: call.callId,
  state: call.end ? 'ended' : call.answeredAt === null ? 'ringing' : 'active',
  direction: call.direction,
  number: call.peer.number,
  name: call.peer.name,
  contact,
  variables: call.variables,
  createdAt: call.createdAt,
  answeredAt: call.answeredAt,
  endedAt: call.end ? (call.answeredAt ?? call.createdAt) + call.end.durationMs : null,
  durationMs: call.end?.durationMs ?? call.durationMs,
  reason: call.end?.reason ?? null,
  missed: call.end !== null && call.direction === 'inbound' && call.answeredAt === null
    && !['answered-elsewhere', 'declined', 'declined-elsewhere', 'busy'].includes(call.end.reason),
});
