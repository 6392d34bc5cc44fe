// The service worker: rings a closed phone by Web Push, and keeps the phone's page for when the network is gone.

/** What a push message says (appserver/src/push.rs). */
type Message =
  | { readonly type: 'call'; readonly call: string; readonly name: string; readonly number: string; readonly at: number; readonly ringMs: number; readonly decline: string }
  | { readonly type: 'over'; readonly call: string; readonly reason: string; readonly at: number };

/** What this file uses of a service worker; the page's own library of types has no such thing. */
interface Worker {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly WindowClient[]>;
    openWindow(url: string): Promise<WindowClient | null>;
    claim(): Promise<void>;
  };
  readonly location: Location;
  skipWaiting(): Promise<void>;
  addEventListener(type: string, listener: (event: WorkerEvent) => void): void;
}
interface WindowClient {
  readonly url: string;
  focus(): Promise<WindowClient>;
  postMessage(message: unknown): void;
}
interface WorkerEvent {
  waitUntil(work: Promise<unknown>): void;
  respondWith(response: Promise<Response>): void;
  readonly request: Request;
  readonly data: { json(): unknown } | null;
  readonly notification: Notification;
  readonly action: string;
}

const worker = globalThis as unknown as Worker;

/** The words of a notification, in the browser's language. */
const WORDS: Readonly<Record<string, readonly [calls: string, answer: string, decline: string, missed: string, unknown: string]>> = {
  en: ['is calling', 'Answer', 'Decline', 'Missed call', 'Unknown number'],
  de: ['ruft an', 'Annehmen', 'Ablehnen', 'Verpasster Anruf', 'Unbekannte Nummer'],
  ru: ['звонит', 'Ответить', 'Отклонить', 'Пропущенный вызов', 'Неизвестный номер'],
  zh: ['来电', '接听', '拒绝', '未接来电', '未知号码'],
};
const words = WORDS[navigator.language.slice(0, 2)] ?? WORDS.en ?? ['', '', '', '', ''];
const [CALLS, ANSWER, DECLINE, MISSED, UNKNOWN] = words;

/** The same tag as the page's own notification of the call: one takes the place of the other. */
const tagOf = (call: string): string => `ringdown-call-${call}`;

const show = (title: string, options: NotificationOptions & { actions?: { action: string; title: string }[]; renotify?: boolean }): Promise<void> =>
  worker.registration.showNotification(title, { icon: './icon-192.png', badge: './icon-192.png', ...options });

const ring = async (message: Extract<Message, { type: 'call' }>): Promise<void> => {
  const who = message.name || message.number || UNKNOWN;
  // A message that was held up says of a call that rings no more.
  if (Date.now() - message.at > message.ringMs) return show(who, { tag: tagOf(message.call), body: MISSED, data: message });
  return show(`${who} ${CALLS}`, {
    tag: tagOf(message.call), body: message.name ? message.number : '', data: message, renotify: true, requireInteraction: true,
    actions: [{ action: 'answer', title: ANSWER }, { action: 'decline', title: DECLINE }],
  });
};

const cease = async (message: Extract<Message, { type: 'over' }>): Promise<void> => {
  const shown = await worker.registration.getNotifications({ tag: tagOf(message.call) });
  const told = shown[0]?.data as { readonly name?: string; readonly number?: string } | undefined;
  for (const notification of shown) notification.close();
  if (!['cancelled', 'no-answer'].includes(message.reason)) return;
  await show((told?.name ?? '') || (told?.number ?? '') || UNKNOWN, { tag: tagOf(message.call), body: MISSED, data: told });
};

/** Opens the phone, or the one that is open; with a call it is answered there. */
const openPhone = async (call: string | null): Promise<void> => {
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find(({ url }) => new URL(url).pathname.endsWith('/phone.html'));
  if (!page) {
    await worker.clients.openWindow(`./phone.html${call === null ? '' : `#answer=${call}`}`);
    return;
  }
  if (call !== null) page.postMessage({ ringdown: 'answer', call });
  await page.focus();
};

worker.addEventListener('push', (event) => {
  const message = event.data?.json() as Message | undefined;
  if (message) event.waitUntil(message.type === 'call' ? ring(message) : cease(message));
});

worker.addEventListener('notificationclick', (event) => {
  const message = event.notification.data as Partial<Extract<Message, { type: 'call' }>> | null;
  event.notification.close();
  if (event.action === 'decline') {
    event.waitUntil(fetch('/api/v1/push/decline', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: message?.decline ?? '' }),
    }));
    return;
  }
  event.waitUntil(openPhone(event.action === 'answer' ? message?.call ?? null : null));
});

// The phone's page opens without a network and says so itself; everything else is the network's.
const SHELL = 'ringdown-shell';
worker.addEventListener('install', (event) => event.waitUntil(caches.open(SHELL).then((cache) => cache.add('./phone.html')).then(() => worker.skipWaiting())));
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const isShell = /\/(phone\.html|icon-\d+\.png|manifest\.webmanifest)$|\/assets\//.test(pathname);
  if (request.method !== 'GET' || origin !== worker.location.origin || !isShell) return;
  event.respondWith((async () => {
    const cache = await caches.open(SHELL);
    try {
      const response = await fetch(request);
      if (response.ok) await cache.put(request, response.clone());
      return response;
    } catch (thrown) {
      const kept = await cache.match(request, { ignoreSearch: true });
      if (kept) return kept;
      throw thrown;
    }
  })());
});
