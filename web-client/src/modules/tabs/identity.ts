// Whose phone a tab is.
import { tabStorage, type SessionStorage } from '../../signaling/kept-session.js';

/**
 * Who said hello in this tab, as far as their token tells. A page that was reloaded says no hello, and goes on with the
 * session: who began it is kept beside it, without the token.
 */
export class Identity {
  readonly #key: string;
  readonly #storage: SessionStorage | null;
  #person = '';
  #mayKeep = false;

  /** `name` is the phone's, of several that a tab may be. */
  constructor(name: string, storage: SessionStorage | null = tabStorage()) {
    this.#key = `ringdown.person ${name}`;
    this.#storage = storage;
  }

  /** This tab said hello with a token, to the server or to the tab that leads. */
  take(token: string): void {
    ({ person: this.#person, mayKeep: this.#mayKeep } = readToken(token));
  }

  /** That began a session. */
  begin(session: string): void {
    try {
      if (this.#mayKeep) this.#storage?.setItem(this.#key, JSON.stringify([session, this.#person]));
      else this.#storage?.removeItem(this.#key);
    } catch {
      // A full storage costs the sharing after a reload, nothing else.
    }
  }

  /** The session is gone on with. */
  recall(session: string): void {
    if (this.#person !== '') return;
    try {
      const [of, person] = JSON.parse(this.#storage?.getItem(this.#key) ?? '[]') as unknown[];
      if (of === session && typeof person === 'string') this.#person = person;
    } catch {
      // Somebody else's.
    }
  }

  /** Whether a token is of the same person: who said hello here, or the account the server named. */
  isOf(token: string, userId: string): boolean {
    const { person } = readToken(token);
    return person !== '' && (person === this.#person || person === accountOf(userId));
  }
}

/**
 * A person as far as a token tells: their account in the server's own tokens, else issuer and subject together. What only
 * looks alike is not: one issuer's subject may be another's, or somebody's username here. A token that says too little is
 * its own person wherever it is the same, and not kept.
 */
const readToken = (token: string): { readonly person: string; readonly mayKeep: boolean } => {
  try {
    const [head, body = ''] = token.split('.');
    const { u, iss, sub } = JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>;
    if (head === 'v1') return { person: accountOf(textOf(u)) || token, mayKeep: false };
    if (textOf(iss) !== '' && textOf(sub) !== '') return { person: JSON.stringify([iss, sub]), mayKeep: true };
  } catch {
    // Not a token that tells.
  }
  return { person: token, mayKeep: false };
};

const accountOf = (userId: string): string => (userId === '' ? '' : JSON.stringify({ userId }));

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
