// Signing in with a name and a password, and keeping the token fresh.
import { clientError, type RingdownError } from '../../errors.js';
import type { LoginRequest, OidcRedeem, Problem, RefreshRequest, SignInMethods, TokenLogin, Tokens } from '../../protocol/generated.js';
import { returnedFromProvider, signInByWindow, type WindowOutcome } from './provider-window.js';

/** Where a sign-in outlives a reload of the page. `sessionStorage` fits; keep nothing unless the page is trusted. */
export type TokenStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** How to sign in. */
export interface SignInOptions {
  /** The server: `https://pbx.example`, or empty for the page's own. */
  readonly server: string;
  /** Keeps the refresh token across reloads. Nothing is kept unless given. */
  readonly store?: TokenStore;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/** A sign-in: gives `RingdownClient` its tokens. */
export class SignIn {
  readonly #options: SignInOptions;
  #tokens: Tokens | null = null;
  #expiresAt = 0;
  #refreshing: Promise<string> | null = null;

  /** Signs in at a server; nothing is asked of it yet. */
  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Whether an earlier sign-in of this tab can be gone on with. */
  get remembered(): boolean {
    return (this.#options.store?.getItem(STORE_KEY) ?? null) !== null;
  }

  /** Signs in. */
  async signIn(username: string, password: string): Promise<void> {
    const body: LoginRequest = { username, password };
    this.#keep(await this.#post<Tokens>('login', body));
  }

  /** Signs in with a token that a trusted server signed, or a code it fetched. Each is good once. */
  async signInWithToken(token: string): Promise<void> {
    this.#keep(await this.#post<Tokens>('login/token', { token } satisfies TokenLogin));
  }

  /**
   * Signs in with an OpenID provider, in a window of its own; from a click only. Where the browser blocks the window, a page
   * of the server's own origin is left for the provider, and `returned()` tells it how that went; others are refused.
   */
  async signInWith(provider: string): Promise<void> {
    await this.#redeem(await signInByWindow(this.#options.server || location.origin, provider));
  }

  /** Ends a sign-in with a provider for which this page was left; false where there was none. */
  async returned(): Promise<boolean> {
    const outcome = returnedFromProvider();
    if (!outcome) return false;
    await this.#redeem(outcome);
    return true;
  }

  async #redeem(outcome: WindowOutcome): Promise<void> {
    if ('error' in outcome) {
      const { error } = outcome;
      const [message, solution] = REFUSALS[error] ?? REFUSALS.failed;
      throw Object.assign(clientError('sign-in-failed', { message, solutions: [solution] }), { reason: error });
    }
    this.#keep(await this.#post<Tokens>('oidc/redeem', outcome satisfies OidcRedeem));
  }

  /** How people can sign in. */
  async methods(): Promise<SignInMethods> {
    const send = this.#options.fetch ?? fetch.bind(globalThis);
    const response = await send(`${this.#options.server}/api/v1/sign-in`).catch((thrown: unknown) => { throw unreachable(thrown); });
    if (!response.ok) throw unreachable();
    return await response.json() as SignInMethods;
  }

  /** An access token that is good for a while yet. Give this to `RingdownClient` as `token`. */
  readonly token = (): Promise<string> => {
    if (this.#tokens && this.#now() < this.#expiresAt) {
      // Each token is given once: a client that asks again was refused with it, or has lost its session.
      this.#expiresAt = 0;
      return Promise.resolve(this.#tokens.accessToken);
    }
    // A refresh token is good for one use, so two askers share one refresh.
    this.#refreshing ??= alone(this.#options.store, () => this.#refresh()).finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  };

  /** Signs out, here and at the server. */
  async signOut(): Promise<void> {
    const refreshToken = this.#tokens?.refreshToken ?? this.#options.store?.getItem(STORE_KEY);
    this.#forget();
    if (refreshToken) await this.#post('logout', { refreshToken } satisfies RefreshRequest).catch(() => undefined);
  }

  async #refresh(): Promise<string> {
    const kept = this.#options.store?.getItem(STORE_KEY);
    // Another page that shares the store may have used ours meanwhile: what is kept is the newest.
    const refreshToken = kept ?? this.#tokens?.refreshToken;
    if (!refreshToken) throw expired();
    // Taken out before it is used: a duplicate of the tab must not use it a second time.
    this.#options.store?.removeItem(STORE_KEY);
    try {
      const tokens = await this.#post<Tokens>('refresh', { refreshToken } satisfies RefreshRequest);
      this.#keep(tokens);
      return tokens.accessToken;
    } catch (thrown) {
      if ((thrown as RingdownError).name === 'server-unreachable') {
        this.#options.store?.setItem(STORE_KEY, refreshToken);
        throw thrown;
      }
      this.#forget();
      throw expired(thrown);
    }
  }

  #keep(tokens: Tokens): void {
    this.#tokens = tokens;
    this.#expiresAt = this.#now() + tokens.expiresIn * 1000 - MARGIN_MS;
    this.#options.store?.setItem(STORE_KEY, tokens.refreshToken);
  }

  #forget(): void {
    this.#tokens = null;
    this.#expiresAt = 0;
    this.#options.store?.removeItem(STORE_KEY);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  async #post<T>(path: 'login' | 'login/token' | 'oidc/redeem' | 'refresh' | 'logout', body: unknown): Promise<T> {
    const send = this.#options.fetch ?? fetch.bind(globalThis);
    let response: Response;
    try {
      response = await send(`${this.#options.server}/api/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    } catch (thrown) {
      throw unreachable(thrown);
    }
    if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
    if (response.status >= 500) throw unreachable();
    const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
    throw clientError('sign-in-failed', {
      message: problem?.detail ?? problem?.title ?? 'The server refused the sign-in.',
      solutions: problem?.solutions ?? [],
    });
  }
}

/** What is said of a sign-in with a provider that came to nothing. */
const REFUSALS: Readonly<Record<string, readonly [message: string, solution: string]>> & { readonly failed: readonly [string, string] } = {
  blocked: ['The browser blocked the sign-in window.', 'Allow windows for this page and try again.'],
  closed: ['The sign-in window was closed.', 'Try again.'],
  refused: ['The provider did not sign you in.', 'Try again, or sign in there with another account.'],
  'not-allowed': ['There is no account here for this person.', 'Ask who runs the phone system.'],
  expired: ['The sign-in took too long.', 'Try again.'],
  failed: ['The sign-in was not completed.', 'Try again, or ask who runs the phone system.'],
};

const unreachable = (thrown?: unknown): RingdownError =>
  clientError('server-unreachable', {
    message: 'The server cannot be reached.',
    causes: ['The network is down.', 'The server restarts.', 'The server does not allow this page’s address.'],
    solutions: ['Check the network and try again in a moment.'],
  }, thrown);

const expired = (thrown?: unknown): RingdownError =>
  clientError('sign-in-expired', {
    message: 'The sign-in has expired.',
    solutions: ['Sign in again.'],
    fatal: true,
  }, thrown);

/** One page at a time where pages share a store: a refresh token is good for one use. */
const alone = <T>(store: TokenStore | undefined, work: () => Promise<T>): Promise<T> => {
  const isShared = typeof localStorage !== 'undefined' && store === localStorage;
  return isShared && 'locks' in navigator ? navigator.locks.request(STORE_KEY, work) : work();
};

const STORE_KEY = 'ringdown.refresh';
/** A token this close to its end is replaced: it must outlive the connecting. */
const MARGIN_MS = 30_000;
