import { expect, it } from 'vitest';
import { callInfo } from '../testing/fake-socket.js';
import { connectedStory } from '../testing/story.js';

it('is offered to who may, begins as asked and ends what it began', async () => {
  const { client, server } = await connectedStory();
  await server.push({ event: 'call.incoming', data: { call: callInfo({ id: 'leg-1' }), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
  const [call] = client.calls;
  if (!call) throw new Error('no call');
  const talking = { state: 'active', answeredAt: 1_000_500 } as const;
  await server.push({ event: 'call.state', data: { call: callInfo(talking) } });
  expect(call.can.record, 'without the right').toBe(false);
  await server.push({ event: 'call.state', data: { call: callInfo({ ...talking, mayRecord: true }) } });
  expect(call.can.record).toBe(true);
  await expect(call.stopRecording()).rejects.toMatchObject({ name: 'bad-argument' });

  const begun = call.record({ tracks: 'split', format: 'wav' });
  const { id, params } = server.take('call.record');
  expect(params).toEqual({ call: 'leg-1', tracks: 'split', format: 'wav' });
  await server.push({ event: 'call.state', data: { call: callInfo({ ...talking, mayRecord: true, isRecorded: true, recording: 'r-1' }) } });
  await server.result<'call.record'>(id, { recording: 'r-1' });
  expect(await begun).toBe('r-1');

  const ended = call.stopRecording();
  const stop = server.take('call.stopRecording');
  expect(stop.params).toEqual({ call: 'leg-1', recording: 'r-1' });
  await server.result<'call.stopRecording'>(stop.id, {});
  await ended;
});
