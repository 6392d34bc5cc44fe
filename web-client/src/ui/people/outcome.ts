// What became of a finished call.
import type { HistoryEntry } from '../../index.js';
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
export const outcomeOf = ({ direction, outcome, reason }: Pick<HistoryEntry, 'direction' | 'outcome' | 'reason'>): Outcome => {
  if (outcome === 'answered') return direction === 'inbound' ? 'incoming' : 'outgoing';
  if (outcome !== 'unanswered') return outcome;
  return reason === 'busy' ? 'busy' : reason === 'declined' ? 'declined' : 'not-answered';
};

/** The same in words. */
export const outcomeText = (outcome: Outcome): string => t(WORDS[outcome]);
