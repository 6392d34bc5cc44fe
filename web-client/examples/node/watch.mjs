// Signalling without a browser: who calls whom, presence, click-to-call from a server. No sound.
// Node 22 and newer have a WebSocket; before that: import { WebSocket } from 'ws'; globalThis.WebSocket = WebSocket;
import { RingdownClient } from '../../dist/ringdown-client.js';
import { SignIn } from '../../dist/ringdown-sign-in.js';

/** Tells what happens to a person's phones until `stop` is called. */
export const watch = async (server, username, password, tell) => {
  const signIn = new SignIn({ server });
  await signIn.signIn(username, password);
  const client = new RingdownClient({ server, token: signIn.token, callTones: false });
  client.on('call', (call) => tell(`${call.direction} ${call.peer.number} ${call.state}`));
  client.on('callEnded', (call, { reason }) => tell(`ended ${call.peer.number} ${reason}`));
  client.on('presence', (entries) => { for (const { userId, presence } of entries) tell(`${client.directory.byUser(userId)?.name} ${presence}`); });
  await client.connect();
  return { client, stop: () => client.destroy() };
};
