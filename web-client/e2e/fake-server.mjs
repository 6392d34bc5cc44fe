// A server for development and screenshots: speaks the client protocol, knows some people, and connects no calls of its
// own. Its media is played by a browser page that loads /switch.html: a real WebRTC peer per call, sending a tone.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';

const person = (extension, name, presence) => ({ userId: `u-${extension}`, name, extension, presence });
const PEOPLE = [
  person('101', 'Alice Archer', 'online'), person('102', 'Bob Baker', 'online'), person('103', 'Carol Céspedes', 'on-call'),
  person('104', 'Daniel Okafor', 'online'), person('105', 'Elif Yıldız', 'ringing'), person('106', 'Frank Nowak', 'offline'),
  person('107', 'Grace Kimura', 'online'), person('108', 'Henrik Dahl', 'offline'), person('109', 'Ines Ferreira', 'on-call'),
  person('110', 'Jonas Weber', 'online'), person('111', 'Kavya Raman', 'offline'),
];
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.map': 'application/json' };
const CSP = "default-src 'self'; connect-src 'self' ws:; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; base-uri 'none'; object-src 'none'";
const SWITCH_PAGE = '<!doctype html><title>switch</title><script type="module" src="/switch.js"></script>';

/** Starts the server. `root` is served where given. The result tells its address and lets a test play the others. */
export const startFakeServer = async ({ port = 0, root = null } = {}) => {
  const http = createServer((request, response) => void respond(request, response, root));
  const sockets = new WebSocketServer({ noServer: true });
  const state = { clients: new Set(), media: null, calls: new Map(), next: 1, parked: [], room: null, history: sampleHistory() };
  http.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, (connection) => {
    if (request.url === '/switch') state.media = connection;
    (request.url === '/switch' ? serveSwitch : serveClient)(state, connection);
  }));
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${http.address().port}`,
    /** Somebody calls the user. */
    ring: (number, variables = {}) => ring(state, number, variables),
    /** The other side answers, ends, or holds the newest call. */
    answer: () => change(state, { state: 'active', answeredAt: Date.now() }),
    hold: (held) => change(state, { heldByPeer: held }),
    end: (reason, by = 'remote') => end(state, newest(state), reason, by),
    /** Somebody in the conference begins or ceases to talk. */
    talking: (member, isTalking) => push(state, 'room.talking', { room: state.room.room, member, isTalking }),
    /** Another of the user's devices is in a call. */
    elsewhere: (number) => push(state, 'call.state', { call: { ...newCall(state, 'inbound', 'active', number, {}), mine: false, answeredAt: Date.now() } }),
    switchUp: (up) => push(state, 'switch', { up }),
    /** Forgets every call, room and parked call, without a word. */
    reset: () => {
      for (const call of state.calls.keys()) toSwitch(state, { type: 'close', call });
      state.calls.clear();
      Object.assign(state, { parked: [], room: null });
    },
    /** Breaks every connection. */
    drop: () => state.clients.forEach((client) => client.socket.terminate()),
    close: () => {
      sockets.clients.forEach((socket) => socket.terminate());
      return new Promise((resolve) => http.close(resolve));
    },
  };
};

const respond = async (request, response, root) => {
  const path = new URL(request.url, 'http://x').pathname;
  if (request.method === 'POST') return api(request, response, path);
  if (path === '/switch.html') return send(response, 200, 'text/html', SWITCH_PAGE);
  const file = path === '/switch.js' ? join(import.meta.dirname, 'fake-switch.js')
    : root && join(root, normalize(path === '/' ? '/index.html' : path));
  if (!file || !existsSync(file) || !statSync(file).isFile()) return send(response, 404, 'text/plain', 'not found');
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP });
  createReadStream(file).pipe(response);
};

const send = (response, status, type, body) => {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
};

const api = async (request, response, path) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  const body = JSON.parse(text || '{}');
  if (path === '/api/v1/login' && body.password === 'wrong') {
    return send(response, 401, 'application/problem+json', JSON.stringify({
      type: 'urn:ringdown:problem:bad-credentials', title: 'Bad credentials', status: 401,
      detail: 'The name or the password is wrong.', solutions: ['Check both and try again.'],
    }));
  }
  const tokens = { accessToken: 'a', expiresIn: 600, refreshToken: 'r', me: ME };
  return send(response, path === '/api/v1/logout' ? 204 : 200, 'application/json', path === '/api/v1/logout' ? '' : JSON.stringify(tokens));
};

const ME = { userId: 'u-101', username: 'alice', name: 'Alice Archer', extension: '101', role: 'user' };

const serveClient = (state, socket) => {
  const client = { socket, seq: 0 };
  socket.on('message', (data) => {
    const { id, method, params } = JSON.parse(data);
    const reply = (result = {}) => socket.send(JSON.stringify({ id, result }));
    handle(state, client, method, params, reply);
  });
  socket.on('close', () => state.clients.delete(client));
};

const push = (state, event, data) => {
  for (const client of state.clients) client.socket.send(JSON.stringify({ seq: ++client.seq, event, data }));
};

const snapshot = (state) => ({ directory: PEOPLE, directoryComplete: true, favourites: [], missed: 0, voicemail: { new: 0, saved: 0 }, calls: [...state.calls.values()], callsComplete: true, rooms: state.room ? [state.room] : [], parked: state.parked, switchUp: true, tones: { busy: '425/500,0/500', congestion: '425/250,0/250' } });

const handle = (state, client, method, params, reply) => {
  const call = params.call && state.calls.get(params.call);
  const update = (changes) => {
    if (call) Object.assign(call, changes);
    reply();
    if (call) push(state, 'call.state', { call });
  };
  switch (method) {
    case 'hello':
      state.clients.add(client);
      return reply({
        session: 's', secret: 'x', me: ME, seq: 0, state: snapshot(state), serverVersion: '0.1.0', iceServers: [],
        pingIntervalMs: 20_000, resumeWindowMs: 120_000,
      });
    case 'resume':
      state.clients.add(client);
      client.seq = params.lastSeq;
      return reply({ seq: params.lastSeq, state: snapshot(state) });
    case 'history.list':
      return reply({ entries: state.history });
    case 'directory.search':
      return reply({ entries: PEOPLE.filter(({ name }) => name.toLowerCase().includes(params.query.toLowerCase())) });
    case 'call.start': {
      const started = newCall(state, 'outbound', 'dialing', params.to, params.variables);
      reply({ call: started });
      toSwitch(state, { type: 'describe', call: started.id, description: params.description });
      setTimeout(() => { if (state.calls.has(started.id)) change(state, { state: 'ringing' }); }, 150);
      return undefined;
    }
    case 'call.answer':
      return update({ state: 'active', answeredAt: Date.now() });
    case 'call.hold':
      return update({ held: true });
    case 'call.unhold':
      return update({ held: false });
    case 'call.mute':
      return update({ muted: params.muted });
    case 'call.decline':
    case 'call.hangup':
      reply();
      return call && end(state, call, call.answeredAt ? 'hangup' : method === 'call.decline' ? 'declined' : 'cancelled', 'local');
    case 'call.transfer':
      reply();
      return end(state, call, 'transferred', 'local');
    case 'call.complete':
      reply();
      end(state, call, 'transferred', 'local');
      return end(state, state.calls.get(params.other), 'transferred', 'local');
    case 'call.park':
      reply({ slot: 701 });
      state.parked.push({ slot: 701, party: call.peer, by: peerOf('101'), until: Date.now() + 120_000 });
      end(state, call, 'parked', 'local');
      return push(state, 'parked', { calls: state.parked });
    case 'call.merge':
      reply();
      return merge(state, call, state.calls.get(params.other));
    case 'call.record':
      return reply({ recording: 'r1' });
    case 'room.mute':
    case 'room.gain':
    case 'room.remove':
    case 'room.lock':
      reply();
      return changeRoom(state, method, params);
    case 'call.describe':
    case 'call.candidate':
      toSwitch(state, { type: method.slice(5), ...params });
      return reply();
    default:
      return reply();
  }
};

const newCall = (state, direction, phase, number, variables) => {
  const known = PEOPLE.find(({ extension }) => extension === number);
  const id = `leg-${state.next++}`;
  const call = {
    id, callId: `call-${id}`, mine: true, direction, state: phase,
    peer: { userId: known?.userId ?? null, number, name: known?.name ?? '' },
    held: false, heldByPeer: false, peerLost: false, muted: false, createdAt: Date.now(), answeredAt: null, variables,
  };
  state.calls.set(id, call);
  return call;
};

const peerOf = (number) => {
  const known = PEOPLE.find(({ extension }) => extension === number);
  return { userId: known?.userId ?? null, number, name: known?.name ?? '' };
};

/** A room of the user, who moderates, and both other sides. */
const merge = (state, call, other) => {
  const member = (id, party, isModerator = false) => ({ id, party, isModerator, isMuted: false, isSilenced: false, gain: 0, since: Date.now() });
  state.room ??= { room: 'room-1', number: '', isLocked: false, members: [member(call.id, peerOf('101'), true), member('m-1', call.peer)] };
  if (other) state.room.members.push(member(`m-${other.id}`, other.peer));
  end(state, other, 'transferred', 'local');
  Object.assign(call, { held: false });
  push(state, 'call.state', { call });
  push(state, 'room', { room: state.room });
};

const changeRoom = (state, method, params) => {
  const { room } = state;
  const member = room.members.find(({ id }) => id === params.member);
  if (method === 'room.lock') room.isLocked = params.locked;
  else if (method === 'room.mute') Object.assign(member, { isMuted: params.muted, isSilenced: params.muted });
  else if (method === 'room.gain') member.gain = params.decibels;
  else room.members = room.members.filter((other) => other !== member);
  push(state, 'room', { room });
};

const newest = (state) => [...state.calls.values()].at(-1);

const change = (state, changes) => {
  const call = newest(state);
  if (!call) return;
  Object.assign(call, changes);
  push(state, 'call.state', { call });
};

const end = (state, call, reason, by) => {
  if (!call) return;
  state.calls.delete(call.id);
  toSwitch(state, { type: 'close', call: call.id });
  push(state, 'call.ended', { call, reason, by, code: 16, durationMs: call.answeredAt ? Date.now() - call.answeredAt : 0 });
};

const ring = (state, number, variables) => {
  const call = newCall(state, 'inbound', 'ringing', number, variables);
  toSwitch(state, { type: 'offer', call: call.id });
};

const toSwitch = (state, message) => state.media?.send(JSON.stringify(message));

const serveSwitch = (state, socket) => {
  socket.on('message', (data) => {
    const { type, call: id, ...rest } = JSON.parse(data);
    const call = state.calls.get(id);
    if (!call) return;
    if (type === 'incoming') push(state, 'call.incoming', { call, description: rest.description, autoAnswer: rest.autoAnswer ?? false });
    else push(state, `call.${type}`, { call: id, ...rest });
  });
};

const sampleHistory = () => {
  const minute = 60_000;
  const now = Date.now();
  return [
    ['102', 'inbound', 12, 4.2, 'hangup'], ['105', 'outbound', 47, null, 'no-answer'], ['107', 'inbound', 95, null, 'cancelled'],
    ['104', 'outbound', 180, 21.6, 'hangup'], ['109', 'outbound', 1500, null, 'busy'], ['103', 'inbound', 1560, 1.3, 'hangup'],
    ['110', 'inbound', 3100, null, 'answered-elsewhere'], ['102', 'outbound', 4600, 8.8, 'hangup'],
  ].map(([number, direction, ago, minutes, reason], index) => {
    const startedAt = now - ago * minute;
    const { userId, name } = PEOPLE.find(({ extension }) => extension === number);
    return {
      callId: `h-${index}`, direction, peer: { userId, number, name }, startedAt, answeredAt: minutes ? startedAt : null,
      endedAt: startedAt + (minutes ?? 0.4) * minute, reason,
    };
  });
};

if (process.argv[1] === import.meta.filename) {
  const server = await startFakeServer({ port: Number(process.argv[2] ?? 8090), root: process.argv[3] ?? null });
  console.log(`fake server on ${server.address}; sign in with any name and any password but "wrong"`);
}
