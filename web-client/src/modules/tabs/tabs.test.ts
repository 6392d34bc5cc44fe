import { expect, it, describe } from 'vitest';
import type { SessionStorage } from '../../index.js';
import { settle } from '../../testing/fake-clock.js';
import { callInfo, welcome } from '../../testing/fake-socket.js';
import { FakeBrowser, Tab, TOKEN } from './fake-browser.js';

const active = callInfo({ state: 'active', answeredAt: 1_000_500 });

const twoTabs = async (calls = [] as ReturnType<typeof callInfo>[]): Promise<[Tab, Tab, FakeBrowser]> => {
  const browser = new FakeBrowser();
  const leader = new Tab(browser);
  await leader.server.welcome({ calls });
  const follower = new Tab(browser);
  await settle();
  await state(leader, calls);
  return [leader, follower, browser];
};

/** The server gives the leader the state that another tab asked for. */
const state = async (leader: Tab, calls: ReturnType<typeof callInfo>[] = [], seq = 0): Promise<void> => {
  await settle();
  await leader.server.result<'session.state'>(leader.server.take('session.state').id, { ...welcome({ calls }), secret: '', seq });
  await settle();
};

describe('two tabs', () => {
  it('have one connection, and both are ready', async () => {
    const [leader, follower] = await twoTabs();
    expect([leader.client.state, follower.client.state]).toEqual(['ready', 'ready']);
    expect([leader.server.opened, follower.server.opened]).toEqual([1, 0]);
    expect([leader.tabs.leads, follower.tabs.leads]).toEqual([true, false]);
    expect(follower.client.me?.username).toBe('alice');
  });

  it('both show who calls, one rings, the other answers, and the leader has the audio', async () => {
    const [leader, follower] = await twoTabs();
    await leader.server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: true } });
    await settle();
    for (const { client } of [leader, follower]) client.audio.startRinging();
    expect([leader.media.ringing, follower.media.ringing]).toEqual([true, false]);
    expect(follower.media.calls).toHaveLength(0);
    await leader.server.confirm('call.describe');
    await settle();
    const answered = follower.client.calls[0]?.answer();
    await settle();
    await leader.server.confirm('call.answer');
    await answered;
    await leader.server.push({ event: 'call.state', data: { call: active } });
    leader.media.last.handlers.onConnection('connected');
    await settle();
    expect([leader.client.calls[0]?.state, follower.client.calls[0]?.state]).toEqual(['active', 'active']);
    expect(leader.media.last.microphone).toBe(true);
  });

  it('places a call from the tab without audio', async () => {
    const [leader, follower] = await twoTabs();
    const placed = follower.client.call('102', { variables: { ticket: '7' } });
    await settle();
    const start = leader.server.take('call.start');
    expect(start.params).toMatchObject({ to: '102', variables: { ticket: '7' }, description: { sdp: 'client-offer' } });
    await leader.server.result<'call.start'>(start.id, { call: callInfo({ direction: 'outbound', state: 'dialing' }) });
    await settle();
    expect([(await placed).id, leader.client.calls.length, follower.client.calls.length]).toEqual(['leg-1', 1, 1]);
    expect([leader.media.calls.length, follower.media.calls.length]).toEqual([1, 0]);
  });

  it('controls the call from both: mute and hold show everywhere', async () => {
    const [leader, follower] = await twoTabs();
    await leader.server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    await leader.server.push({ event: 'call.state', data: { call: active } });
    await settle();
    const muted = follower.client.calls[0]?.mute();
    await settle();
    await leader.server.confirm('call.mute');
    await muted;
    expect(leader.media.last.sending).toBe(false);
    await leader.server.push({ event: 'call.state', data: { call: { ...active, muted: true, held: true } } });
    await settle();
    expect([leader.client.calls[0]?.muted, follower.client.calls[0]?.muted, follower.client.calls[0]?.held]).toEqual([true, true, true]);
    const freed = leader.client.calls[0]?.mute(false);
    await leader.server.push({ event: 'call.state', data: { call: { ...active, muted: false } } });
    await leader.server.confirm('call.mute');
    await freed;
    expect(follower.client.calls[0]?.muted).toBe(false);
    // A tab that only shows a call never gives it up for want of sound.
    await follower.clock.advance(130_000);
    expect(leader.server.has('call.hangup')).toBe(false);
  });

  it('a refusal of the server reaches the tab that asked', async () => {
    const [leader, follower] = await twoTabs([active]);
    const held = follower.client.calls[0]?.hold();
    await settle();
    await leader.server.refuse(leader.server.take('call.hold').id, 'wrong-state');
    await expect(held).rejects.toMatchObject({ name: 'wrong-state' });
  });
});

describe('the leading tab goes', () => {
  it('the other goes on with the session and takes the audio over', async () => {
    const [leader, follower] = await twoTabs([active]);
    await leader.server.push({ event: 'switch', data: { up: false } }, 1);
    await settle();
    // A closed tab says nothing: its lock is free and its channel silent.
    leader.tabs.destroy();
    await settle();
    await follower.clock.advance(300);
    follower.server.open();
    const resume = follower.server.take('resume');
    expect(resume.params).toEqual({ session: 's1', secret: 'x1', lastSeq: 1 });
    await follower.server.result<'resume'>(resume.id, { seq: 1 });
    expect([follower.tabs.leads, follower.client.calls[0]?.recoveredFrom]).toEqual([true, 'tab']);
    expect(follower.server.take('call.describe').params).toMatchObject({ call: 'leg-1', description: { sdp: 'client-offer' } });
    expect(follower.media.last.microphone).toBe(true);
  });

  it('a third tab follows the new leader', async () => {
    const [leader, follower, browser] = await twoTabs();
    const third = new Tab(browser);
    await state(leader);
    leader.tabs.destroy();
    await settle();
    await follower.clock.advance(300);
    follower.server.open();
    await follower.server.result<'resume'>(follower.server.take('resume').id, { seq: 0 });
    await settle();
    await third.clock.advance(300);
    await state(follower);
    expect([third.client.state, third.server.opened]).toEqual(['ready', 0]);
  });

  it('signs out alone: the others keep the phone', async () => {
    const [leader, follower] = await twoTabs([active]);
    leader.client.disconnect();
    await settle();
    expect(leader.server.has('bye')).toBe(false);
    await follower.clock.advance(300);
    follower.server.open();
    await follower.server.result<'resume'>(follower.server.take('resume').id, { seq: 0 });
    expect([follower.tabs.leads, follower.client.calls.length]).toEqual([true, 1]);
  });

  it('gives the lead to the tab that is looked at, where nothing goes on', async () => {
    const [leader, follower] = await twoTabs();
    follower.show();
    await settle();
    await leader.clock.advance(300);
    await follower.clock.advance(300);
    follower.server.open();
    await follower.server.result<'resume'>(follower.server.take('resume').id, { seq: 0 });
    await settle();
    await leader.clock.advance(300);
    await state(follower);
    expect([leader.tabs.leads, follower.tabs.leads]).toEqual([false, true]);
    expect([leader.client.state, follower.client.state]).toEqual(['ready', 'ready']);
  });

  it('its connection is lost: the others show that, and come back with it', async () => {
    const [leader, follower] = await twoTabs();
    await leader.server.drop();
    await settle();
    expect([leader.client.state, follower.client.state]).toEqual(['reconnecting', 'reconnecting']);
    await leader.clock.advance(300);
    await follower.clock.advance(300);
    leader.server.open();
    await leader.server.result<'resume'>(leader.server.take('resume').id, { seq: 0 });
    await state(leader);
    expect(follower.client.state).toBe('ready');
  });
});

it('a tab of somebody else is a phone of its own', async () => {
  const browser = new FakeBrowser();
  const alice = new Tab(browser);
  await alice.server.welcome();
  const bob = new Tab(browser, `v1.${btoa(JSON.stringify({ u: 'u-bob' }))}.tag`);
  await settle();
  await bob.clock.advance(300);
  await bob.server.welcome();
  expect([alice.client.state, bob.client.state, bob.tabs.leads]).toEqual(['ready', 'ready', true]);
});

describe('people whose tokens look alike', () => {
  const jwt = (claims: Record<string, unknown>): string => `e30.${btoa(JSON.stringify(claims))}.sig`;
  const first = jwt({ iss: 'https://crm.test', sub: 'alice', jti: '1' });
  const leads = async (own: string, other: string): Promise<[boolean, Tab]> => {
    const browser = new FakeBrowser();
    const leader = new Tab(browser, own);
    await leader.server.welcome();
    const follower = new Tab(browser, other);
    await settle();
    return [follower.tabs.leads, leader];
  };

  it('one issuer\'s alice is not another\'s, nor the account of that name, nor the one of that id', async () => {
    const others = [
      jwt({ iss: 'https://other.test', sub: 'alice' }), jwt({ sub: 'alice' }), jwt({ iss: 'https://crm.test', u: 'alice' }), `v1.${btoa(JSON.stringify({ u: 'alice' }))}.tag`,
    ];
    for (const other of others) expect((await leads(first, other))[0]).toBe(true);
    expect((await leads(TOKEN, jwt({ iss: 'x', sub: 'u-alice' })))[0]).toBe(true);
    expect((await leads(TOKEN, jwt({ iss: 'x', sub: 'alice' })))[0]).toBe(true);
  });

  it('the same subject of the same issuer is one phone', async () => {
    const [follows, leader] = await leads(first, jwt({ iss: 'https://crm.test', sub: 'alice', jti: '2' }));
    expect(follows).toBe(false);
    await state(leader);
  });
});

describe('a leader that was reloaded', () => {
  const jwt = (claims: Record<string, unknown>): string => `e30.${btoa(JSON.stringify(claims))}.sig`;
  const person = { iss: 'https://crm.test', sub: 'alice' };
  const kept = (): SessionStorage & Map<string, string> => {
    const map = new Map<string, string>();
    return Object.assign(map, {
      getItem: (key: string) => map.get(key) ?? null,
      setItem: (key: string, value: string) => void map.set(key, value),
      removeItem: (key: string) => void map.delete(key),
    });
  };
  /** Alice signs in with `token` and reloads the page; another tab of the browser says hello with `other`. */
  const reloaded = async (token: string, other: string): Promise<[leader: Tab, other: Tab, storage: Map<string, string>]> => {
    const storage = kept();
    await new Tab(new FakeBrowser(), token, storage).server.welcome();
    const browser = new FakeBrowser();
    const leader = new Tab(browser, token, storage);
    await settle();
    leader.server.open();
    await leader.server.result<'resume'>(leader.server.take('resume').id, { seq: 0, state: welcome().state });
    const tab = new Tab(browser, other);
    await settle();
    return [leader, tab, storage];
  };

  it('knows the others of the same person by the subject it signed in with, and keeps no token', async () => {
    const [leader, follower, storage] = await reloaded(jwt({ ...person, jti: '1' }), jwt({ ...person, jti: '2' }));
    expect(follower.tabs.leads).toBe(false);
    await state(leader);
    expect(follower.client.state).toBe('ready');
    expect([...storage.values()].some((text) => text.includes(jwt({ ...person, jti: '1' })))).toBe(false);
  });

  it('is not somebody else\'s phone', async () => {
    expect((await reloaded(jwt(person), jwt({ ...person, sub: 'bob' })))[1].tabs.leads).toBe(true);
    expect((await reloaded('opaque', 'opaque'))[1].tabs.leads).toBe(true);
  });
});

it('the session watches somebody until the last tab does not', async () => {
  const [leader, follower] = await twoTabs();
  const watch = async (tab: Tab): Promise<void> => {
    const watched = tab.client.request('presence.watch', { users: ['u-zoe'] });
    await settle();
    await leader.server.result<'presence.watch'>(leader.server.take('presence.watch').id, { entries: [] });
    await watched;
  };
  const unwatch = { users: ['u-zoe'] };
  await watch(leader);
  await watch(follower);
  await leader.client.request('presence.unwatch', unwatch);
  expect(leader.server.has('presence.unwatch')).toBe(false);
  await watch(leader);
  await follower.client.request('presence.unwatch', unwatch);
  expect(leader.server.has('presence.unwatch')).toBe(false);
  const last = leader.client.request('presence.unwatch', unwatch);
  await settle();
  await leader.server.confirm('presence.unwatch');
  await last;
  await watch(follower);
  follower.leave();
  await settle();
  expect(leader.server.take('presence.unwatch').params).toEqual(unwatch);
});

it('where the browser refuses locks or channels, a tab is a phone of its own', async () => {
  const refused = () => { throw new Error('SecurityError'); };
  const { locks, openChannel } = new FakeBrowser();
  for (const browser of [{ openChannel, locks: { request: () => Promise.reject(new Error('SecurityError')) } }, { openChannel, locks: { request: refused } }, { openChannel: refused, locks }]) {
    const tab = new Tab(browser);
    await settle();
    await tab.server.welcome();
    expect([tab.client.state, tab.tabs.leads]).toEqual(['ready', true]);
    tab.client.destroy();
  }
});

it('leaves no lock and no channel behind', async () => {
  const [leader, follower] = await twoTabs();
  follower.client.destroy();
  await settle();
  leader.client.destroy();
  await settle();
  expect(leader.server.has('bye')).toBe(true);
  expect([leader.clock.waiting, follower.clock.waiting]).toEqual([0, 0]);
});
