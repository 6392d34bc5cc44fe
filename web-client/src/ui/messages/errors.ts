// Errors in the user's language. English is said as the library says it; the others by the error's name, where it has
// words of its own, else as the library says it.
import type { RingdownError } from '../../index.js';
import { language, maybe } from './index.js';

/** An error in words. */
export interface ErrorText {
  readonly title: string;
  readonly causes: readonly string[];
  readonly solutions: readonly string[];
}

/** What went wrong, why it may have, and what to do. */
export const errorText = ({ name, message, causes, solutions }: Pick<RingdownError, 'name' | 'message' | 'causes' | 'solutions'>): ErrorText => {
  const title = language() === 'en' ? null : maybe(`errors.${name}`);
  if (title === null) return { title: message, causes, solutions };
  const help = maybe(`errors.${name}-help`);
  return { title, causes: [], solutions: help === null ? [] : [help] };
};
