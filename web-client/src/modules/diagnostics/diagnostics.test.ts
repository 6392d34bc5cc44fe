import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientError } from '../../errors.js';
import { settle } from '../../testing/fake-clock.js';
import { callInfo } from '../../testing/fake-socket.js';
import { connectedStory } from '../../testing/story.js';
import { isCheckCall } from './checks.js';
import { Diagnostics } from './diagnostics.js';
import { statsOf } from './stats.js';

const STATS = new Map<string, unknown>([
  ['T', { id: 'T', type: 'transport', selectedCandidatePairId: 'P' }],
  ['P', { id: 'P', type: 'candidate-pair', localCandidateId: 'L', currentRoundTripTime: 0.02 }],
  ['L', { id: 'L', type: 'local-candidate', protocol: 'udp', candidateType: 'srflx', address: '203.0.113.7', relatedAddress: '192.168.7.7' }],
  ['O', { id: 'O', type: 'outbound-rtp', kind: 'audio', packetsSent: 990, codecId: 'C' }],
  ['C', { id: 'C', type: 'codec', mimeType: 'audio/opus' }],
  ['I', { id: 'I', type: 'inbound-rtp', kind: 'audio', packetsReceived: 1000, packetsLost: 0, jitter: 0.004 }],
  ['R', { id: 'R', type: 'remote-inbound-rtp', kind: 'audio', packetsLost: 10, jitter: 0.003, roundTripTime: 0.031 }],
]);

beforeEach(() => {
  vi.stubGlobal('RTCPeerConnection', vi.fn());
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const newStory = async () => {
  const story = await connectedStory();
  const diagnostics = new Diagnostics(story.client, () => 7);
  /** Lets time go by until the check asks for `method`. */
  const until = async (method: 'ping' | 'call.start' | 'call.hangup') => {
    for (let round = 0; round < 100 && !story.server.has(method); round += 1) await vi.advanceTimersByTimeAsync(100);
    return story.server.take(method).id;
  };
  const pings = async () => { for (let index = 0; index < 3; index += 1) await story.server.result<'ping'>(await until('ping'), {}); };
  return { ...story, diagnostics, until, pings };
};

const outbound = (state: 'ringing' | 'active') => callInfo({ direction: 'outbound', state, answeredAt: state === 'active' ? 1_000_000 : null, peer: { userId: null, number: '*43', name: '' }, variables: { 'ringdown-check': '1' } });

describe('the check before a call', () => {
  it('finds all well by a call to the echo test, which it ends', async () => {
    const { diagnostics, server, media, client, until, pings } = await newStory();
    const seen: string[] = [];
    const checking = diagnostics.precall({ onProgress: (name, result) => { if (result) seen.push(`${name} ${result.verdict}`); } });
    await pings();
    const start = await until('call.start');
    await server.result<'call.start'>(start, { call: outbound('ringing') });
    expect(client.calls.map(isCheckCall)).toEqual([true]);
    media.last.stats = () => Promise.resolve(STATS as unknown as RTCStatsReport);
    media.last.handlers.onConnection('connected');
    await server.push({ event: 'call.state', data: { call: outbound('active') } });
    await server.result<'call.hangup'>(await until('call.hangup'), {});
    const report = await checking;
    expect(report.verdict).toBe('ready');
    expect(seen).toEqual(['browser ok', 'microphone ok', 'sound ok', 'server ok', 'media ok', 'quality ok']);
    expect(report.results.at(-1)?.measured).toEqual({ lossPercent: 1, jitterMs: 4, roundTripMs: 31 });
    expect(client.calls).toEqual([]);
  });

  it('places no call without a microphone, and says why', async () => {
    const { diagnostics, server, media, pings } = await newStory();
    media.testMicrophone = () => Promise.reject(clientError('mic-blocked', { message: 'blocked' }));
    const checking = diagnostics.precall();
    await pings();
    await vi.advanceTimersByTimeAsync(1000);
    const { verdict, results } = await checking;
    expect([verdict, results.map((one) => one.problem ?? one.verdict)]).toEqual(['blocked', ['ok', 'microphone-blocked', 'ok', 'ok', 'skipped', 'skipped']]);
    expect(server.has('call.start')).toBe(false);
  });

  it('tells a microphone that gives nothing, and audio that finds no way', async () => {
    const { diagnostics, server, media, until, pings } = await newStory();
    media.level = 0;
    const checking = diagnostics.precall();
    await pings();
    await server.result<'call.start'>(await until('call.start'), { call: outbound('ringing') });
    // Nothing is ever connected.
    for (let round = 0; round < 200 && !server.has('call.hangup'); round += 1) await vi.advanceTimersByTimeAsync(100);
    await server.result<'call.hangup'>(await until('call.hangup'), {});
    const { verdict, results } = await checking;
    expect([verdict, results[1]?.problem, results[4]?.problem]).toEqual(['blocked', 'microphone-silent', 'no-audio-path']);
  });

  it('does not disturb a call that rings', async () => {
    const { diagnostics, server, pings } = await newStory();
    await server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    const checking = diagnostics.precall();
    await pings();
    await vi.advanceTimersByTimeAsync(1000);
    expect((await checking).verdict).toBe('inconclusive');
    expect(server.has('call.start')).toBe(false);
  });
});

describe('the report', () => {
  it('tells what happened without a name, a number, an address or a label', async () => {
    const { client, server, media, diagnostics } = await newStory();
    media.devices.plug({ id: 'id-4711', kind: 'input', label: 'Alice’s AirPods' });
    client.audio.setInput('id-4711');
    media.warn({ name: 'device-missing', role: 'input', label: 'Alice’s AirPods' });
    await server.push({ event: 'call.incoming', data: { call: callInfo({ variables: { contact: 'Contact-0815' } }), description: { type: 'offer', sdp: 'v=0 candidate 192.168.7.7' }, autoAnswer: false } });
    media.last.stats = () => Promise.resolve(STATS as unknown as RTCStatsReport);
    await settle();
    const report = await diagnostics.report();
    const text = JSON.stringify(report);
    for (const secret of ['Alice', 'alice', 'Bob', '"102"', '101', 'AirPods', 'id-4711', '192.168', '203.0.113', '0815', 'token', 'secret']) expect(text).not.toContain(secret);
    expect(report.calls[0]).toMatchObject({ call: 'call-1', state: 'ringing', stats: { protocol: 'udp', candidate: 'srflx', roundTripMs: 31, codec: 'audio/opus' } });
    expect(report.events.map(({ what }) => what)).toContain('+device-missing input');
    expect(report.audio).toMatchObject({ serves: { input: 'chosen', output: 'system' } });
  });

  it('keeps the last 300 events, and none after the end', async () => {
    const { media, diagnostics } = await newStory();
    for (let index = 0; index < 400; index += 1) media.devices.plug();
    expect((await diagnostics.report()).events.length).toBe(300);
    diagnostics.destroy();
    media.warn({ name: 'no-device', role: 'input', label: '' });
    expect((await diagnostics.report()).events.map(({ what }) => what)).not.toContain('+no-device input');
  });
});

it.each([null, new Map(), new Map([['x', { id: 'x', type: 'inbound-rtp', kind: 'audio', jitter: NaN }]])])('statistics of nothing are none', (report) => {
  expect(statsOf(report as unknown as RTCStatsReport | null)).toMatchObject({ protocol: null, roundTripMs: null, sent: null });
});
