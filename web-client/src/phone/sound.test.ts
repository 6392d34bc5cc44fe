import { expect, it } from 'vitest';
import { newStory } from '../testing/story.js';
import { settle } from '../testing/fake-clock.js';

it('tells colleagues that a page whose sound is locked cannot ring, until it can', async () => {
  const { client, server, media } = newStory();
  media.sound = 'locked';
  const connected = client.connect();
  await server.welcome();
  await connected;
  expect(server.take('presence.sound').params).toEqual({ locked: true });
  media.sound = 'ready';
  media.handlers?.onSound('ready');
  await settle();
  expect(server.take('presence.sound').params).toEqual({ locked: false });
});

it('says nothing where it can ring from the start', async () => {
  const { client, server } = newStory();
  const connected = client.connect();
  await server.welcome();
  await connected;
  expect(server.has('presence.sound')).toBe(false);
});
