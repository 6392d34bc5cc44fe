// What may be dialled.
import { badArgument } from '../errors.js';

/** A number without white space around it. */
export const dialled = (to: string): string => {
  const number = to.trim();
  if (number === '' || number.length > 64) throw badArgument('A number has 1 to 64 characters.');
  return number;
};
