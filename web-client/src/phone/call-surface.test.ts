// What a call offers beside its commands: guards, ignoring, another peer, missed calls, a line that closed meanwhile.
import { describe, expect, it } from 'vitest';
import { settle } from '../testing/fake-clock.js';
import { callInfo } from '../testing/fake-socket.js';
import { connectedStory, type Story } from '../testing/story.js';
import type { Call } from './call.js';

const rings = async (): Promise<Story & { call: Call }> => {
  const story = await connectedStory();
  await story.server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
  return { ...story, call: story.client.calls[0]! };
};

/** The names of what may be done. */
const allowed = (call: Call): string[] => Object.entries(call.can).flatMap(([name, may]) => (may ? [name] : []));

describe('what may be done', () => {
  it('follows the call', async () => {
    const { call, server, media } = await rings();
    expect(allowed(call)).toEqual(['answer', 'ignore', 'decline', 'hangup', 'mute']);
    await server.push({ event: 'call.state', data: { call: callInfo({ state: 'active', answeredAt: 1 }) } });
    media.last.handlers.onConnection('connected');
    const talking = ['hangup', 'hold', 'mute', 'dtmf', 'transfer', 'merge', 'park', 'video'];
    expect(allowed(call)).toEqual(talking);
    await server.push({ event: 'call.state', data: { call: callInfo({ state: 'active', answeredAt: 1, held: true }) } });
    expect(allowed(call)).toEqual(talking.map((name) => (name === 'hold' ? 'unhold' : name)));
    call.conclude('hangup');
    expect(allowed(call)).toEqual([]);
  });

  it('is nothing on another device’s call', async () => {
    const { client, server } = await connectedStory();
    await server.push({ event: 'call.state', data: { call: callInfo({ mine: false, state: 'active', answeredAt: 1 }) } });
    expect(allowed(client.calls[0]!)).toEqual([]);
  });

  it('is only to hang up and to mute before the server knows a call that is placed', async () => {
    const { client } = await connectedStory();
    void client.call('102').catch(() => undefined);
    expect(allowed(client.calls[0]!)).toEqual(['hangup', 'mute']);
  });
});

describe('a call that is ignored', () => {
  it('rings no more here, goes on ringing elsewhere, and is missed', async () => {
    const { client, call, server } = await rings();
    const told: string[] = [];
    call.on('ignored', () => told.push('ignored'));
    client.on('missedCall', () => told.push('missed'));
    call.ignore();
    call.ignore();
    expect([call.ignored, call.can.ignore, call.can.answer, server.has('call.decline')]).toEqual([true, false, true, false]);
    await server.push({ event: 'call.ended', data: { call: callInfo(), reason: 'cancelled', by: 'remote', code: 16, durationMs: 0 } });
    expect(told).toEqual(['ignored', 'missed']);
  });
});

describe('a missed call', () => {
  it.each([['answered-elsewhere', 'server'], ['declined-elsewhere', 'server'], ['declined', 'local']] as const)('is none that was %s', async (reason, by) => {
    const { client, server } = await rings();
    let missed = 0;
    client.on('missedCall', () => { missed += 1; });
    await server.push({ event: 'call.ended', data: { call: callInfo(), reason, by, code: 16, durationMs: 0 } });
    expect(missed).toBe(0);
  });
});

it('tells of another peer, and of ringing', async () => {
  const { client, server } = await connectedStory();
  const told: string[] = [];
  client.on('call', (call) => {
    call.on('ringing', () => told.push('ringing'));
    call.on('peer', ({ name }) => told.push(name));
  });
  const placed = client.call('102');
  await settle();
  await server.result<'call.start'>(server.take('call.start').id, { call: callInfo({ direction: 'outbound', state: 'dialing' }) });
  await placed;
  await server.push({ event: 'call.state', data: { call: callInfo({ direction: 'outbound', state: 'ringing' }) } });
  const carol = { userId: 'u-carol', number: '103', name: 'Carol Céspedes' };
  await server.push({ event: 'call.state', data: { call: callInfo({ direction: 'outbound', state: 'active', answeredAt: 1, peer: carol }) } });
  expect(told).toEqual(['ringing', 'Carol Céspedes']);
});

it('opens no media for an answer that comes after the end', async () => {
  const { call, media, server } = await rings();
  const answered = call.answer({ video: true });
  await server.push({ event: 'call.ended', data: { call: callInfo(), reason: 'cancelled', by: 'remote', code: 16, durationMs: 0 } });
  await server.result<'call.describe'>(server.take('call.describe').id, {});
  await expect(answered).rejects.toMatchObject({ name: 'call-ended' });
  expect([media.calls.length, media.last.closed, media.last.microphone]).toEqual([1, true, false]);
});

it('gives the browser’s figures while there is a connection', async () => {
  const { call } = await rings();
  expect(await call.getStats()).not.toBeNull();
  call.conclude('hangup');
  expect(await call.getStats()).toBeNull();
});

it('rings without WebRTC, and says why it cannot be answered', async () => {
  const { client, server, media } = await connectedStory();
  media.openCall = () => { throw new Error('no WebRTC'); };
  const errors: string[] = [];
  client.on('error', ({ message }) => errors.push(message));
  await server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
  expect([errors, client.calls[0]?.state]).toEqual([['no WebRTC'], 'ringing']);
});
