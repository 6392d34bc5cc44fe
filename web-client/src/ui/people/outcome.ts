// What became of a finished call.
import { t, type MessageKey } from '../messages/index.js';

/** A finished call's outcome, as the list of recent calls tells it. */
export type Outcome = 'incoming' | 'outgoing' | 'busy' | 'declined' | 'not-answered' | 'answered-elsewhere' | 'missed';

const WORDS: Readonly<Record<Outcome, MessageKey>> = {
  incoming: 'people.outcome-incoming',
  outgoing: 'people.outcome-outgoing',
  busy: 'people.outcome-busy',
  declined: 'people.outcome-declined',
  'not-answered': 'people.outcome-not-answered',
  'answered-elsewhere': 'people.outcome-elsewhere',
  missed: 'people.outcome-missed',
};

/** What became of a finished call. */
export const outcomeOf = (direction: 'inbound' | 'outbound', answered: boolean, reason: string): Outcome => {
  if (answered) return direction === 'inbound' ? 'incoming' : 'outgoing';
  if (direction === 'outbound') return reason === 'busy' ? 'busy' : reason === 'declined' ? 'declined' : 'not-answered';
  if (reason === 'answered-elsewhere') return 'answered-elsewhere';
  return reason.startsWith('declined') ? 'declined' : 'missed';
};

/** The same in words. */
export const outcomeText = (outcome: Outcome): string => t(WORDS[outcome]);
