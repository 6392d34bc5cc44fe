// The end of a sign-in with a provider: hands the code to the page that opened the window, and to no other.
export {};

const given = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, '', location.pathname);
const [code, error, origin] = ['code', 'error', 'origin'].map((name) => given.get(name));
const said = { ringdown: 'signed-in', ...(code ? { code } : { error: error ?? 'failed' }) };
const opener = window.opener as Window | null;
if (origin && origin !== location.origin) opener?.postMessage(said, origin);
else {
  opener?.postMessage(said, location.origin);
  const channel = new BroadcastChannel('ringdown-sign-in');
  channel.postMessage(said);
  channel.close();
}
window.close();
