// Installing the phone as an application, and having it take `tel:` links: both are the browser's to ask about.

/** What a browser offers a page that can be installed. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

let offered: InstallPrompt | null = null;
const watchers = new Set<() => void>();
if (typeof window !== 'undefined') {
  const note = (event: Event | null): void => {
    offered = event as InstallPrompt | null;
    for (const watcher of watchers) watcher();
  };
  window.addEventListener('beforeinstallprompt', note);
  window.addEventListener('appinstalled', () => note(null));
}

/** Whether the browser offers to install this page. */
export const canInstall = (): boolean => offered !== null;

/** Calls `watcher` when that changes; returns what ends it. */
export const onInstallable = (watcher: () => void): (() => void) => {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
};

/** Has the browser ask; from a click. An offer is good once. */
export const install = async (): Promise<void> => {
  const offer = offered;
  offered = null;
  await offer?.prompt();
  for (const watcher of watchers) watcher();
};

/** Whether this browser can be asked to open `tel:` links here. */
export const canTakeLinks = (): boolean => 'registerProtocolHandler' in navigator && window.isSecureContext;

/** Has the browser ask whether `tel:` links open here; from a click. They show the number, behind the `#`, which no server sees. */
export const takeLinks = (): void => navigator.registerProtocolHandler('tel', `${location.origin}${location.pathname}#dial=%s`);
