// Signing in with an OpenID provider, in a window of its own, or where the browser opens none by leaving the page and coming
// back to it. The page keeps a secret; it is handed a code, by its origin alone, which is worth nothing without the secret.

/** How it went. */
export type WindowOutcome =
  | { readonly code: string; readonly verifier: string }
  | { readonly error: 'blocked' | 'closed' | 'refused' | 'not-allowed' | 'expired' | 'failed' };

/** What the window says to the page that opened it. */
interface Said {
  readonly ringdown: 'signed-in';
  readonly code?: string;
  readonly error?: string;
}

/** A sign-in for which the page was left: kept in the tab's storage, where the page that ends it adds how it went. */
interface Left {
  readonly verifier: string;
  /** Where to go back to, on the server's own origin. */
  readonly back: string;
  readonly code?: string;
  readonly error?: string;
}

/** Opens the window, or leaves the page where there can be none; from a click only. `server` is an origin. */
export const signInByWindow = async (server: string, provider: string): Promise<WindowOutcome> => {
  // A window copies the tab's storage: it must not take itself for the page.
  sessionStorage.removeItem(LEFT);
  // Opened before anything is waited for, or the browser blocks it.
  const opened = window.open('', 'ringdown-sign-in', 'popup,width=480,height=680');
  // Only our own page that ends the sign-in finds the way back, and a frame would lead the provider into a frame.
  const canLeave = server === location.origin && window.top === window;
  if (!opened && !canLeave) return { error: 'blocked' };
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
  const query = new URLSearchParams({ challenge, origin: location.origin });
  const address = `${server}/api/v1/oidc/${encodeURIComponent(provider)}/start?${query}`;
  if (!opened) {
    sessionStorage.setItem(LEFT, JSON.stringify({ verifier, back: location.pathname + location.search } satisfies Left));
    location.assign(address);
    return new Promise<never>(() => undefined);
  }
  opened.location.href = address;
  const said = await hear(server, opened);
  return said.code === undefined ? { error: (said.error ?? 'closed') as 'closed' } : { code: said.code, verifier };
};

/** How a sign-in went for which this page was left; null where there was none. Told once. */
export const returnedFromProvider = (): WindowOutcome | null => {
  const left = readLeft();
  if (!left || (left.code === undefined && left.error === undefined)) return null;
  sessionStorage.removeItem(LEFT);
  return left.code === undefined ? { error: left.error as 'failed' } : { code: left.code, verifier: left.verifier };
};

/** The page that ends a sign-in, where it was begun by leaving a page of this tab: where to go back to. */
export const noteReturn = (said: { readonly code?: string; readonly error?: string }): string | null => {
  const left = readLeft();
  if (!left) return null;
  sessionStorage.setItem(LEFT, JSON.stringify({ ...left, ...said }));
  const back = new URL(left.back, location.origin);
  return back.origin === location.origin ? back.href : null;
};

const readLeft = (): Left | null => {
  try {
    const left = JSON.parse(sessionStorage.getItem(LEFT) ?? 'null') as Left | null;
    return typeof left?.verifier === 'string' && typeof left.back === 'string' ? left : null;
  } catch {
    // No storage here, or somebody else's words in it.
    return null;
  }
};

/** Waits for what the window says: straight to us, or where a provider's page cut it off from us, to our origin. */
const hear = (server: string, opened: Window): Promise<Said> =>
  new Promise((resolve) => {
    const channel = server === location.origin ? new BroadcastChannel('ringdown-sign-in') : null;
    const done = (said: Said): void => {
      clearInterval(watching);
      window.removeEventListener('message', onMessage);
      channel?.close();
      resolve(said);
    };
    const isSaid = (data: unknown): data is Said =>
      typeof data === 'object' && data !== null && (data as { ringdown?: unknown }).ringdown === 'signed-in';
    const onMessage = (event: MessageEvent<unknown>): void => {
      if (event.origin === server && event.source === opened && isSaid(event.data)) done(event.data);
    };
    window.addEventListener('message', onMessage);
    if (channel) channel.onmessage = (event: MessageEvent<unknown>) => { if (isSaid(event.data)) done(event.data); };
    const since = Date.now();
    let lookedAt = 0;
    const watching = setInterval(() => {
      // A window that was cut off looks closed while its user types there. Who looks at this page again has closed it.
      lookedAt = opened.closed && (!channel || document.hasFocus()) ? lookedAt + LOOK_EVERY_MS : 0;
      if (Date.now() - since > PATIENCE_MS || lookedAt >= (channel ? CLOSED_AFTER_MS : LOOK_EVERY_MS)) done({ ringdown: 'signed-in', error: 'closed' });
    }, LOOK_EVERY_MS);
  });

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const LEFT = 'ringdown.sign-in';
/** As long as the server keeps a sign-in. */
const PATIENCE_MS = 10 * 60 * 1000;
const LOOK_EVERY_MS = 500;
/** The window tells how it went before it closes: its word is here by then. */
const CLOSED_AFTER_MS = 2000;
