// What is said of calls.
import type { Call, CallEnd, EndReason, PeerInfo, QualityIssue, QualityWarning } from '../../index.js';
import { duration } from '../messages/format.js';
import { t, type MessageKey } from '../messages/index.js';
import { firstName } from '../shared/people.js';

/** What a call is doing. */
export const stateOf = (call: Call): string => {
  if (call.heldByPeer && call.held) return t('calls.both-held');
  switch (call.state) {
    case 'new':
    case 'dialing':
    case 'early':
      return t('calls.calling');
    case 'ringing':
      return t(call.direction === 'inbound' ? 'calls.is-calling' : 'calls.ringing');
    case 'connecting':
      return t('calls.connecting');
    case 'held':
      return t('calls.on-hold');
    case 'reconnecting':
      return t('calls.mending');
    case 'active':
      if (call.peerLost) return t('calls.peer-lost', { name: firstName(call.peer) });
      return call.heldByPeer ? t('calls.held-by', { name: firstName(call.peer) }) : t('calls.in-call');
    case 'ended':
      return t('calls.ended');
  }
};

/** What is wrong with a call's audio, in one line; empty where nothing is. The worst is said. */
export const hintOf = (call: Call): string => {
  const warnings = call.quality?.warnings ?? [];
  const params = { name: firstName(call.peer) };
  const is = (side: QualityWarning['side'], way: QualityWarning['way'] | null, ...issues: readonly QualityIssue[]): boolean =>
    warnings.some((told) => told.side === side && (way === null || told.way === way) && issues.includes(told.issue));
  if (is('own', 'sent', 'no-audio', 'one-way-audio')) return t('calls.own-sound-lost', params);
  if (is('own', 'received', 'no-audio', 'one-way-audio')) return t('calls.no-sound-here');
  if (is('own', 'sent', 'silent-microphone')) return t('calls.own-silent');
  if (call.peerMuted) return t('calls.peer-muted', params);
  if (is('peer', 'sent', 'no-audio', 'one-way-audio')) return t('calls.no-sound-from', params);
  if (is('peer', 'received', 'no-audio', 'one-way-audio')) return t('calls.cannot-hear-you', params);
  if (is('peer', 'sent', 'silent-microphone')) return t('calls.peer-silent', params);
  if (is('own', null, 'loss', 'jitter', 'low-score')) return t('calls.own-unstable');
  if (is('own', null, 'delay')) return t('calls.own-slow');
  if (is('peer', null, 'loss', 'jitter', 'low-score', 'delay')) return t('calls.peer-unstable', params);
  return '';
};

type Ending = readonly [title: MessageKey, help: MessageKey | null];

/** How a call ended, and what helps; a function where it matters who ended it. */
const ENDINGS: Readonly<Record<EndReason, Ending | ((by: CallEnd['by']) => Ending)>> = {
  hangup: (by) => [by === 'remote' ? 'calls.end-hung-up' : 'calls.end-call', null],
  busy: ['calls.end-busy', 'calls.end-busy-help'],
  declined: (by) => [by === 'local' ? 'calls.end-declined' : 'calls.end-they-declined', null],
  'no-answer': (by) => ['calls.end-no-answer', by === 'local' ? null : 'calls.end-no-answer-help'],
  'answered-elsewhere': ['calls.end-answered-elsewhere', 'calls.end-answered-elsewhere-help'],
  'declined-elsewhere': ['calls.end-declined-elsewhere', null],
  cancelled: (by) => (by === 'remote' ? ['calls.end-missed', 'calls.end-missed-help'] : ['calls.end-cancelled', null]),
  'not-found': ['calls.end-not-found', 'calls.end-not-found-help'],
  offline: ['calls.end-offline', 'calls.end-offline-help'],
  forbidden: ['calls.end-forbidden', 'calls.end-forbidden-help'],
  'not-acceptable': ['calls.end-not-acceptable', 'calls.end-not-acceptable-help'],
  'media-failed': ['calls.end-media-failed', 'calls.end-media-failed-help'],
  congestion: ['calls.end-congestion', 'calls.end-congestion-help'],
  'server-restart': ['calls.end-restart', 'calls.end-restart-help'],
  'resume-expired': ['calls.end-expired', 'calls.end-expired-help'],
  transferred: ['calls.end-transferred', null],
  parked: ['calls.end-parked', null],
  removed: ['calls.end-removed', null],
  failed: ['calls.end-failed', 'calls.end-failed-help'],
};

/** How a call ended, in a headline and a line of help. */
export const endOf = (peer: Readonly<PeerInfo>, { reason, by, durationMs }: CallEnd): { title: string; help: string } => {
  const ending = ENDINGS[reason];
  const [title, help] = typeof ending === 'function' ? ending(by) : ending;
  const params = { name: firstName(peer) };
  return {
    title: t(title, params),
    help: help ? t(help, params) : durationMs > 0 ? t('calls.lasted', { duration: duration(durationMs) }) : '',
  };
};
