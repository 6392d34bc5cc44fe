// The server applications test against: people who call each other, and what goes wrong.
import { beforeEach, describe, expect, it } from 'vitest';
import { RingdownClient } from '../phone/client.js';
import { FakeClock, settle } from './fake-clock.js';
import { FakeDevice } from './fake-device.js';
import { FakeServer } from './fake-server.js';
import { scenario, type ScenarioName, type Trouble } from './scenarios.js';

let clock: FakeClock;
let server: FakeServer;

const open = async (who: string, device = new FakeDevice(server, { clock })): Promise<{ client: RingdownClient; device: FakeDevice }> => {
  const client = new RingdownClient({ server: 'https://pbx.test', token: () => Promise.resolve(who), logLevel: 'silent' }, device);
  const connected = client.connect();
  await settle();
  await connected;
  return { client, device };
};

/** Alice talks to Bob, each in a page. */
const talking = async () => {
  const [alice, bob] = [await open('alice'), await open('bob')];
  bob.client.on('incoming', (call) => void call.answer());
  const call = await alice.client.call('102');
  await settle();
  return { alice, bob, call };
};

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer({ clock });
});

describe('two pages', () => {
  it('call each other, hold, and hang up', async () => {
    const { alice, bob, call } = await talking();
    const [his] = bob.client.calls;
    expect([call.state, his?.state, his?.peer.name, call.callId === his?.callId]).toEqual(['active', 'active', 'Alice Archer', true]);
    await call.hold();
    expect([call.state, his?.heldByPeer]).toEqual(['held', true]);
    await call.unhold();
    const keys: string[] = [];
    his?.on('dtmf', (digit) => keys.push(digit));
    await call.sendDtmf('12#');
    expect(keys).toEqual(['1', '2', '#']);
    expect(bob.client.directory.byNumber('101')?.presence).toBe('on-call');
    await his?.hangup();
    await settle();
    expect([call.end?.reason, call.end?.by, his?.end?.by]).toEqual(['hangup', 'remote', 'local']);
    const { entries } = await alice.client.history.list();
    expect(entries.map(({ direction, reason, peer }) => [direction, reason, peer.name])).toEqual([['outbound', 'hangup', 'Bob Baker']]);
  });

  it('of one person: one answers, the other is told', async () => {
    const [first, second] = [await open('bob'), await open('bob')];
    server.person('alice').call('102');
    await settle();
    const [ringing] = second.client.calls;
    await first.client.calls[0]?.answer();
    await settle();
    expect(ringing?.end?.reason).toBe('answered-elsewhere');
    expect(second.client.calls.map(({ mine, state }) => [mine, state])).toEqual([[false, 'active']]);
  });
});

describe('a telephone', () => {
  it('rings, and does what its person does', async () => {
    const { client } = await open('alice');
    const call = await client.call('103', { variables: { ticket: '7' } });
    expect(call.state).toBe('ringing');
    server.person('carol').answer();
    await settle();
    expect([call.state, server.person('carol').legs[0]?.variables]).toEqual(['active', { ticket: '7' }]);
    server.person('carol').hangup();
    await settle();
    expect(call.end).toMatchObject({ reason: 'hangup', by: 'remote' });
  });

  it.each([['declines', 'declined'], ['is busy', 'busy']] as const)('that %s ends the call %s', async (habit, reason) => {
    const { client } = await open('alice');
    server.person('carol').habit = habit;
    const call = await client.call('103');
    await settle();
    expect(call.end?.reason).toBe(reason);
  });

  it.each([['999', 'not-found'], ['106', 'offline']])('that is not there: %s is %s', async (number, reason) => {
    const { client } = await open('alice');
    expect((await client.call(number)).end?.reason ?? (await settle(), client.calls.length)).toBe(reason);
  });
});

describe('moves', () => {
  it('transfers, and tells who is there', async () => {
    const { bob, call } = await talking();
    const [his] = bob.client.calls;
    await call.transfer('103');
    await settle();
    expect([call.end?.reason, his?.end]).toEqual(['transferred', null]);
    server.person('carol').answer();
    await settle();
    expect(his?.peer.name).toBe('Carol Céspedes');
  });

  it('consults and completes', async () => {
    const { bob, call } = await talking();
    server.person('carol').habit = 'answers';
    const consultation = await call.consult('103');
    await settle();
    expect([call.state, consultation.call.state]).toEqual(['held', 'active']);
    await consultation.complete();
    await settle();
    expect([call.end?.reason, bob.client.calls[0]?.peer.name]).toEqual(['transferred', 'Carol Céspedes']);
  });

  it('parks and takes back', async () => {
    const { alice, bob, call } = await talking();
    expect(await call.park()).toBe(701);
    await settle();
    expect(alice.client.parked.map(({ party }) => party.name)).toEqual(['Bob Baker']);
    const back = await alice.client.call('701');
    await settle();
    expect([back.state, back.peer.name, bob.client.calls[0]?.heldByPeer, alice.client.parked]).toEqual(['active', 'Bob Baker', false, []]);
  });

  it('makes a conference, mutes in it and takes out of it', async () => {
    const { alice, bob, call } = await talking();
    server.person('carol').habit = 'answers';
    const { call: other } = await call.consult('103');
    await settle();
    await call.merge(other);
    await settle();
    const [room] = alice.client.rooms.all;
    expect(room?.members.map(({ party }) => party.name)).toEqual(['Alice Archer', 'Bob Baker', 'Carol Céspedes']);
    const carol = room!.members[2]!;
    await expect(bob.client.rooms.remove(room!.room, carol.id)).rejects.toMatchObject({ name: 'forbidden' });
    await alice.client.rooms.remove(room!.room, carol.id);
    await settle();
    expect([alice.client.rooms.all[0]?.members.length, server.person('carol').legs.length]).toEqual([2, 0]);
  });

  it('makes a room of two and calls a third into it', async () => {
    const { alice, bob, call } = await talking();
    const carol = server.person('carol');
    carol.habit = 'rings';
    const refused: unknown[] = [];
    bob.client.on('push', (push) => { if (push.event === 'room.invitation') refused.push(push.data.reason); });
    const { room, invitation } = await alice.client.rooms.invite(call, '103');
    await settle();
    expect(bob.client.rooms.all[0]).toMatchObject({ room, members: [{}, {}], invited: [{ id: invitation, party: { name: 'Carol Céspedes' } }] });
    await expect(bob.client.rooms.uninvite(room, invitation)).rejects.toMatchObject({ name: 'forbidden' });
    await alice.client.rooms.uninvite(room, invitation);
    await settle();
    expect([refused, carol.legs.length, bob.client.rooms.all[0]?.invited]).toEqual([['cancelled'], 0, []]);
    carol.habit = 'answers';
    await alice.client.rooms.invite(call, '103');
    await settle();
    expect(bob.client.rooms.all[0]).toMatchObject({ members: [{}, {}, { party: { name: 'Carol Céspedes' } }], invited: [] });
    await expect(alice.client.rooms.invite(call, ' ')).rejects.toMatchObject({ name: 'bad-argument' });
  });

  it('rings the own device first', async () => {
    const { client } = await open('alice');
    server.person('carol').habit = 'answers';
    await client.originate('103', { autoAnswer: true });
    await settle();
    await settle();
    expect(client.activeCall?.peer.name).toBe('Carol Céspedes');
  });
});

describe('scripts', () => {
  it('refuse, answer otherwise and push', async () => {
    const { client } = await open('alice');
    server.refuse('call.start', 'not-acceptable');
    await expect(client.call('102')).rejects.toMatchObject({ name: 'not-acceptable', code: 4010 });
    server.answer('directory.search', () => ({ entries: [] }));
    expect(await client.directory.search('bob')).toEqual([]);
    server.setSwitch(false);
    await settle();
    expect(client.switchUp).toBe(false);
    await expect(client.call('102')).rejects.toMatchObject({ name: 'switch-unavailable' });
  });

  it('know who has no right to sign in', async () => {
    await expect(open('mallory')).rejects.toMatchObject({ name: 'bad-credentials', fatal: true });
  });
});

describe('trouble in a call', () => {
  const begin = async (name: ScenarioName): Promise<Awaited<ReturnType<typeof talking>> & { trouble: Trouble; told: string[] }> => {
    const stage = await talking();
    const told: string[] = [];
    const { client, device } = stage.alice;
    client.on('state', (state) => told.push(state));
    stage.call.on('state', (state) => told.push(`call ${state}`));
    stage.call.on('error', ({ name: error }) => told.push(error));
    client.on('warning', (warning, call) => told.push(`raised ${'issue' in warning ? warning.issue : ''} of ${call?.peer.name ?? ''}`));
    client.on('warningCleared', () => told.push('cleared'));
    return { ...stage, told, trouble: scenario(name, { server, device, user: 'alice' }) };
  };

  it('network-change: both are mended, and the call goes on', async () => {
    const { call, told, trouble } = await begin('network-change');
    await clock.advance(5_000);
    expect(told).toEqual(['reconnecting', 'call reconnecting']);
    trouble.over();
    await clock.advance(3_000);
    expect(told.slice(2)).toEqual(['ready', 'call active']);
    await call.hangup();
  });

  it('reload: the next page goes on with the call', async () => {
    const { bob, call, trouble } = await begin('reload');
    await clock.advance(2_000);
    const { client } = await open('alice', trouble.device);
    await settle();
    const [again] = client.calls;
    expect([again?.callId, again?.state, again?.recoveredFrom !== null]).toEqual([call.callId, 'active', true]);
    expect(bob.client.calls[0]?.end).toBeNull();
    await again?.hangup();
    await settle();
    expect(bob.client.calls).toEqual([]);
  });

  it('server-drain: the call does not notice', async () => {
    const { call, bob, told, trouble } = await begin('server-drain');
    await clock.advance(3_000);
    trouble.over();
    await clock.advance(10_000);
    expect([told, call.state]).toEqual([['reconnecting', 'ready'], 'active']);
    await bob.client.calls[0]?.hangup();
    await settle();
    expect(call.end?.reason).toBe('hangup');
  });

  it('half-open: the client finds out by itself', async () => {
    const { told } = await begin('half-open');
    await clock.advance(40_000);
    expect(told).toEqual(['reconnecting', 'ready']);
  });

  it('frozen-tab: what was missed comes when it thaws', async () => {
    const { bob, call, told, trouble } = await begin('frozen-tab');
    await clock.advance(60_000);
    await bob.client.calls[0]?.hangup();
    await clock.advance(1_000);
    expect(call.state).toBe('active');
    trouble.over();
    await clock.advance(1_000);
    expect(told).toContain('call ended');
    expect(call.end?.reason).toBe('hangup');
  });

  it('mic-lost: the call stays, and says so', async () => {
    const { call, told } = await begin('mic-lost');
    expect([told, call.state]).toEqual([['mic-missing'], 'active']);
  });

  it('one-way-audio: the warning is raised once and cleared once', async () => {
    const { told, trouble } = await begin('one-way-audio');
    await settle();
    trouble.over();
    await settle();
    expect(told).toEqual(['raised one-way-audio of Bob Baker', 'cleared']);
  });
});

it('leaves no timer behind', async () => {
  const { alice, bob } = await talking();
  alice.client.destroy();
  bob.client.destroy();
  server.close();
  await settle();
  expect(clock.waiting).toBe(0);
});
