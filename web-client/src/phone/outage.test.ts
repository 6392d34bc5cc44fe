// Calls while the connection to the server was lost.
import { describe, expect, it } from 'vitest';
import { settle } from '../testing/fake-clock.js';
import { callInfo, TONES } from '../testing/fake-socket.js';
import { connectedStory } from '../testing/story.js';

describe('a lost connection', () => {
  it('ends calls that did not outlive their session', async () => {
    const { client, server, clock } = await connectedStory();
    await server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    const [call] = client.calls;
    await server.drop();
    await clock.advance(200);
    server.open();
    await server.refuse(server.take('resume').id, 'session-expired', true);
    await server.welcome();
    expect(call?.end).toMatchObject({ reason: 'resume-expired', by: 'server' });
  });

  it('keeps calls that a server just started does not know yet, until it has all of them', async () => {
    const { client, server, clock } = await connectedStory();
    for (const id of ['9a', '9b']) {
      await server.push({ event: 'call.incoming', data: { call: callInfo({ id }), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    }
    const [first, second] = client.calls;
    await server.drop();
    await clock.advance(200);
    server.open();
    const state = { directory: [], directoryComplete: true, favourites: [], missed: 0, voicemail: { new: 0, saved: 0 }, calls: [], callsComplete: false, rooms: [], parked: [], switchUp: false, tones: TONES };
    await server.result<'resume'>(server.take('resume').id, { seq: 2, state });
    expect(client.calls).toEqual([first, second]);
    await server.push({ event: 'calls', data: { calls: [callInfo({ id: '9b' })] } });
    expect(client.calls).toEqual([second]);
    expect(first?.end).toMatchObject({ reason: 'hangup', by: 'server' });
  });

  it('answers on a second attempt where the description was lost', async () => {
    const { client, server, media } = await connectedStory();
    await server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    const [call] = client.calls;
    const first = call?.answer();
    await server.refuse(server.take('call.describe').id, 'wrong-state');
    await expect(first).rejects.toMatchObject({ name: 'wrong-state' });
    expect(call?.state).toBe('ringing');
    const second = call?.answer();
    await settle();
    expect(media.calls[0]?.done).toContain('offer');
    await server.result<'call.describe'>(server.take('call.describe').id, {});
    await server.result<'call.answer'>(server.take('call.answer').id, {});
    await second;
  });
});
