import { describe, expect, it } from 'vitest';
import { clientError, type RingdownError } from '../errors.js';
import { callInfo } from '../testing/fake-socket.js';
import { settle } from '../testing/fake-clock.js';
import type { QualityWarning, Settings } from '../protocol/generated.js';
import { connectedStory, newStory } from '../testing/story.js';
import type { Call } from './call.js';

const ended = (reason: string, change: Parameters<typeof callInfo>[0] = {}) => ({
  event: 'call.ended' as const,
  data: { call: callInfo(change), reason, by: 'remote' as const, code: 16, durationMs: 0 },
});

describe('people', () => {
  it('says what the user does, and forgets what a colleague says no more', async () => {
    const { client, server } = await connectedStory();
    const set = client.setPresence({ activity: 'meeting', note: 'until 3' });
    await server.result<'presence.set'>(server.take('presence.set').id, {});
    await set;
    await server.push({ event: 'presence', data: { entries: [{ userId: 'u-bob', presence: 'online', activity: 'away' }] } });
    expect(client.directory.byNumber('102')?.activity).toBe('away');
    await server.push({ event: 'presence', data: { entries: [{ userId: 'u-bob', presence: 'online' }] } });
    expect(client.directory.byNumber('102')?.activity).toBeUndefined();
  });
});

describe('settings', () => {
  const settings: Settings = {
    doNotDisturb: true, callWaiting: true, forward: { always: null, busy: '103', noAnswer: null, offline: null },
    pickupGroup: null, voicemail: true, hasVoicemailPin: false,
  };

  it('are read and changed, and what others change is told', async () => {
    const { client, server } = await connectedStory();
    const read = client.settings.get();
    await server.result<'settings.get'>(server.take('settings.get').id, settings);
    expect(await read).toEqual(settings);
    const set = client.settings.set({ forward: { busy: null } });
    const { id, params } = server.take('settings.set');
    expect(params).toEqual({ forward: { busy: null } });
    await server.result<'settings.set'>(id, { ...settings, doNotDisturb: false });
    expect((await set).doNotDisturb).toBe(false);
    const told: Settings[] = [];
    client.on('settings', (now) => told.push(now));
    await server.push({ event: 'settings', data: { settings } });
    expect(told).toEqual([settings]);
  });
});

describe('connecting', () => {
  it('is ready after the welcome and knows who signed in', async () => {
    const { client, heard } = await connectedStory();
    expect(client.state).toBe('ready');
    expect(client.me?.extension).toBe('101');
    expect(client.directory.filter('cesp').map(({ name }) => name)).toEqual(['Carol Céspedes']);
    expect(heard).toEqual(['ready']);
  });

  it('rejects connect() when the server refuses the sign-in', async () => {
    const { client, server, heard } = newStory();
    const connected = client.connect().catch((error: unknown) => error);
    for (const id of [1, 2]) {
      await settle();
      server.open();
      await server.refuse(id, 'bad-credentials', true);
    }
    expect((await connected) as RingdownError).toMatchObject({ name: 'bad-credentials', fatal: true });
    expect(client.state).toBe('offline');
    expect(heard).toEqual(['error', 'offline']);
  });

  it('resumes after a loss without ending the call', async () => {
    const { client, server, clock, media, heard } = await connectedStory();
    await server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    await server.drop();
    expect(client.state).toBe('reconnecting');
    await clock.advance(200);
    server.open();
    await server.result<'resume'>(server.take('resume').id, { seq: 1 });
    expect(client.state).toBe('ready');
    expect(client.calls).toHaveLength(1);
    expect(media.last.closed).toBe(false);
    expect(heard).toEqual(['ready', 'call', 'incoming', 'reconnecting', 'ready']);
  });

  it('says bye when the page goes away and nothing is to be resumed, and leaves nothing behind when destroyed', async () => {
    const { client, server, clock, media, page } = await connectedStory({ resume: 'off' });
    page()?.onLeave(false);
    expect(server.has('bye')).toBe(true);
    client.destroy();
    expect([server.connected, clock.waiting, media.destroyed, page()]).toEqual([false, 0, true, null]);
    await expect(client.connect()).rejects.toMatchObject({ name: 'closed' });
  });

  it('keeps presence and directory current', async () => {
    const { client, server } = await connectedStory();
    await server.push({ event: 'presence', data: { entries: [{ userId: 'u-bob', presence: 'on-call' }] } });
    expect(client.directory.byNumber('102')?.presence).toBe('on-call');
    await server.push({ event: 'directory.changed', data: {
      entries: [{ userId: 'u-dave', name: 'Aaron Dave', extension: '104', department: '', presence: 'online' }], removed: ['u-carol'], complete: true,
    } });
    expect(client.directory.entries.map(({ name }) => name)).toEqual(['Aaron Dave', 'Alice Archer', 'Bob Baker']);
  });
});

describe('an outgoing call', () => {
  const placed = async (options = {}) => {
    const story = await connectedStory(options);
    const promise = story.client.call('102', { variables: { ticket: '7' } });
    await settle();
    const request = story.server.take('call.start');
    return { ...story, promise, request };
  };

  it('offers at once, sends candidates once it has an id, and resolves when the server has it', async () => {
    const { client, server, media, promise, request } = await placed();
    expect(request.params).toEqual({ to: '102', description: { type: 'offer', sdp: 'client-offer' }, variables: { ticket: '7' } });
    media.last.handlers.onCandidate('candidate:1');
    await settle();
    expect(server.has('call.candidate')).toBe(false);
    await server.result<'call.start'>(request.id, { call: callInfo({ direction: 'outbound', state: 'dialing' }) });
    const call = await promise;
    expect(call.state).toBe('dialing');
    expect(server.take('call.candidate').params).toEqual({ call: 'leg-1', candidate: 'candidate:1' });
    expect(client.activeCall).toBe(call);
  });

  it('takes pushes that overtake the response', async () => {
    const { server, media, promise, request } = await placed();
    await server.push({ event: 'call.description', data: { call: 'leg-1', description: { type: 'answer', sdp: 'a' } } });
    await server.push({ event: 'call.state', data: { call: callInfo({ direction: 'outbound', state: 'ringing' }) } });
    await server.result<'call.start'>(request.id, { call: callInfo({ direction: 'outbound', state: 'dialing' }) });
    expect((await promise).state).toBe('ringing');
    expect(media.last.done).toContain('acceptAnswer a');
  });

  it('is hung up at the server when the user gave up before it was placed', async () => {
    const { client, server, media, promise, request } = await placed();
    promise.catch(() => undefined);
    await client.calls[0]!.hangup();
    expect(media.last.closed).toBe(true);
    await server.result<'call.start'>(request.id, { call: callInfo({ direction: 'outbound', state: 'dialing' }) });
    expect(server.take('call.hangup').params).toEqual({ call: 'leg-1' });
    await expect(promise).rejects.toMatchObject({ name: 'call-ended' });
  });

  it('is the active call while it rings, before one on hold and one that comes in', async () => {
    const { client, server, media, promise, request } = await placed();
    await server.result<'call.start'>(request.id, { call: callInfo({ direction: 'outbound', state: 'ringing' }) });
    const call = await promise;
    await server.push({ event: 'call.incoming', data: { call: callInfo({ id: 'leg-2' }), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    media.last.handlers.onConnection('connected');
    await server.push({ event: 'call.state', data: { call: callInfo({ id: 'leg-2', state: 'active', answeredAt: 1, held: true }) } });
    await server.push({ event: 'call.incoming', data: { call: callInfo({ id: 'leg-3' }), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    expect([client.calls.map(({ state }) => state), client.activeCall?.id]).toEqual([['ringing', 'held', 'ringing'], call.id]);
  });

  it('ends with the server’s reason', async () => {
    const { server, promise, request, client } = await placed();
    await server.result<'call.start'>(request.id, { call: callInfo({ direction: 'outbound', state: 'dialing' }) });
    const call = await promise;
    await server.push(ended('busy', { direction: 'outbound' }));
    expect(call.end).toEqual({ reason: 'busy', by: 'remote', code: 16, durationMs: 0 });
    expect(client.calls).toEqual([]);
  });

  it.each([
    ['busy', 'busy'], ['declined', 'busy'], ['offline', 'congestion'], ['not-found', 'congestion'], ['no-answer', null],
    ['cancelled', null],
  ])('that ends unanswered with %s brings the tone %s, until the next call', async (reason, tone) => {
    const { server, promise, request, media, client } = await placed();
    await server.result<'call.start'>(request.id, { call: callInfo({ direction: 'outbound', state: 'ringing' }) });
    await promise;
    await server.push(ended(reason, { direction: 'outbound' }));
    expect(media.tone).toBe(tone);
    client.call('103').catch(() => undefined);
    expect(media.tone).toBeNull();
  });

  it('brings no tone once it was answered, where tones are off, nor into a call that comes in', async () => {
    const answered = await placed();
    await answered.server.result<'call.start'>(answered.request.id, { call: callInfo({ direction: 'outbound', state: 'active', answeredAt: 1 }) });
    await answered.server.push(ended('failed', { direction: 'outbound', answeredAt: 1 }));
    expect(answered.media.tone).toBeNull();
    const silent = await placed({ callTones: false });
    await silent.server.refuse(silent.request.id, 'forbidden');
    await expect(silent.promise).rejects.toMatchObject({ name: 'forbidden' });
    expect([silent.client.calls.length, silent.media.tone]).toEqual([0, null]);
    const { server, request, media } = await placed();
    await server.result<'call.start'>(request.id, { call: callInfo({ direction: 'outbound', state: 'ringing' }) });
    await server.push({ event: 'call.incoming', data: { call: callInfo({ id: 'leg-2' }), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    await server.push(ended('busy', { direction: 'outbound' }));
    expect(media.tone).toBeNull();
  });

  it('is not placed when the microphone is blocked', async () => {
    const { client, server, media } = await connectedStory();
    media.block(clientError('mic-blocked', { message: 'blocked' }));
    await expect(client.call('102')).rejects.toMatchObject({ name: 'mic-blocked' });
    expect(server.has('call.start')).toBe(false);
    expect(client.calls).toEqual([]);
  });

  it('is mended by a new offer when the audio fails', async () => {
    const { server, media, promise, request } = await placed();
    await server.result<'call.start'>(request.id, { call: callInfo({ direction: 'outbound', state: 'dialing' }) });
    await promise;
    media.last.handlers.onConnection('connected');
    await server.push({ event: 'call.state', data: { call: callInfo({ direction: 'outbound', state: 'active', answeredAt: 1 }) } });
    media.last.handlers.onConnection('failed');
    await settle();
    expect(server.take('call.describe').params.description).toEqual({ type: 'offer', sdp: 'restart-offer' });
  });
});

describe('an incoming call', () => {
  const ringing = async () => {
    const story = await connectedStory();
    await story.server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    const call = story.client.calls[0]!;
    return { ...story, call };
  };
  const answered = async () => {
    const story = await ringing();
    await story.server.confirm('call.describe');
    story.media.last.handlers.onConnection('connected');
    const answering = story.call.answer();
    await settle();
    await story.server.confirm('call.answer');
    await answering;
    await story.server.push({ event: 'call.state', data: { call: callInfo({ state: 'active', answeredAt: 1_000_000 }) } });
    return story;
  };

  it('is connected while it rings, silent, with the microphone ready and unheard', async () => {
    const { server, media } = await ringing();
    expect(server.take('call.describe').params).toEqual({ call: 'leg-1', description: { type: 'answer', sdp: 'client-answer' } });
    expect([media.last.microphone, media.last.microphoneReady, media.last.audible]).toEqual([false, true, false]);
  });

  it('does not make the browser ask for the microphone while it rings', async () => {
    const { server, media } = await connectedStory();
    media.permission = 'prompt';
    await server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    expect([media.last.microphone, media.last.microphoneReady]).toEqual([false, false]);
  });

  it('needs one message to be answered', async () => {
    const { call, media, server } = await answered();
    expect(call.state).toBe('active');
    expect([media.last.microphone, media.last.audible]).toEqual([true, true]);
    expect(server.requests).toEqual([]);
  });

  it('goes on ringing with the microphone shut when the answer is refused', async () => {
    const { call, media, server } = await ringing();
    await server.confirm('call.describe');
    const answering = call.answer();
    await settle();
    await server.refuse(server.take('call.answer').id, 'switch-unavailable');
    await expect(answering).rejects.toMatchObject({ name: 'switch-unavailable' });
    expect([call.state, media.last.microphone, media.last.audible]).toEqual(['ringing', false, false]);
  });

  it('is declined', async () => {
    const { call, server } = await ringing();
    const declined = call.decline('busy');
    expect(server.take('call.decline').params).toEqual({ call: 'leg-1', reason: 'busy' });
    await server.push({ ...ended('declined') });
    expect(call.end?.reason).toBe('declined');
    server.text({ id: 3, result: {} });
    await declined;
  });

  it('tells that another device answered', async () => {
    const { call, server, heard } = await ringing();
    await server.push(ended('answered-elsewhere'));
    expect(call.end?.reason).toBe('answered-elsewhere');
    expect(heard).toContain('callEnded');
  });

  it('answers a new offer of the server’s', async () => {
    const { media, server } = await answered();
    await server.push({ event: 'call.description', data: { call: 'leg-1', description: { type: 'offer', sdp: 'again' } } });
    expect(media.last.done).toContain('answer again');
    expect(server.take('call.describe').params.description.type).toBe('answer');
  });

  it('is silent the moment it is muted or held, and says so once', async () => {
    const { call, media, server } = await answered();
    const told: string[] = [];
    call.on('mute', (on) => told.push(`mute ${String(on)}`));
    call.on('held', (on) => told.push(`held ${String(on)}`));
    const muting = call.mute(true);
    expect(media.last.sending).toBe(false);
    await server.confirm('call.mute');
    await muting;
    void call.mute(false);
    await server.confirm('call.mute');
    const holding = call.hold();
    await server.confirm('call.hold');
    await holding;
    await server.push({ event: 'call.state', data: { call: callInfo({ state: 'active', answeredAt: 1, held: true }) } });
    expect([call.state, media.last.sending, told]).toEqual(['held', false, ['mute true', 'mute false', 'held true']]);
  });

  it('sends digits and refuses what is no digit', async () => {
    const { call, server } = await answered();
    const sending = call.sendDtmf('12#');
    expect(server.take('call.dtmf').params.digits).toBe('12#');
    await expect(call.sendDtmf('x')).rejects.toMatchObject({ name: 'bad-argument' });
    sending.catch(() => undefined);
  });

  it('ends here at once when hung up without a connection, and at the server when it is back', async () => {
    const { call, server, clock } = await answered();
    await server.drop();
    const done = call.hangup();
    expect(call.state).toBe('ended');
    await clock.advance(200);
    server.open();
    await server.result<'resume'>(server.take('resume').id, { seq: 2 });
    await server.confirm('call.hangup');
    await done;
  });

  it('tells warnings in pairs, also where a push was lost and where the call ends', async () => {
    const { call, server } = await answered();
    const told: string[] = [];
    call.on('quality', (_, { raised, cleared }) => {
      for (const { issue, side } of raised) told.push(`+${side} ${issue}`);
      for (const { issue, side } of cleared) told.push(`-${side} ${issue}`);
    });
    call.on('ended', () => told.push('ended'));
    const push = (...warnings: QualityWarning[]): Promise<void> => server.pushUncounted({
      event: 'call.quality', data: { call: call.id, quality: { roundTripMs: 20, sent: null, received: null, warnings } },
    });
    const silent: QualityWarning = { issue: 'silent-microphone', side: 'own', way: 'sent' };
    const lossy: QualityWarning = { issue: 'loss', side: 'peer', way: 'received' };
    await push();
    await push(silent);
    await push(silent, lossy);
    await push(lossy);
    expect([call.quality?.roundTripMs, call.quality?.warnings.length]).toEqual([20, 1]);
    // A numbered push that follows is not taken for a gap.
    await server.push({ event: 'call.ended', data: { call: callInfo({ state: 'ended' }), reason: 'hangup', by: 'remote', code: 16, durationMs: 1 } });
    expect(told).toEqual(['+own silent-microphone', '+peer loss', '-own silent-microphone', '-peer loss', 'ended']);
  });

  it('tells levels while somebody listens', async () => {
    const { call, clock } = await answered();
    const levels: number[] = [];
    const off = call.on('level', ({ remote }) => levels.push(remote));
    await clock.advance(450);
    off();
    await clock.advance(450);
    expect(levels).toEqual([0.5, 0.5, 0.5]);
  });

  it('leaves no timer and no device behind', async () => {
    const { call, server, client, clock, media } = await answered();
    await server.push(ended('hangup'));
    expect([call.state, media.last.closed, client.calls.length]).toEqual(['ended', true, 0]);
    client.disconnect();
    expect(clock.waiting).toBe(0);
  });
});

describe('a call on another device', () => {
  it('is shown and cannot be controlled', async () => {
    const { client, server, media } = await connectedStory();
    const seen: Call[] = [];
    client.on('call', (call) => seen.push(call));
    await server.push({ event: 'call.state', data: { call: callInfo({ mine: false, state: 'active', answeredAt: 1 }) } });
    expect(seen[0]).toMatchObject({ mine: false, state: 'active' });
    await expect(seen[0]!.hold()).rejects.toMatchObject({ name: 'bad-argument' });
    expect(media.calls).toEqual([]);
    expect(client.activeCall).toBeNull();
  });
});
