// The phone in a window of its own.
import '../ui/index.js';
import { applyQuery } from './query.js';

const phone = document.querySelector('ringdown-phone');
if (phone) applyQuery(phone);

// The whole page is the phone: it speaks its language.
document.addEventListener('ringdown:language', (event) => {
  document.documentElement.lang = (event as CustomEvent<{ readonly language: string }>).detail.language;
});

/** A call to be answered: from a notification that opened this page, or told by the service worker. */
let wanted = new URLSearchParams(location.hash.slice(1)).get('answer');
if (wanted !== null) history.replaceState(null, '', location.pathname + location.search);
const answer = (): void => {
  const call = phone?.client?.calls.find(({ callId, mine, direction, state }) => callId === wanted && mine && direction === 'inbound' && state === 'ringing');
  if (!phone || !call) return;
  wanted = null;
  void phone.answer(call);
};
document.addEventListener('ringdown:incoming', answer);
if ('serviceWorker' in navigator) {
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ ringdown?: string; call?: string }>) => {
    if (data.ringdown !== 'answer') return;
    wanted = data.call ?? null;
    answer();
  });
}
