import { describe, expect, it } from 'vitest';
import { clientError } from '../errors.js';
import type { CallVideo } from '../media/port.js';
import { settle } from '../testing/fake-clock.js';
import { callInfo } from '../testing/fake-socket.js';
import { connectedStory, type Story } from '../testing/story.js';
import type { Call } from './call.js';

/** Alice talks to Bob. */
const talking = async (options: { video?: boolean } = {}): Promise<Story & { call: Call }> => {
  const story = await connectedStory();
  const placed = story.client.call('102', options);
  await settle();
  await story.server.result<'call.start'>(story.server.take('call.start').id, { call: callInfo({ direction: 'outbound' }) });
  const call = await placed;
  story.media.last.handlers.onConnection('connected');
  await story.server.push({ event: 'call.state', data: { call: callInfo({ direction: 'outbound', state: 'active', answeredAt: 1 }) } });
  return { ...story, call };
};

describe('video', () => {
  it('is started, offered, told, and stopped', async () => {
    const { call, media, server } = await talking();
    const told: CallVideo[] = [];
    call.on('video', (video) => told.push(video));
    await call.startVideo();
    await settle();
    const { id, params } = server.take('call.describe');
    expect(params.description).toEqual({ type: 'offer', sdp: 'changed-offer' });
    await server.result<'call.describe'>(id, {});
    expect(call.video.camera).not.toBeNull();
    await call.startScreenShare();
    call.stopVideo();
    expect(told.map(({ camera, screen }) => [camera !== null, screen !== null])).toEqual([[true, false], [true, true], [false, true]]);
    call.stopScreenShare();
    expect(call.video).toEqual({ camera: null, screen: null, remoteCamera: null, remoteScreen: null });
    expect(media.last.done.filter((done) => done.startsWith('start'))).toEqual(['start camera', 'start screen']);
  });

  it('is there from the beginning where the call asks for it', async () => {
    const { media } = await talking({ video: true });
    expect(media.last.done.slice(0, 2)).toEqual(['start camera', 'offer']);
  });

  it('costs no call where the camera cannot be opened', async () => {
    const story = await connectedStory();
    story.media.camera = () => Promise.reject(clientError('camera-missing', { message: 'none' }));
    const errors: string[] = [];
    story.client.on('call', (call) => call.on('error', ({ name }) => errors.push(name)));
    void story.client.call('102', { video: true });
    await settle();
    expect(story.server.take('call.start').params.to).toBe('102');
    expect(errors).toEqual(['camera-missing']);
  });

  it('is refused before the answer, after the end and where nothing was chosen', async () => {
    const { call, client, media, server } = await talking();
    media.camera = () => Promise.reject(clientError('screen-refused', { message: 'no' }));
    await expect(call.startScreenShare()).rejects.toMatchObject({ name: 'screen-refused' });
    await server.push({ event: 'call.ended', data: { call: callInfo({}), reason: 'hangup', by: 'remote', code: 16, durationMs: 1 } });
    await expect(call.startVideo()).rejects.toMatchObject({ name: 'call-ended' });
    const placed = client.call('103');
    await settle();
    await server.result<'call.start'>(server.take('call.start').id, { call: callInfo({ id: 'c-9' }) });
    await expect((await placed).startVideo()).rejects.toMatchObject({ name: 'bad-argument' });
  });

  it('is black while the other side is held', async () => {
    const { call, media, server } = await talking();
    const held = call.hold();
    await server.result<'call.hold'>(server.take('call.hold').id, {});
    await held;
    expect(media.last.showing).toBe(false);
  });

  it('is offered again when the connection comes back', async () => {
    const { call, media, server, page } = await talking();
    await call.startVideo();
    await settle();
    const { id } = server.take('call.describe');
    await server.refuse(id, 'wrong-state');
    call.handleResumed();
    await settle();
    expect(media.last.done.at(-1)).toBe('restart');
    expect(page()).not.toBeNull();
  });
});

describe('an answer', () => {
  it('shows the camera where asked for', async () => {
    const { client, media, server } = await connectedStory();
    const ringing = callInfo({ id: 'in-1', direction: 'inbound', state: 'ringing' });
    await server.push({ event: 'call.incoming', data: { call: ringing, description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    await server.result<'call.describe'>(server.take('call.describe').id, {});
    media.last.offersVideo = true;
    const call = client.calls[0]!;
    expect(call.offersVideo).toBe(true);
    void call.answer({ video: true });
    await settle();
    expect(media.last.done).toContain('start camera');
    expect(server.take('call.answer').params).toEqual({ call: 'in-1' });
  });
});
