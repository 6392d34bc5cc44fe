// How people are shown: names, initials, colours, presence in words.
import type { Activity, DirectoryEntry, PeerInfo, PresenceState, RingdownClient } from '../../index.js';
import { timeOfDay, daysAgo, dayOf } from '../messages/format.js';
import { contactOf } from './contacts.js';
import { t, type MessageKey } from '../messages/index.js';

/** Whether somebody can be reached and wants to be, as the dot of their picture shows it. */
export type Presence = PresenceState | 'dnd' | 'busy' | 'away';

const PRESENCE: Readonly<Record<Presence, MessageKey>> = {
  dnd: 'presence.dnd',
  busy: 'presence.busy',
  away: 'presence.away',
  online: 'presence.online',
  ringing: 'presence.ringing',
  'on-call': 'presence.on-call',
  asleep: 'presence.asleep',
  offline: 'presence.offline',
};

/** Presence in words. */
export const presenceText = (presence: Presence): string => t(PRESENCE[presence]);

const ACTIVITIES: Readonly<Record<Activity, readonly [MessageKey, Presence]>> = {
  dnd: ['presence.dnd', 'dnd'],
  busy: ['presence.busy', 'busy'],
  meeting: ['presence.meeting', 'busy'],
  away: ['presence.away', 'away'],
  break: ['presence.break', 'away'],
  meal: ['presence.meal', 'away'],
  vacation: ['presence.vacation', 'away'],
};

/** What somebody does, in words. */
export const activityText = (activity: Activity): string => t(ACTIVITIES[activity][0]);

/** Somebody as the dot shows them: what is seen of a call goes before what they say, and that before being reachable. */
export const seenAs = ({ presence, activity }: Pick<DirectoryEntry, 'presence' | 'activity'>): Presence =>
  presence === 'online' && activity ? ACTIVITIES[activity][1] : presence;

/** Somebody's presence in words: what they do, in whose words, until when. */
export const statusText = ({ presence, activity, note, until, cannotRing }: DirectoryEntry): string => {
  const seen = presence === 'on-call' || presence === 'ringing' || !activity ? presenceText(presence) : activityText(activity);
  const end = until === undefined ? '' : t('presence.until', { time: untilText(until) });
  const deaf = cannotRing && presence === 'online' && !activity ? t('presence.cannot-ring') : '';
  return [seen, note ?? '', end, deaf].filter(Boolean).join(' · ');
};

/** The end of something as one says it today. */
export const untilText = (until: number): string => {
  const now = Date.now();
  return daysAgo(until, now) === 0 ? timeOfDay(until) : `${dayOf(until, now)}, ${timeOfDay(until)}`;
};

/** What the other side is called. */
export const nameOf = (peer: Readonly<PeerInfo>): string => (contactOf(peer.number)?.name ?? peer.name) || peer.number || t('calls.unknown-caller');

/** Where the photo of somebody is, as far as they are known here; null for initials. */
export const photoOf = ({ client, origin }: { readonly client: RingdownClient | null; readonly origin: string }, { userId, number }: Pick<PeerInfo, 'userId' | 'number'>): string | null => {
  const photo = (userId === null ? client?.directory.byNumber(number) : client?.directory.byUser(userId))?.photo;
  return photo === undefined ? null : origin + photo;
};

/** A call's number, where it says more than the name does. */
export const numberOf = (peer: Readonly<PeerInfo>): string => (peer.name && peer.number ? peer.number : '');

/** The first of the names, for sentences. */
export const firstName = (peer: Readonly<PeerInfo>): string => (peer.name.split(' ')[0] ?? '') || peer.number || t('calls.other-side');

/** Up to two initials; of names without spaces between them (王小明) the last sign. */
export const initials = (name: string): string => {
  if (/^\p{Script=Han}{2,4}$/u.test(name)) return name.slice(-1);
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
