// What the page says about the network and its own life.

/** What the page says. */
export interface PageHandlers {
  /** The network came back, or the page was shown again: the connection should be tried at once. */
  onWake: (network: boolean) => void;
  /** The page goes away; `cached` where it may come back as it is. */
  onLeave: (cached: boolean) => void;
  /** The page came back from the back/forward cache. */
  onReturn: () => void;
}

/** Watches the page; the result stops watching. */
export type WatchPage = (handlers: PageHandlers) => () => void;

/** Watches the browser's page. `unload` is not used: it would keep the page out of the back/forward cache. */
export const watchPage: WatchPage = ({ onWake, onLeave, onReturn }) => {
  if (typeof window === 'undefined') return () => undefined;
  const stop = new AbortController();
  const { signal } = stop;
  window.addEventListener('online', () => onWake(true), { signal });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') onWake(false);
  }, { signal });
  window.addEventListener('pagehide', ({ persisted }) => onLeave(persisted), { signal });
  // A change from one wireless network to another, which may come without 'offline'.
  const { connection } = navigator as { connection?: EventTarget };
  connection?.addEventListener('change', () => navigator.onLine && onWake(true), { signal });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) onReturn();
  }, { signal });
  return () => stop.abort();
};

/** Has the browser ask before the page is left; the result lets it go. The listener is there only meanwhile, as it keeps pages out of some browsers' back/forward caches. */
export const warnOnLeave = (): (() => void) => {
  if (typeof window === 'undefined') return () => undefined;
  const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
  window.addEventListener('beforeunload', ask);
  return () => window.removeEventListener('beforeunload', ask);
};
