// The phone that another site's page embeds: in a frame, or in a window that outlives the page.
import { CONNECT, HERE, type CallDetail, type Order, type PhoneEventMap, type ToPage, type ToPhone } from '../modules/embed/wire.js';
import { EmbedSignIn } from './embed-sign-in.js';
import '../ui/index.js';

/** In the page once it is known whose phone it is: what the tab kept may be of somebody else, who was here before. */
const phone = document.createElement('ringdown-phone');
phone.dataset.testid = 'phone';
const isFramed = window.parent !== window;
/** Who may give orders: the page around the frame, or the one that opened the window. */
const master = isFramed ? window.parent : window.opener as Window | null;
/** The origin that was found good, and is the only one from then on. */
let trusted: string | null = null;
let port: MessagePort | null = null;
let questions = 0;
/** As long as a page may take to answer. */
const ASK_WITHIN_MS = 10_000;
/** A page that is there connects within it. */
const CONNECTED_WITHIN_MS = 5000;
const waiting = new Map<number, (value: unknown) => void>();

const post = (message: ToPage): void => port?.postMessage(message);

const ask = (question: { ask: 'token' } | { ask: 'contact'; number: string }): Promise<unknown> =>
  new Promise((resolve) => {
    const id = ++questions;
    waiting.set(id, resolve);
    setTimeout(() => { if (waiting.delete(id)) resolve(null); }, ASK_WITHIN_MS);
    post({ ...question, id });
  });

/** Our own pages, and those of sites on the server's list. */
const isAllowed = async (origin: string): Promise<boolean> => {
  if (origin === location.origin) return true;
  const response = await fetch(`/api/v1/embedding?${new URLSearchParams({ origin })}`).catch(() => null);
  return response?.ok ?? false;
};

const signIn = new EmbedSignIn({ ask: () => ask({ ask: 'token' }), store: sessionStorage });

const show = (): void => {
  if (!phone.isConnected) document.body.append(phone);
};

const begin = (has: Extract<ToPhone, { begin: unknown }>['begin']): void => {
  phone.lang = has.lang;
  // The window's storage began as a copy of ours: a refresh token that was used there must not be used here.
  if (has.isBack && isFramed) signIn.forget();
  if (has.hasContacts) phone.resolveContact = async (number) => await ask({ ask: 'contact', number }) as null;
  if (has.hasToken) phone.token ??= signIn.token;
  else phone.remember = 'session';
  show();
  if (phone.client?.state === 'ready') post({ event: 'ready', detail: {} });
};

const obey = async (order: Order): Promise<string | null> => {
  if (order.do === 'call') return (await phone.call(order.number, order.variables))?.callId ?? null;
  const call = phone.client?.calls.find(({ id, callId, mine }) => mine && (id === order.call || callId === order.call));
  if (!call) throw Object.assign(new Error('There is no such call here.'), { name: 'no-such-call' });
  switch (order.do) {
    case 'answer': await phone.answer(call); break;
    case 'decline': await call.decline('declined'); break;
    case 'hangup': await call.hangup(); break;
    case 'hold': await call.hold(); break;
    case 'unhold': await call.unhold(); break;
    case 'mute': await call.mute(order.on); break;
    case 'dtmf': await call.sendDtmf(order.digits); break;
    case 'transfer': await call.transfer(order.to); break;
  }
  return call.callId;
};

const handle = (message: ToPhone): void => {
  if ('begin' in message) begin(message.begin);
  else if ('answer' in message) {
    waiting.get(message.answer)?.(message.value);
    waiting.delete(message.answer);
  } else {
    const { id } = message;
    obey(message.order).then(
      (call) => post({ done: id, error: null, call }),
      (thrown: unknown) => {
        const { name, message: text } = thrown as Error;
        post({ done: id, error: { name, message: text }, call: null });
      },
    );
  }
};

window.addEventListener('message', (event) => {
  if (event.source !== master || event.data !== CONNECT) return;
  const [given] = event.ports;
  if (!given || (trusted !== null && event.origin !== trusted)) return;
  void isAllowed(event.origin).then((allowed) => {
    if (!allowed || (trusted !== null && event.origin !== trusted)) return;
    trusted = event.origin;
    port?.close();
    port = given;
    port.onmessage = ({ data }: MessageEvent<ToPhone>) => handle(data);
  });
});

const forward = (name: keyof PhoneEventMap, of: string): void =>
  document.addEventListener(`ringdown:${of}`, (event) => {
    // What cannot be sent, and what is nobody's business, stays here.
    const detail = { ...(event as CustomEvent<Record<string, unknown>>).detail, call: undefined, error: undefined };
    post({ event: name, detail: detail as unknown as CallDetail });
  });
for (const name of ['ready', 'offline', 'call', 'incoming', 'answered', 'ended', 'record'] as const) forward(name, name);
forward('screenPop', 'screen-pop');

// The page that opened the window may be left for another of its site, which then hears of us. It is told nothing else, so
// any page may hear it; who answers is looked at.
if (!isFramed && master) {
  // A name of its own for each page of the window: one that was reloaded is connected anew.
  const here = `${HERE} ${crypto.randomUUID()}`;
  const say = (): void => master.postMessage(here, trusted ?? '*');
  say();
  setInterval(say, 1000);
}

// A window whose page is gone, or was left for one of another site, goes on by itself: a reload ends no call.
if (!isFramed) {
  setTimeout(() => {
    if (phone.isConnected) return;
    phone.remember = 'session';
    show();
  }, master ? CONNECTED_WITHIN_MS : 0);
}
