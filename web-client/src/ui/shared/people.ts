// How people are shown: names, initials, colours, presence in words.
import type { PeerInfo, PresenceState } from '../../index.js';
import { t, type MessageKey } from '../messages/index.js';

/** Whether somebody can be reached, as the dot of their picture shows it. */
export type Presence = PresenceState;

const PRESENCE: Readonly<Record<PresenceState, MessageKey>> = {
  online: 'presence.online',
  ringing: 'presence.ringing',
  'on-call': 'presence.on-call',
  asleep: 'presence.asleep',
  offline: 'presence.offline',
};

/** Presence in words. */
export const presenceText = (presence: Presence): string => t(PRESENCE[presence]);

/** What the other side is called. */
export const nameOf = (peer: Readonly<PeerInfo>): string => peer.name || peer.number || t('calls.unknown-caller');

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
