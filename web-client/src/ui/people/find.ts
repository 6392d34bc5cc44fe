// Finding people as somebody types, in what the page knows; the server looks at everybody and forgives a wrong letter.
import type { DirectoryEntry } from '../../index.js';

/** People who have every word of `query` in their name, number or department. */
export const found = (people: readonly DirectoryEntry[], query: string): readonly DirectoryEntry[] => {
  const words = fold(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return people;
  return people.filter(({ name, extension, department }) => {
    const own = `${fold(name)} ${extension} ${fold(department)}`;
    return words.every((word) => own.includes(word));
  });
};

/** The departments people work in, in the order of the language. */
export const departmentsOf = (people: readonly DirectoryEntry[]): readonly string[] =>
  [...new Set(people.map(({ department }) => department).filter(Boolean))].sort((one, other) => one.localeCompare(other));

/** Without case and accents. */
const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim();
