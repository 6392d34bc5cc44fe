// The fake server on a network, for development, screenshots and tests of pages: `FakeServer` of the module `testing` behind
// HTTP and WebSockets. Its media is played by a browser page that loads /switch.html: a real WebRTC peer per call, sending a
// tone.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.map': 'application/json', '.json': 'application/json', '.png': 'image/png' };
const CSP = "default-src 'self'; connect-src 'self' ws:; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; base-uri 'none'; object-src 'none'";
const SWITCH_PAGE = '<!doctype html><title>switch</title><script type="module" src="/switch.js"></script>';
/** How people seem who have no page open. */
const PRESENCE = { carol: 'on-call', elif: 'ringing', ines: 'on-call' };

/**
 * Starts the server. `root` is served where given; `testing` is the module, the built one unless given. The result tells
 * its address and lets a test play the others: `fake` is the `FakeServer`, the rest is about alice's newest call.
 */
export const startFakeServer = async ({ port = 0, root = null, testing = import('../dist/ringdown-testing.js') } = {}) => {
  const { FakeServer, FAKE_PEOPLE } = await testing;
  const switchPage = new SwitchPage();
  const people = FAKE_PEOPLE.map((person) => ({ ...person, presence: PRESENCE[person.username] ?? person.presence }));
  const fake = new FakeServer({ people, media: switchPage });
  switchPage.fake = fake;
  for (const entry of sampleHistory(people)) fake.desk.records.add('u-101', entry);
  const http = createServer((request, response) => void respond(fake, request, response, root));
  const sockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, (connection) => {
    if (request.url === '/switch') switchPage.take(connection);
    else serveClient(fake, connection);
  }));
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve));
  const newest = () => fake.desk.calls.legs.filter(({ account, session }) => account?.username === 'alice' && session).at(-1);
  const others = () => newest()?.others ?? [];
  return {
    fake,
    address: `http://127.0.0.1:${http.address().port}`,
    /** Somebody calls alice. */
    ring: (number, variables = {}) => fake.person(number).call('101', variables),
    /** The other side answers, ends, or holds the newest call. */
    answer: () => others().forEach((leg) => fake.desk.calls.answer(leg)),
    hold: (held) => others().forEach((leg) => fake.desk.calls.hold(leg, held)),
    end: (reason, by = 'remote') => newest() && fake.desk.calls.hangup(newest(), reason, by),
    /** Somebody in alice's conference begins or ceases to talk: by id, else who came first after her. */
    talking: (member, isTalking) => {
      const [room] = fake.desk.calls.rooms.of('u-101');
      const known = room.members.find(({ id }) => id === member) ?? room.members[1];
      fake.push({ event: 'room.talking', data: { room: room.room, member: known.id, isTalking } }, 'alice');
    },
    /** The room that alice dialled asks for its PIN; some were wrong. */
    askPin: (wrong) => {
      newest().pinAsked = wrong;
      fake.desk.calls.changed(newest());
    },
    /** Another device of alice's is in a call. */
    elsewhere: (number) => {
      const { leg, place } = fake.desk.calls.start(fake.person('alice').account, null, number, {});
      place();
      leg.others.forEach((other) => fake.desk.calls.answer(other));
    },
    switchUp: (up) => fake.setSwitch(up),
    /** Forgets every session, call, room, parked call and conversation, without a word. */
    reset: () => {
      fake.desk.chat.clear();
      fake.stop({ forget: true, code: 1006 });
      fake.start();
    },
    /** Breaks every connection. */
    drop: () => fake.drop(),
    close: () => {
      fake.close();
      sockets.clients.forEach((socket) => socket.terminate());
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    },
  };
};

const serveClient = (fake, socket) => {
  const connection = fake.accept({
    send: (text) => socket.send(text),
    // 1006 says that there was no goodbye: only a broken connection gives it.
    close: (code) => (code === 1006 ? socket.terminate() : socket.close(code)),
  });
  socket.on('message', (data) => connection.handleText(String(data)));
  socket.on('close', () => connection.handleClose());
};

/** The page that plays the media; until it is there, what has no sound. */
class SwitchPage {
  #socket = null;
  #waiting = new Map();

  take(socket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const { type, call, ...rest } = JSON.parse(data);
      if (type === 'candidate') {
        const leg = this.fake.desk.calls.legs.find(({ id }) => id === call);
        leg?.session?.push({ event: 'call.candidate', data: { call, candidate: rest.candidate } });
      } else {
        this.#waiting.get(call)?.(rest.description);
      }
    });
  }

  offer(call) { return this.#ask({ type: 'offer', call }, { type: 'offer', sdp: 'fake-offer' }); }

  describe(call, description) {
    if (description.type === 'offer') return this.#ask({ type: 'describe', call, description }, { type: 'answer', sdp: 'fake-answer' });
    this.#tell({ type: 'describe', call, description });
    return Promise.resolve(null);
  }

  candidate(call, candidate) { this.#tell({ type: 'candidate', call, candidate }); }
  close(call) { this.#tell({ type: 'close', call }); }

  #ask(message, without) {
    if (!this.#socket) return Promise.resolve(without);
    return new Promise((resolve) => {
      this.#waiting.set(message.call, resolve);
      this.#tell(message);
    });
  }

  #tell(message) { this.#socket?.send(JSON.stringify(message)); }
}

const respond = async (fake, request, response, root) => {
  const path = new URL(request.url, 'http://x').pathname;
  if (path.startsWith('/api/')) return api(fake, request, response, path);
  if (path === '/switch.html') return send(response, 200, 'text/html', SWITCH_PAGE);
  const file = path === '/switch.js' ? join(import.meta.dirname, 'fake-switch.js')
    : root && join(root, normalize(path.endsWith('/') ? `${path}index.html` : path));
  if (!file || !existsSync(file) || !statSync(file).isFile()) return send(response, 404, 'text/plain', 'not found');
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP });
  createReadStream(file).pipe(response);
};

const send = (response, status, type, body) => {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
};

/** Signing in. Any password is right but `wrong`; who is not known is alice. A token is the name, as the fake server has it. */
const api = async (fake, request, response, path) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  const body = JSON.parse(text || '{}');
  if (path === '/api/v1/login' && body.password === 'wrong') {
    return send(response, 401, 'application/problem+json', JSON.stringify({
      type: 'urn:ringdown:problem:bad-credentials', title: 'Bad credentials', status: 401,
      detail: 'The name or the password is wrong.', solutions: ['Check both and try again.'],
    }));
  }
  if (path === '/api/v1/sign-in') return send(response, 200, 'application/json', JSON.stringify({ password: true, providers: [] }));
  if (path === '/api/v1/logout') return send(response, 204, 'text/plain', '');
  if (!['/api/v1/login', '/api/v1/refresh'].includes(path)) return send(response, 404, 'application/problem+json', '{"title":"Not found","status":404}');
  const known = ['alice', 'bob', 'carol', 'daniel'].find((name) => name === (body.username ?? body.refreshToken)) ?? 'alice';
  const { userId, username, name, extension } = fake.person(known).account;
  const tokens = { accessToken: username, expiresIn: 600, refreshToken: username, me: { userId, username, name, extension, role: 'user' } };
  return send(response, 200, 'application/json', JSON.stringify(tokens));
};

const sampleHistory = (people) => {
  const minute = 60_000;
  const now = Date.now();
  return [
    ['102', 'inbound', 12, 4.2, 'hangup'], ['105', 'outbound', 47, null, 'no-answer'], ['107', 'inbound', 95, null, 'cancelled'],
    ['104', 'outbound', 180, 21.6, 'hangup'], ['109', 'outbound', 1500, null, 'busy'], ['103', 'inbound', 1560, 1.3, 'hangup'],
    ['110', 'inbound', 3100, null, 'answered-elsewhere'], ['102', 'outbound', 4600, 8.8, 'hangup'],
  ].reverse().map(([number, direction, ago, minutes, reason], index) => {
    const startedAt = now - ago * minute;
    const { userId, name } = people.find(({ extension }) => extension === number);
    return {
      callId: `h-${index}`, direction, peer: { userId, number, name }, startedAt, answeredAt: minutes ? startedAt : null,
      endedAt: startedAt + (minutes ?? 0.4) * minute, reason, quality: null,
    };
  });
};

if (process.argv[1] === import.meta.filename) {
  const server = await startFakeServer({ port: Number(process.argv[2] ?? 8090), root: process.argv[3] ?? null });
  console.log(`fake server on ${server.address}; sign in with any name and any password but "wrong"`);
}
