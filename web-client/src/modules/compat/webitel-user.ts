// A colleague as Webitel's library tells them.
import type { Activity, DirectoryEntry } from '../../index.js';
import { WebitelAccountStatusTypes, WebitelUserAwayCauseTypes } from './constants.js';

/** A colleague in the words of Webitel's library. */
export interface WebitelUserInfo {
  readonly id: string;
  readonly domain: string;
  readonly state: string;
  readonly away: string;
  readonly tag: string;
  readonly online: boolean;
  readonly name: string;
  readonly scheme: string;
}

/** A colleague for the page; `id` names them. */
export const userInfo = (entry: DirectoryEntry, id: string, domain: string): WebitelUserInfo => ({
  id,
  domain,
  state: stateOf(entry),
  away: entry.activity === undefined ? WebitelUserAwayCauseTypes.None : awayOf(entry.activity),
  tag: entry.note ?? '',
  online: stateOf(entry) !== WebitelAccountStatusTypes.Unregistered,
  name: entry.name,
  scheme: 'account',
});

const stateOf = ({ presence }: DirectoryEntry): string => {
  if (presence === 'offline' || presence === 'asleep') return WebitelAccountStatusTypes.Unregistered;
  return presence === 'online' ? WebitelAccountStatusTypes.Ready : WebitelAccountStatusTypes.Busy;
};

const awayOf = (activity: Activity): string =>
  activity === 'dnd' || activity === 'busy' || activity === 'meeting'
    ? WebitelUserAwayCauseTypes.DoNotDisturb : WebitelUserAwayCauseTypes.OnBreak;

/** What a cause of being away is here. */
export const activityOf = (cause: string): Activity | null => {
  switch (cause) {
    case WebitelUserAwayCauseTypes.DoNotDisturb: return 'dnd';
    case WebitelUserAwayCauseTypes.OnBreak: return 'break';
    case WebitelUserAwayCauseTypes.CallForwarding:
    case WebitelUserAwayCauseTypes.VoiceMail: return 'away';
    default: return null;
  }
};
