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
export const errorText = (error: Pick<RingdownError, 'name' | 'message' | 'causes' | 'solutions'> & { readonly reason?: string }): ErrorText => {
  const { name, message, causes, solutions, reason } = error;
  // A kind of error may have kinds of its own.
  const key = reason !== undefined && maybe(`errors.${name}-${reason}`) !== null ? `${name}-${reason}` : name;
  const title = language() === 'en' ? null : maybe(`errors.${key}`);
  if (title === null) return { title: message, causes, solutions };
  const help = maybe(`errors.${key}-help`);
  return { title, causes: [], solutions: help === null ? [] : [help] };
};
