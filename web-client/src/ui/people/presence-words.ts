// What people can say of themselves.
import type { Word } from '../../modules/people/index.js';
import { t } from '../messages/index.js';
import { activityText } from '../shared/people.js';

/** In the order in which they are offered. */
export const WORDS: readonly Word[] = ['ready', 'busy', 'dnd', 'away', 'break', 'meeting', 'meal', 'vacation'];

/** One of them in the user's language. */
export const wordText = (word: Word): string => (word === 'ready' ? t('presence.ready') : activityText(word));
