// Signing in with an OpenID provider, in a window of its own. The page keeps a secret; the window hands a code to this
// page's origin alone, and without the secret the code is worth nothing.

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

/** Opens the window; from a click only. `server` is an origin. */
export const signInByWindow = async (server: string, provider: string): Promise<WindowOutcome> => {
  // Opened before anything is waited for, or the browser blocks it.
  const opened = window.open('', 'ringdown-sign-in', 'popup,width=480,height=680');
  if (!opened) return { error: 'blocked' };
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
  const query = new URLSearchParams({ challenge, origin: location.origin });
  opened.location.href = `${server}/api/v1/oidc/${encodeURIComponent(provider)}/start?${query}`;
  const said = await hear(server, opened);
  return said.code === undefined ? { error: (said.error ?? 'closed') as 'closed' } : { code: said.code, verifier };
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
    const watching = setInterval(() => {
      // A window that was cut off looks closed while it is not: on our own origin it is waited for.
      if (Date.now() - since > PATIENCE_MS || (opened.closed && !channel)) done({ ringdown: 'signed-in', error: 'closed' });
    }, 500);
  });

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** As long as the server keeps a sign-in. */
const PATIENCE_MS = 10 * 60 * 1000;
