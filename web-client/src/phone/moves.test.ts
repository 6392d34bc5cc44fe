import { describe, expect, it } from 'vitest';
import type { ParkedCall } from '../protocol/generated.js';
import { settle } from '../testing/fake-clock.js';
import { callInfo } from '../testing/fake-socket.js';
import { connectedStory, type Story } from '../testing/story.js';
import type { Call } from './call.js';

const ringing = async ({ server }: Story, id: string, autoAnswer = false): Promise<void> =>
  server.push({ event: 'call.incoming', data: { call: callInfo({ id }), description: { type: 'offer', sdp: 'o' }, autoAnswer } });

/** Alice talks to bob. */
const talking = async (): Promise<Story & { call: Call }> => {
  const story = await connectedStory();
  await ringing(story, 'leg-1');
  const [call] = story.client.calls;
  if (!call) throw new Error('no call');
  await story.server.push({ event: 'call.state', data: { call: callInfo({ state: 'active', answeredAt: 1_000_500 }) } });
  return { ...story, call };
};

const waiting: ParkedCall = {
  slot: 701, until: 2_000_000,
  party: { userId: 'u-bob', number: '102', name: 'Bob Baker' }, by: { userId: 'u-alice', number: '101', name: 'Alice Archer' },
};

describe('handing a call on', () => {
  it('names the number, and refuses what is none', async () => {
    const { call, server } = await talking();
    const done = call.transfer(' 103 ');
    const { id, params } = server.take('call.transfer');
    expect(params).toEqual({ call: 'leg-1', to: '103' });
    await server.result<'call.transfer'>(id, {});
    await done;
    await expect(call.transfer(' ')).rejects.toMatchObject({ name: 'bad-argument' });
    await server.push({
      event: 'call.ended', data: { call: callInfo(), reason: 'transferred', by: 'local', code: 16, durationMs: 500 },
    });
    expect(call.end).toMatchObject({ reason: 'transferred' });
  });

  it('asks first: holds, calls, swaps and joins', async () => {
    const { client, call, server } = await talking();
    const asking = client.consult(call, '103');
    await server.result<'call.hold'>(server.take('call.hold').id, {});
    await settle();
    const start = server.take('call.start');
    const asked = callInfo({ id: 'leg-2', callId: 'call-2', direction: 'outbound', state: 'dialing' });
    await server.result<'call.start'>(start.id, { call: asked });
    const consultation = await asking;
    expect(consultation.call.id).toBe('leg-2');
    expect(call.held).toBe(true);

    const swapped = consultation.swap();
    await server.result<'call.hold'>(server.take('call.hold').id, {});
    expect(server.requests.at(-1)).toMatchObject({ method: 'call.unhold', params: { call: 'leg-1' } });
    await server.result<'call.unhold'>(server.take('call.unhold').id, {});
    await swapped;

    const joined = consultation.complete();
    const complete = server.take('call.complete');
    expect(complete.params).toEqual({ call: 'leg-1', other: 'leg-2' });
    await server.result<'call.complete'>(complete.id, {});
    await joined;
  });
});

describe('parking', () => {
  it('says the slot, and shows who waits', async () => {
    const { client, call, server } = await talking();
    const parked = call.park();
    const { id, params } = server.take('call.park');
    expect(params).toEqual({ call: 'leg-1' });
    await server.result<'call.park'>(id, { slot: 701 });
    expect(await parked).toBe(701);
    const told: number[] = [];
    client.on('parked', (calls) => told.push(calls.length));
    await server.push({ event: 'parked', data: { calls: [waiting] } });
    expect(client.parked[0]?.party.name).toBe('Bob Baker');
    await server.push({ event: 'parked', data: { calls: [] } });
    expect(told).toEqual([1, 0]);
  });
});

describe('a call that asks to be answered', () => {
  it('is answered at once where the microphone is granted', async () => {
    const story = await connectedStory();
    await ringing(story, 'leg-1', true);
    await settle();
    expect(story.server.requests.some(({ method }) => method === 'call.describe')).toBe(true);
    await story.server.result<'call.describe'>(story.server.take('call.describe').id, {});
    await settle();
    expect(story.server.requests.some(({ method }) => method === 'call.answer')).toBe(true);
  });

  it('rings where the page does not want it', async () => {
    const story = await connectedStory({ autoAnswer: false });
    await ringing(story, 'leg-1', true);
    await settle();
    expect(story.server.requests.some(({ method }) => method === 'call.answer')).toBe(false);
    expect(story.client.calls[0]?.state).toBe('ringing');
  });
});

describe('calls the user asks the server for', () => {
  it('ring the own devices first, and once somebody busy is free', async () => {
    const { client, server } = await connectedStory();
    const originated = client.originate('103', { autoAnswer: true });
    const { id, params } = server.take('call.originate');
    expect(params).toEqual({ to: '103', autoAnswer: true, variables: {} });
    await server.result<'call.originate'>(id, { callId: 'call-9' });
    expect(await originated).toBe('call-9');
    const wished = client.setCompletion(true);
    await server.result<'call.completion'>(server.take('call.completion').id, {});
    await wished;
    const told: string[] = [];
    client.on('completion', (peer, state) => told.push(`${peer.number} ${state}`));
    await server.push({ event: 'completion', data: { peer: waiting.party, state: 'ringing' } });
    expect(told).toEqual(['102 ringing']);
  });
});

describe('a conference', () => {
  const member = (id: string, userId: string) => ({
    id, party: { userId, number: '101', name: '' }, isModerator: true, isMuted: false, isSilenced: false, gain: 0, since: 1,
  });

  it('is made of two calls, and shown until the user leaves', async () => {
    const { client, call, server } = await talking();
    await ringing({ server } as Story, 'leg-2');
    const other = client.calls.find(({ id }) => id === 'leg-2');
    if (!other) throw new Error('no second call');
    const merged = call.merge(other);
    const { id, params } = server.take('call.merge');
    expect(params).toEqual({ call: 'leg-1', other: 'leg-2' });
    await server.result<'call.merge'>(id, {});
    await merged;

    const room = { room: 'r-1', number: '', isLocked: false, invited: [], members: [member('leg-1', 'u-alice'), member('leg-9', 'u-bob')] };
    await server.push({ event: 'room', data: { room } });
    expect(client.rooms.all).toHaveLength(1);
    const muted = client.rooms.mute('r-1', 'leg-9');
    await server.result<'room.mute'>(server.take('room.mute').id, {});
    await muted;
    const softer = client.rooms.gain('r-1', 'leg-9', -6);
    const asked = server.take('room.gain');
    expect(asked.params).toEqual({ room: 'r-1', member: 'leg-9', decibels: -6 });
    await server.result<'room.gain'>(asked.id, {});
    await softer;
    const heard: unknown[] = [];
    client.on('roomTalking', (of, who, talks) => heard.push([of, who, talks]));
    await server.push({ event: 'room.talking', data: { room: 'r-1', member: 'leg-9', isTalking: true } });
    expect(heard).toEqual([['r-1', 'leg-9', true]]);
    await server.push({ event: 'room', data: { room: { ...room, members: [member('leg-9', 'u-bob')] } } });
    expect(client.rooms.all).toHaveLength(0);
  });
});
