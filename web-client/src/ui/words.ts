// What the widget says.
import type { Call, CallEnd, EndReason, PeerInfo, PresenceState, QualityIssue, QualityWarning } from '../index.js';

/** Presence in words. */
export const PRESENCE: Readonly<Record<PresenceState, string>> = {
  online: 'Available',
  ringing: 'Ringing',
  'on-call': 'On a call',
  offline: 'Offline',
};

/** What the other side is called. */
export const nameOf = (peer: Readonly<PeerInfo>): string => peer.name || peer.number || 'Unknown caller';

/** A call's number, where it says more than the name does. */
export const numberOf = (peer: Readonly<PeerInfo>): string => (peer.name && peer.number ? peer.number : '');

/** Up to two initials. */
export const initials = (name: string): string => {
  const words = name.split(/[\s.-]+/).filter((word) => /\p{L}/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => /\p{L}/u.exec(word ?? '')?.[0].toUpperCase() ?? '').join('') || '#';
};

/** One of eight colours, always the same for a name. */
export const hue = (name: string): string => {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return `h${sum % 8}`;
};

/** Milliseconds as 0:07, 12:34 or 1:02:03. */
export const duration = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  const two = (number: number): string => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
};

/** A time as a person says it: 14:05, Yesterday, Mon 3 Feb. */
export const when = (time: number, now: number): string => {
  const [date, today] = [new Date(time), new Date(now)];
  const day = (of: Date): number => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  const days = Math.round((day(today) - day(date)) / 86_400_000);
  if (days === 0) return date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  if (days === 1) return 'Yesterday';
  return date.toLocaleDateString(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
};

/** What a call is doing, in words. */
export const stateOf = (call: Call): string => {
  if (call.heldByPeer && call.held) return 'Both on hold';
  switch (call.state) {
    case 'new':
    case 'dialing':
      return 'Calling…';
    case 'ringing':
      return call.direction === 'inbound' ? 'is calling you' : 'Ringing…';
    case 'early':
      return 'Calling…';
    case 'connecting':
      return 'Connecting…';
    case 'held':
      return 'On hold';
    case 'reconnecting':
      return 'Mending the audio…';
    case 'active':
      return call.heldByPeer ? `${firstName(call.peer)} put you on hold` : 'In a call';
    case 'ended':
      return 'Ended';
  }
};

const firstName = (peer: Readonly<PeerInfo>): string => (peer.name.split(' ')[0] ?? '') || peer.number || 'The other side';

/** What is wrong with a call's audio, in one line; empty where nothing is. The worst is said. */
export const hintOf = (call: Call): string => {
  const warnings = call.quality?.warnings ?? [];
  const name = firstName(call.peer);
  const is = (side: QualityWarning['side'], way: QualityWarning['way'] | null, ...issues: readonly QualityIssue[]): boolean =>
    warnings.some((told) => told.side === side && (way === null || told.way === way) && issues.includes(told.issue));
  if (is('own', 'sent', 'no-audio', 'one-way-audio')) return `${name} cannot hear you: your sound does not arrive`;
  if (is('own', 'received', 'no-audio', 'one-way-audio')) return 'No sound reaches this device';
  if (is('own', 'sent', 'silent-microphone')) return 'Your microphone is silent';
  if (is('peer', 'sent', 'no-audio', 'one-way-audio')) return `No sound comes from ${name}`;
  if (is('peer', 'received', 'no-audio', 'one-way-audio')) return `${name} cannot hear you`;
  if (is('peer', 'sent', 'silent-microphone')) return `${name}’s microphone is silent`;
  if (is('own', null, 'loss', 'jitter', 'low-score')) return 'Your connection is unstable';
  if (is('own', null, 'delay')) return 'Your connection is slow';
  if (is('peer', null, 'loss', 'jitter', 'low-score', 'delay')) return `${name}’s connection is unstable`;
  return '';
};

/** How a call ended, in a headline and a line of help. */
export const endOf = (peer: Readonly<PeerInfo>, { reason, by, durationMs }: CallEnd): { title: string; help: string } => {
  const name = firstName(peer);
  const lasted = durationMs > 0 ? `The call lasted ${duration(durationMs)}.` : '';
  const said: Record<EndReason, [string, string]> = {
    hangup: [by === 'remote' ? `${name} hung up` : 'Call ended', lasted],
    busy: [`${name} is busy`, 'Try again in a few minutes.'],
    declined: [by === 'local' ? 'Call declined' : `${name} declined`, ''],
    'no-answer': ['No answer', by === 'remote' || by === 'server' ? `${name} did not pick up.` : ''],
    'answered-elsewhere': ['Answered on another device', 'The call goes on there.'],
    'declined-elsewhere': ['Declined on another device', ''],
    cancelled: [by === 'remote' ? 'Missed call' : 'Call cancelled', by === 'remote' ? `${name} gave up before you answered.` : ''],
    'not-found': ['Nobody has this number', 'Check the number and try again.'],
    offline: [`${name} cannot be reached`, 'No phone or browser of theirs is signed in.'],
    forbidden: ['Not allowed', 'Your account may not call this number. An admin can change that.'],
    'not-acceptable': ['The phones do not understand each other', 'They share no way to carry sound. Tell an admin.'],
    'media-failed': ['The audio could not be connected', 'Check the network; a firewall may block the calls. Then try again.'],
    congestion: ['The phone system is busy', 'Try again in a few seconds.'],
    'server-restart': ['The phone system restarted', 'The call could not be brought back. Call again.'],
    'resume-expired': ['The connection was lost for too long', 'Call again.'],
    transferred: ['Call transferred', lasted],
    parked: ['Call parked', lasted],
    removed: ['You were taken out of the call', lasted],
    failed: ['The call failed', 'Try again. If it happens again, tell an admin.'],
  };
  const [title, help] = said[reason];
  return { title, help: help || lasted };
};

/** A finished call's outcome for the list of recent calls. */
export const outcomeOf = (direction: 'inbound' | 'outbound', answered: boolean, reason: string): string => {
  if (answered) return direction === 'inbound' ? 'Incoming' : 'Outgoing';
  if (direction === 'outbound') return reason === 'busy' ? 'Busy' : reason === 'declined' ? 'Declined' : 'Not answered';
  if (reason === 'answered-elsewhere') return 'Answered elsewhere';
  return reason.startsWith('declined') ? 'Declined' : 'Missed';
};
