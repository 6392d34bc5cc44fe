import { describe, expect, it } from 'vitest';
import type { Call } from '../../index.js';
import { callInfo } from '../../testing/fake-socket.js';
import { connectedStory } from '../../testing/story.js';
import { Attention } from './attention.js';
import type { AttentionPage, Notice } from './page.js';

class FakePage implements AttentionPage {
  permission: NotificationPermission = 'granted';
  isSeen = false;
  title = 'The CRM';
  badge = 0;
  readonly shown: Notice[] = [];
  click: () => void = () => undefined;
  changed: () => void = () => undefined;

  ask() { return Promise.resolve(this.permission); }
  setBadge(count: number) { this.badge = count; }
  show(notice: Notice, onClick: () => void) {
    this.shown.push(notice);
    this.click = onClick;
    return () => void this.shown.splice(this.shown.indexOf(notice), this.shown.includes(notice) ? 1 : 0);
  }
  watch(onChange: () => void) {
    this.changed = onChange;
    return () => { this.changed = () => undefined; };
  }
}

const newStory = async (change: Partial<FakePage> = {}, isInCharge = true) => {
  const { client, server } = await connectedStory();
  const page = Object.assign(new FakePage(), change);
  const opened: Call[] = [];
  const attention = new Attention(client, {
    page,
    isInCharge: () => isInCharge,
    onOpen: (call) => opened.push(call),
    texts: {
      calling: ({ peer }) => [peer.name, 'is calling'],
      missed: ({ peer }) => [peer.name, 'called'],
      title: ({ peer }) => `☎ ${peer.name}`,
    },
  });
  const ring = () => server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
  const end = (reason: 'cancelled' | 'answered-elsewhere') =>
    server.push({ event: 'call.ended', data: { call: callInfo(), reason, by: 'remote', code: 16, durationMs: 0 } });
  return { client, server, page, attention, opened, ring, end };
};

describe('a call that rings on a page nobody looks at', () => {
  it('is told on the desktop and in the title, until it is answered on another device', async () => {
    const { page, ring, end } = await newStory();
    await ring();
    expect(page.shown).toEqual([{ title: 'Bob Baker', body: 'is calling', stays: true, tag: 'ringdown-call-call-1' }]);
    expect(page.title).toBe('☎ Bob Baker');
    await end('answered-elsewhere');
    expect(page.shown).toEqual([]);
    expect(page.title).toBe('The CRM');
  });

  it('leaves word that it was missed', async () => {
    const { page, ring, end } = await newStory();
    await ring();
    await end('cancelled');
    expect(page.shown.map(({ body, stays }) => [body, stays])).toEqual([['called', false]]);
  });

  it('opens the phone at a click', async () => {
    const { page, ring, opened, client } = await newStory();
    await ring();
    page.click();
    expect(opened).toEqual(client.calls);
  });

  it('is notified when the user leaves the page, and no more when they come back', async () => {
    const { page, ring } = await newStory({ isSeen: true });
    await ring();
    expect(page.shown).toEqual([]);
    page.isSeen = false;
    page.changed();
    page.changed();
    expect(page.shown.length).toBe(1);
    page.isSeen = true;
    page.changed();
    expect(page.shown).toEqual([]);
  });

  it('is not notified without the right to, nor by a tab that another one stands for', async () => {
    const refused = await newStory({ permission: 'denied' });
    await refused.ring();
    const follower = await newStory({}, false);
    await follower.ring();
    expect([refused.page.shown, follower.page.shown]).toEqual([[], []]);
    expect(follower.page.title).toBe('☎ Bob Baker');
  });
});

describe('the title and the badge', () => {
  it('count what waits, and keep a title the page gave itself meanwhile', async () => {
    const { page, attention } = await newStory();
    attention.setCount('missed', 2);
    attention.setCount('messages', 1);
    expect([page.title, page.badge]).toEqual(['(3) The CRM', 3]);
    page.title = 'Another page';
    attention.setCount('missed', 0);
    expect([page.title, page.badge]).toEqual(['(1) Another page', 1]);
    attention.setCount('messages', 0);
    expect([page.title, page.badge]).toEqual(['Another page', 0]);
  });

  it('are the page’s own after the end', async () => {
    const { page, attention, ring } = await newStory();
    attention.setCount('missed', 2);
    await ring();
    attention.destroy();
    expect([page.title, page.badge, page.shown]).toEqual(['The CRM', 0, []]);
  });
});
