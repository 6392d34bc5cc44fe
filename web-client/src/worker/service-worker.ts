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
  /** The files of the phone's page, all of one build. */
  readonly RINGDOWN_SHELL?: readonly string[];
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

/** Calls that were over before they were told of: a push service keeps no order. */
const over = new Set<string>();

/** Messages are shown one after the other: one about a call looks at what the one before it left. */
let turn: Promise<unknown> = Promise.resolve();
const inTurn = (work: () => Promise<void>): Promise<void> => {
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
};

const shown = (call: string): Promise<readonly Notification[]> => worker.registration.getNotifications({ tag: tagOf(call) });

const missed = (call: string, told: { readonly name?: string; readonly number?: string } | undefined): Promise<void> =>
  show((told?.name ?? '') || (told?.number ?? '') || UNKNOWN, { tag: tagOf(call), body: MISSED, data: { ...told, type: 'missed' }, silent: true });

const ring = async (message: Extract<Message, { type: 'call' }>): Promise<void> => {
  // A message that was held up says of a call that rings no more.
  const left = message.at + message.ringMs - Date.now();
  const who = message.name || message.number || UNKNOWN;
  await inTurn(() => left < 0 || over.has(message.call) ? missed(message.call, message) : show(`${who} ${CALLS}`, {
    tag: tagOf(message.call), body: message.name ? message.number : '', data: message, renotify: true, requireInteraction: true,
    actions: [{ action: 'answer', title: ANSWER }, { action: 'decline', title: DECLINE }],
  }));
  // Where nobody says that it is over it ends by itself.
  await new Promise((resolve) => { setTimeout(resolve, Math.max(0, Math.min(left, LONGEST_WAIT_MS))); });
  if (left < 0 || left > LONGEST_WAIT_MS) return;
  const rings = (await shown(message.call)).some(({ data }) => (data as Message | null)?.type === 'call');
  if (rings) await missed(message.call, message);
};

const cease = async (message: Extract<Message, { type: 'over' }>): Promise<void> => {
  over.add(message.call);
  const rings = await shown(message.call);
  const told = rings[0]?.data as { readonly name?: string; readonly number?: string } | undefined;
  if (['cancelled', 'no-answer'].includes(message.reason)) return missed(message.call, told);
  for (const notification of rings) notification.close();
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
  if (message?.type === 'call') event.waitUntil(ring(message));
  else if (message?.type === 'over') event.waitUntil(inTurn(() => cease(message)));
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

// The phone's page opens without a network and says so itself. What is kept is of one build and never mixed with another's: the
// page comes from the network whenever there is one, its other files have their content in their name.
const FILES = worker.RINGDOWN_SHELL ?? [];
const SHELL = `ringdown-shell ${FILES.join(' ')}`;
worker.addEventListener('install', (event) => event.waitUntil((async () => {
  const cache = await caches.open(SHELL);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: 'no-cache' })));
  await worker.skipWaiting();
})()));
worker.addEventListener('activate', (event) => event.waitUntil((async () => {
  const others = (await caches.keys()).filter((name) => name.startsWith('ringdown-shell') && name !== SHELL);
  await Promise.all(others.map((name) => caches.delete(name)));
  await worker.clients.claim();
})()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== worker.location.origin) return;
  const isPage = pathname.endsWith('/phone.html');
  if (!isPage && !FILES.some((file) => new URL(file, worker.location.href).pathname === pathname)) return;
  const kept = async (): Promise<Response | undefined> => (await caches.open(SHELL)).match(request, { ignoreSearch: true });
  event.respondWith(isPage
    ? fetch(request).catch(async (thrown: unknown) => {
      const page = await kept();
      if (page) return page;
      throw thrown;
    })
    : kept().then((file) => file ?? fetch(request)));
});

/** Browsers end a worker that handles one message for much longer. */
const LONGEST_WAIT_MS = 60_000;
