// Web Push: a call rings this browser while no page of the phone is open. For pages of the server's own origin, which have
// its service worker.

/** Whether calls reach this browser while the phone is closed. */
export type PushState = 'unsupported' | 'blocked' | 'off' | 'on';

/** What it needs. */
export interface WebPushOptions {
  /** An access token for the server's REST methods. */
  readonly token: () => Promise<string>;
}

/** Rings this browser while the phone is closed. */
export class WebPush {
  readonly #options: WebPushOptions;

  /** Nothing is asked of the browser until a command is. */
  constructor(options: WebPushOptions) {
    this.#options = options;
  }

  /** How it is. */
  async state(): Promise<PushState> {
    if (!isSupported()) return 'unsupported';
    if (Notification.permission === 'denied') return 'blocked';
    const registration = await navigator.serviceWorker.getRegistration('/');
    return await registration?.pushManager.getSubscription() ? 'on' : 'off';
  }

  /** Switches it on, after the browser's question; from a click. */
  async enable(): Promise<PushState> {
    if (!isSupported()) return 'unsupported';
    if (await Notification.requestPermission() !== 'granted') return 'blocked';
    await navigator.serviceWorker.register('/sw.js', { scope: '/' });
    const registration = await navigator.serviceWorker.ready;
    const token = await this.#options.token();
    const { publicKey } = await this.#ask('key', token) as { publicKey: string };
    const key = decode(publicKey);
    let subscription = await registration.pushManager.getSubscription();
    // One that was made for another server's key is of no use here.
    if (subscription && !same(subscription.options.applicationServerKey, key)) {
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    await this.#ask('subscriptions', token, subscription.toJSON());
    return 'on';
  }

  /** Switches it off. */
  async disable(): Promise<PushState> {
    const registration = isSupported() ? await navigator.serviceWorker.getRegistration('/') : undefined;
    const subscription = await registration?.pushManager.getSubscription();
    if (subscription) {
      await subscription.unsubscribe();
      await this.#ask('unsubscribe', await this.#options.token(), { endpoint: subscription.endpoint });
    }
    return this.state();
  }

  async #ask(path: string, token: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`/api/v1/push/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The server answers ${response.status}.`);
    return response.status === 204 ? null : response.json();
  }
}

const isSupported = (): boolean => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

const decode = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));

const same = (one: ArrayBuffer | null, other: Uint8Array): boolean =>
  one !== null && one.byteLength === other.length && new Uint8Array(one).every((octet, at) => octet === other[at]);
