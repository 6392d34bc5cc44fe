// Who uses an embedded phone: whoever the page's server says it is, which may be somebody else than before in this tab.
import { SignIn, userOfToken, type TokenStore } from '../modules/sign-in/index.js';

/** What it needs. */
export interface EmbedSignInPorts {
  /** Asks the page for a token that its server signed or fetched. */
  readonly ask: () => Promise<unknown>;
  /** The tab's storage. */
  readonly store: TokenStore;
  readonly fetch?: typeof fetch;
}

/**
 * The sign-in of an embedded phone. Each page that is opened is asked once who is there: a phone that went on with what the
 * tab kept would be the phone of whoever was signed in to the CRM before. Where it is the same person their sign-in goes on.
 */
export class EmbedSignIn {
  readonly #ports: EmbedSignInPorts;
  readonly #signIn: SignIn;
  #proven = false;
  #proving: Promise<void> | null = null;

  constructor(ports: EmbedSignInPorts) {
    this.#ports = ports;
    this.#signIn = this.#over(ports.store);
  }

  /** An access token of the page's user. */
  readonly token = async (): Promise<string> => {
    if (this.#proven && this.#signIn.remembered) {
      try {
        return await this.#signIn.token();
      } catch (thrown) {
        // A sign-in that is over begins anew; a server that cannot be reached can sign nobody in.
        if ((thrown as Error).name !== 'sign-in-expired') throw thrown;
      }
    }
    // Several may want a token at once: the page is asked for one.
    await (this.#proving ??= this.#prove().finally(() => { this.#proving = null; }));
    return this.#signIn.token();
  };

  /** Forgets what the tab kept, without ending it: it goes on elsewhere. */
  forget(): void {
    for (const key of [KEPT, WHO]) this.#ports.store.removeItem(key);
  }

  async #prove(): Promise<void> {
    const given = await this.#ports.ask();
    if (typeof given !== 'string' || given.trim() === '') throw new Error('The page gave no token.');
    const kept = new Map<string, string>();
    const fresh = this.#over({
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    });
    await fresh.signInWithToken(given.trim());
    const user = userOfToken(await fresh.token());
    const { store } = this.#ports;
    if (user !== '' && user === store.getItem(WHO) && this.#signIn.remembered) {
      // Its sessions and calls belong to the sign-in from before.
      await fresh.signOut();
    } else {
      await this.#signIn.signOut();
      for (const [key, value] of kept) store.setItem(key, value);
      store.setItem(WHO, user);
    }
    this.#proven = true;
  }

  #over(store: TokenStore): SignIn {
    return new SignIn({ server: '', store, ...(this.#ports.fetch ? { fetch: this.#ports.fetch } : {}) });
  }
}

/** Where a `SignIn` keeps its refresh token. */
const KEPT = 'ringdown.refresh';
/** Whose the kept sign-in is. */
const WHO = 'ringdown.embed-user';
