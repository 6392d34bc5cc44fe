// The server's address in its two forms.

/** `https://pbx.example`, `wss://pbx.example/ws` or empty (the page's own) as the WebSocket's address. */
export const socketUrl = (server: string): string => `${httpOrigin(server).replace(/^http/, 'ws')}/ws`;

/** The same as the address of the REST interface, without a slash at the end. */
export const httpOrigin = (server: string): string => {
  const base = typeof location === 'undefined' ? 'http://localhost' : location.origin;
  const text = server.trim();
  if (text === '') return base;
  const absolute = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  return absolute.replace(/^ws/i, 'http').replace(/(\/ws)?\/*$/, '');
};
