import { describe, expect, it } from 'vitest';
import { settle } from '../../testing/fake-clock.js';
import { callInfo } from '../../testing/fake-socket.js';
import { connectedStory } from '../../testing/story.js';
import { RingEverywhere } from './ring-everywhere.js';
import { RINGTONES } from './ringtones.js';

const newStory = async (wanted = true) => {
  const story = await connectedStory();
  const rings: string[] = [];
  const open = () => {
    let at = '';
    return {
      route: (sink: string) => { at = sink; return sink === 'broken' ? Promise.reject(new Error('gone')) : Promise.resolve(); },
      play: () => { rings.push(at); },
      close: () => { if (rings.includes(at)) rings.splice(rings.indexOf(at), 1); },
    };
  };
  story.media.devices.plug(...['desk', 'headset', 'broken'].map((id) => ({ id, kind: 'output' as const, label: id })), { id: 'mic', kind: 'input', label: 'mic' });
  story.client.audio.setOutput('headset');
  story.client.audio.setRing('headset');
  const bells = new RingEverywhere(story.client, () => (wanted ? RINGTONES.bell : null), open);
  const ring = async () => {
    await story.server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    await settle();
  };
  return { ...story, rings, bells, ring };
};

describe('a call', () => {
  it('rings on the loudspeakers beside the one that rings anyway, until it is over', async () => {
    const { ring, rings, server } = await newStory();
    await ring();
    expect(rings).toEqual(['desk']);
    await server.push({ event: 'call.ended', data: { call: callInfo(), reason: 'cancelled', by: 'remote', code: 16, durationMs: 0 } });
    expect(rings).toEqual([]);
  });

  it('rings in vain no longer once it is ignored, nor after the end', async () => {
    const one = await newStory();
    await one.ring();
    one.client.calls[0]?.ignore();
    expect(one.rings).toEqual([]);
    const other = await newStory();
    await other.ring();
    other.bells.destroy();
    expect(other.rings).toEqual([]);
  });

  it('rings nowhere else for who did not choose so', async () => {
    const { ring, rings } = await newStory(false);
    await ring();
    expect(rings).toEqual([]);
  });
});
