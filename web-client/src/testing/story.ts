// Alice's client with everything around it under the test's control.
import type { RingdownOptions } from '../phone/client-options.js';
import { RingdownClient } from '../phone/client.js';
import type { PageHandlers } from '../platform/page.js';
import type { SessionStorage } from '../signaling/kept-session.js';
import { FakeClock, settle } from './fake-clock.js';
import { FakeMedia } from './fake-media.js';
import { FakeServer } from './fake-socket.js';

/** Alice's client and what it stands on. */
export interface Story {
  readonly client: RingdownClient;
  readonly server: FakeServer;
  readonly media: FakeMedia;
  readonly clock: FakeClock;
  readonly page: () => PageHandlers | null;
  /** What the client told, by event name. */
  readonly heard: string[];
}

/** Alice's client, not connected. */
export const newStory = (
  token: () => Promise<string> = () => Promise.resolve('token-1'), options: Partial<RingdownOptions> = {},
  storage: SessionStorage | null = null,
): Story => {
  const server = new FakeServer();
  const media = new FakeMedia();
  const clock = new FakeClock();
  const heard: string[] = [];
  let page: PageHandlers | null = null;
  const client = new RingdownClient({ server: 'https://pbx.test', token, logLevel: 'silent', ...options }, {
    openSocket: server.openSocket,
    openMedia: media.open,
    clock,
    storage,
    watchPage: (handlers) => {
      page = handlers;
      return () => { page = null; };
    },
  });
  for (const event of ['ready', 'reconnecting', 'offline', 'incoming', 'call', 'callEnded', 'error'] as const) {
    client.on(event, () => heard.push(event));
  }
  return { client, server, media, clock, heard, page: () => page };
};

/** Alice's client, connected. */
export const connectedStory = async (options: Partial<RingdownOptions> = {}): Promise<Story> => {
  const story = newStory(undefined, options);
  const connected = story.client.connect();
  await story.server.welcome();
  await connected;
  await settle();
  return story;
};
