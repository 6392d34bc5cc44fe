// The end of a sign-in with a provider: hands the code to the page that opened the window, and to no other, or goes back to
// the page that was left for it.
import { noteReturn } from '../modules/sign-in/provider-window.js';

const given = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, '', location.pathname);
const [code, error, origin] = ['code', 'error', 'origin'].map((name) => given.get(name));
const outcome = code ? { code } : { error: error ?? 'failed' };
const said = { ringdown: 'signed-in', ...outcome };
const opener = window.opener as Window | null;
const isOurs = !origin || origin === location.origin;
const back = isOurs && !opener ? noteReturn(outcome) : null;
if (back !== null) location.replace(back);
else {
  if (!isOurs) opener?.postMessage(said, origin);
  else {
    opener?.postMessage(said, location.origin);
    const channel = new BroadcastChannel('ringdown-sign-in');
    channel.postMessage(said);
    channel.close();
  }
  window.close();
}
