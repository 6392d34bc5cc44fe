import { describe, expect, it } from 'vitest';
import { connectedStory } from '../testing/story.js';
import { TONES } from '../testing/fake-socket.js';

const AMERICAN = { busy: '480+620/500,0/500', congestion: '480+620/250,0/250' };

describe('Call tones', () => {
  it('are those of the installation, also once an admin chose others', async () => {
    const { server, media } = await connectedStory();
    expect(media.tones).toEqual(TONES);
    await server.push({ event: 'tones', data: { tones: AMERICAN } });
    expect(media.tones).toEqual(AMERICAN);
  });
});
