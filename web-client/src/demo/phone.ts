// The phone in a window of its own.
import '../ui/index.js';
import { telephoneNumber } from '../modules/click-to-call/index.js';
import { forgetOthersSessions } from '../modules/tabs/index.js';
import { applyQuery } from './query.js';

const phone = document.querySelector('ringdown-phone');
if (phone) applyQuery(phone);

// The whole page is the phone: it speaks its language.
document.addEventListener('ringdown:language', (event) => {
  document.documentElement.lang = (event as CustomEvent<{ readonly language: string }>).detail.language;
});

/** A call to be answered: from a notification that opened this page, or told by the service worker. */
let wanted: string | null = null;
const answer = (): boolean => {
  const call = phone?.client?.calls.find(({ callId, mine, direction, state }) => callId === wanted && mine && direction === 'inbound' && state === 'ringing');
  if (!phone || !call) return false;
  wanted = null;
  void phone.answer(call);
  return true;
};
document.addEventListener('ringdown:incoming', answer);

/** A page that slept while the browser rang is another session than the one that rings: opened anew it has the call. */
const answerSoon = (): void => {
  if (answer()) return;
  setTimeout(() => {
    if (wanted === null || answer() || phone?.client?.calls.some(({ mine }) => mine)) return;
    forgetOthersSessions('');
    location.hash = `answer=${encodeURIComponent(wanted)}`;
    location.reload();
  }, RINGS_WITHIN_MS);
};
const RINGS_WITHIN_MS = 1500;

/** What stands behind the `#` of an address this page is opened with. */
const take = (hash: string): void => {
  const given = new URLSearchParams(hash.slice(1));
  // A `tel:` link of some page or application: shown, never called by itself, for any page can bring people here.
  const dialled = telephoneNumber(given.get('dial') ?? '');
  if (dialled !== '') phone?.dial(dialled.slice(0, 64));
  wanted = given.get('answer') ?? wanted;
};
take(location.hash);
if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
// An installed application that is open already is not opened anew: that would interrupt a call.
(window as { launchQueue?: LaunchQueue }).launchQueue?.setConsumer(({ targetURL }) => { if (targetURL) take(new URL(targetURL).hash); });
if ('serviceWorker' in navigator) {
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ ringdown?: string; call?: string }>) => {
    if (data.ringdown !== 'answer') return;
    wanted = data.call ?? null;
    answerSoon();
  });
}

/** Where browsers tell an installed application what it is opened for. */
interface LaunchQueue {
  setConsumer(consumer: (launch: { readonly targetURL?: string }) => void): void;
}
