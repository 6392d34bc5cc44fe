// What a page can do to be noticed.

/** What a desktop notification says. */
export interface Notice {
  readonly title: string;
  readonly body: string;
  /** Replaces the notice before with the same tag. */
  readonly tag: string;
  /** Stays until it is closed. */
  readonly stays: boolean;
}

/** What a page can do to be noticed; tests give fakes. */
export interface AttentionPage {
  /** Whether notifications may be shown; `unsupported` where the browser has none. */
  readonly permission: NotificationPermission | 'unsupported';
  /** Makes the browser ask; works within a click or key press only. */
  ask(): Promise<NotificationPermission | 'unsupported'>;
  /** Whether the user looks at the page. */
  readonly isSeen: boolean;
  /** Shows a notice; the result closes it. */
  show(notice: Notice, onClick: () => void): () => void;
  title: string;
  /** The number on the icon of an installed application; 0 for none. */
  setBadge(count: number): void;
  /** Calls `onChange` when the user comes to the page or leaves it; the result stops. */
  watch(onChange: () => void): () => void;
}

/** The browser's page. */
export const browserPage = (): AttentionPage => ({
  get permission() {
    return 'Notification' in globalThis ? Notification.permission : 'unsupported';
  },
  ask: async () => ('Notification' in globalThis ? Notification.requestPermission() : 'unsupported'),
  get isSeen() {
    return document.visibilityState === 'visible' && document.hasFocus();
  },
  show: ({ title, body, tag, stays }, onClick) => {
    const options = { body, tag, requireInteraction: stays };
    try {
      const shown = new Notification(title, options);
      shown.onclick = () => {
        window.focus();
        onClick();
      };
      return () => shown.close();
    } catch {
      // Android has them of service workers only.
      return showByWorker(title, options);
    }
  },
  get title() {
    return document.title;
  },
  set title(title) {
    document.title = title;
  },
  setBadge: (count) => {
    const { setAppBadge } = navigator as { setAppBadge?: (count: number) => Promise<void> };
    setAppBadge?.call(navigator, count).catch(() => undefined);
  },
  watch: (onChange) => {
    const stop = new AbortController();
    const { signal } = stop;
    for (const event of ['focus', 'blur']) window.addEventListener(event, onChange, { signal });
    document.addEventListener('visibilitychange', onChange, { signal });
    return () => stop.abort();
  },
});

const showByWorker = (title: string, options: NotificationOptions & { tag: string }): (() => void) => {
  const shown = 'serviceWorker' in navigator ? navigator.serviceWorker.getRegistration() : Promise.resolve(undefined);
  void shown.then((worker) => worker?.showNotification(title, options)).catch(() => undefined);
  return () => void shown
    .then((worker) => worker?.getNotifications({ tag: options.tag }))
    .then((notices) => notices?.forEach((notice) => notice.close()), () => undefined);
};
