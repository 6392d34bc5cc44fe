// Who has a number, as the page around the phone knows.
import { readContact, type Contact } from '../../modules/embed/wire.js';

export type { Contact } from '../../modules/embed/wire.js';

/** Asks the page. */
export type ResolveContact = (number: string) => Promise<Contact | null> | Contact | null;

const known = new Map<string, Contact | null>();

/** What the page said of a number, once it has. */
export const contactOf = (number: string): Contact | null => known.get(number) ?? null;

/** Asks the page about a number. A page that does not answer soon knows nobody; what it said is asked anew with each call. */
export const know = async (number: string, resolve: ResolveContact | null): Promise<Contact | null> => {
  if (!resolve || number === '') return null;
  const late = new Promise<null>((done) => setTimeout(() => done(null), PATIENCE_MS));
  const contact = await Promise.race([Promise.resolve().then(() => resolve(number)).then(readContact, () => null), late]);
  known.delete(number);
  known.set(number, contact);
  const [oldest] = known.keys();
  if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  return contact;
};

const PATIENCE_MS = 3000;
const MAX_KNOWN = 500;
