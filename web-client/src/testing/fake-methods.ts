// What the fake server does when a signed-in client asks for it.
import type { MethodName, ParamsOf, ResultOf } from '../protocol/messages.js';
import type { Settings, SettingsChange } from '../protocol/generated.js';
import type { FakeDesk } from './fake-desk.js';
import { infoOf } from './fake-leg.js';
import { FakeFault } from './fake-people.js';
import type { FakeSession } from './fake-session.js';

/** Answers a method; throw `FakeFault` to refuse. */
export type FakeAnswer<M extends MethodName> = (params: ParamsOf<M>, session: FakeSession) => ResultOf<M> | Promise<ResultOf<M>>;

/** Answers to methods, by name. */
export type FakeAnswers = { [M in MethodName]?: FakeAnswer<M> };

/** The answers of a fake server that nobody scripted. */
export const answersOf = (desk: FakeDesk): FakeAnswers => {
  const { calls } = desk;
  const { rooms } = calls;
  const { chat } = desk;
  return {
    ping: () => ({}),
    bye: (_params, session) => {
      desk.endSession(session, 4006);
      return {};
    },
    'directory.search': ({ query }) => {
      if (query.length > 64) throw new FakeFault('bad-request', 'a query is at most 64 characters');
      const text = query.toLowerCase();
      return { entries: desk.directory().filter(({ name, extension }) => name.toLowerCase().includes(text) || extension.includes(text)).slice(0, 50) };
    },
    'history.list': ({ cursor, limit = 50, outcome }, { account }) => {
      if (limit < 1 || limit > 100) throw new FakeFault('bad-request', 'a limit is 1 to 100');
      const all = desk.records.history(account.userId, outcome);
      const from = cursor === undefined ? 0 : Number(cursor);
      if (!Number.isInteger(from)) throw new FakeFault('bad-request', 'a cursor is one that was given before');
      const entries = all.slice(from, from + limit);
      return from + limit < all.length ? { entries, cursor: String(from + limit) } : { entries };
    },
    'settings.get': (_params, { account }) => desk.records.of(account.userId).settings,
    'settings.set': (change, { account }) => desk.records.setSettings(account.userId, changed(desk.records.of(account.userId).settings, change)),
    'history.seen': (_params, { account }) => { desk.records.seen(account.userId); return {}; },
    'directory.favourite': ({ user, on }, { account }) => { desk.records.setFavourite(account.userId, user, on); return {}; },
    'directory.photo': ({ file }, { account }) => { desk.setPhoto(account.userId, file); return {}; },
    'contact.search': ({ query }) => {
      if (query.length > 64) throw new FakeFault('bad-request', 'a query is at most 64 characters');
      return { contacts: desk.searchContacts(query) };
    },
    'presence.watch': ({ users }) => {
      if (users.length > 500) throw new FakeFault('bad-request', 'at most 500 people a request');
      return { entries: desk.directory().filter(({ userId }) => users.includes(userId)) };
    },
    'presence.unwatch': () => ({}),
    'presence.sound': ({ locked }, { account }) => { desk.setLocked(account.userId, locked); return {}; },
    'voicemail.list': (_params, { account }) => ({ messages: desk.records.of(account.userId).voicemail, ...desk.records.count(account.userId) }),
    'voicemail.mark': ({ message, isHeard }, { account }) => { desk.records.mark(account.userId, message, isHeard); return {}; },
    'voicemail.delete': ({ message }, { account }) => { desk.records.drop(account.userId, message); return {}; },
    'voicemail.link': ({ message }) => ({ path: `/api/v1/voicemail/${message}`, expiresIn: 60 }),
    'call.start': ({ to, description, variables }, session) => {
      desk.needSwitch();
      const { leg, place } = calls.start(session.account, session, number(to), { ...bounded(variables) });
      const call = infoOf(leg, session);
      described(description);
      desk.describe(leg, description);
      desk.later(place);
      return { call };
    },
    'call.answer': ({ call, description }, session) => {
      const leg = calls.leg(call, session);
      if (description) desk.describe(leg, described(description));
      calls.answer(leg);
      return {};
    },
    'call.decline': ({ call, reason }, session) => { calls.decline(calls.leg(call, session), reason); return {}; },
    'call.hangup': ({ call }, session) => { calls.hangup(calls.leg(call, session)); return {}; },
    'call.hold': ({ call }, session) => { calls.hold(calls.talking(call, session), true); return {}; },
    'call.unhold': ({ call }, session) => { calls.hold(calls.talking(call, session), false); return {}; },
    'call.mute': ({ call, muted }, session) => { calls.mute(calls.leg(call, session), muted); return {}; },
    'call.dtmf': ({ call, digits }, session) => {
      if (!/^[0-9*#A-D]{1,32}$/.test(digits)) throw new FakeFault('bad-request', 'digits are 1 to 32 of 0-9 * # A-D');
      calls.dtmf(calls.leg(call, session), digits);
      return {};
    },
    'call.describe': ({ call, description }, session) => { desk.describe(calls.leg(call, session), described(description)); return {}; },
    'call.reoffer': ({ call }, session) => { desk.reoffer(calls.talking(call, session)); return {}; },
    'call.candidate': ({ call, candidate }, session) => { desk.media.candidate(calls.leg(call, session).id, candidate); return {}; },
    'call.transfer': ({ call, to }, session) => { calls.transfer(calls.talking(call, session), number(to)); return {}; },
    'call.complete': ({ call, other }, session) => { calls.complete(calls.talking(call, session), calls.leg(other, session)); return {}; },
    'call.merge': ({ call, other }, session) => { calls.merge(calls.talking(call, session), calls.talking(other, session)); return {}; },
    'call.park': ({ call, slot }, session) => ({ slot: calls.park(calls.talking(call, session), slot) }),
    'call.originate': ({ to, autoAnswer, variables }, session) => {
      desk.needSwitch();
      return { callId: calls.originate(session, number(to), autoAnswer, { ...bounded(variables) }) };
    },
    'call.completion': ({ on }, session) => { desk.setCompletion(session.account, on); return {}; },
    'call.record': ({ call }, session) => ({ recording: calls.record(calls.talking(call, session), true) }),
    'call.stopRecording': ({ call, recording }, session) => {
      const leg = calls.talking(call, session);
      if (leg.recording !== recording) throw new FakeFault('no-such-call', 'no such recording');
      calls.record(leg, false);
      return {};
    },
    'room.mute': ({ room, member, muted }, { account }) => { rooms.mute(account.userId, room, member, muted); return {}; },
    'room.gain': ({ room, member, decibels }, { account }) => { rooms.gain(account.userId, room, member, decibels); return {}; },
    'room.remove': ({ room, member }, { account }) => { calls.end(rooms.remove(account.userId, room, member), 'removed', 'remote'); return {}; },
    'room.invite': ({ call, to }, session) => calls.invite(calls.talking(call, session), number(to)),
    'room.uninvite': ({ room, invitation }, { account }) => { calls.uninvite(account.userId, room, invitation); return {}; },
    'room.lock': ({ room, locked }, { account }) => { rooms.lock(account.userId, room, locked); return {}; },
    'chat.list': (_params, session) => chat.list(session),
    'chat.open': ({ call, ...target }, session) => {
      if (call === undefined) return chat.open(session, target);
      const { room, peer } = calls.leg(call, session);
      return room === null ? chat.open(session, { to: peer.number }) : chat.openRoom(session, room, rooms.users(room));
    },
    'chat.create': ({ title, members }, session) => chat.create(session, title, members),
    'chat.change': (change, session) => chat.change(session, change),
    'chat.leave': ({ conversation }, session) => { chat.leave(session, conversation); return {}; },
    'chat.history': (params, session) => chat.history(session, params),
    'chat.send': (params, session) => ({ message: chat.send(session, params) }),
    'chat.edit': ({ conversation, seq, text }, session) => ({ message: chat.edit(session, conversation, seq, text) }),
    'chat.delete': ({ conversation, seq }, session) => ({ message: chat.edit(session, conversation, seq) }),
    'chat.mark': ({ conversation, delivered, read }, session) => { chat.mark(session, conversation, delivered, read); return {}; },
    'chat.typing': ({ conversation }, session) => { chat.typing(session, conversation); return {}; },
    'chat.react': (params, session) => ({ message: chat.react(session, params) }),
    'chat.block': (params, session) => { chat.block(session, params); return {}; },
    'file.place': (_params, { account }) => desk.files.place(account.userId),
    'file.link': ({ file }, { account }) => desk.files.link(account.userId, file),
    'chat.search': ({ query, conversation }, session) => chat.search(session, query, conversation),
    'presence.set': (said, { account }) => {
      if (new TextEncoder().encode(said.note ?? '').length > 256) throw new FakeFault('bad-request', 'a note is at most 256 bytes');
      desk.say(account.userId, said);
      return {};
    },
  };
};

const number = (to: string): string => {
  const trimmed = to.trim();
  // Control characters are what the check is about.
  // eslint-disable-next-line no-control-regex
  if (trimmed === '' || trimmed.length > 64 || /[\u0000-\u001f\u007f]/.test(trimmed)) throw new FakeFault('bad-request', 'a number is 1 to 64 printable characters');
  return trimmed;
};

const described = <D extends { readonly sdp: string }>(description: D): D => {
  if (description.sdp === '' || description.sdp.length > 32 * 1024) throw new FakeFault('bad-request', 'a description is 1 byte to 32 KiB');
  return description;
};

const bounded = (variables: Record<string, string>): Record<string, string> => {
  const entries = Object.entries(variables);
  const bytes = new TextEncoder().encode(entries.flat().join('')).length;
  if (entries.length > 32 || bytes > 4096) throw new FakeFault('bad-request', 'variables are at most 32, 4 KiB together');
  return variables;
};

const changed = (settings: Settings, { forward, voicemailPin, ...change }: SettingsChange): Settings => ({
  ...settings,
  ...change,
  forward: { ...settings.forward, ...forward },
  hasVoicemailPin: voicemailPin === undefined ? settings.hasVoicemailPin : voicemailPin !== null,
});
