import { describe, expect, it } from 'vitest';
import type { CallInfo } from '../protocol/generated.js';
import type { SessionStorage } from '../signaling/kept-session.js';
import { settle } from '../testing/fake-clock.js';
import { callInfo, welcome } from '../testing/fake-socket.js';
import { newStory, type Story } from '../testing/story.js';

/** A tab's storage, which outlives its pages. */
class Tab implements SessionStorage {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null { return this.items.get(key) ?? null; }
  setItem(key: string, value: string): void { this.items.set(key, value); }
  removeItem(key: string): void { this.items.delete(key); }
}

const active = callInfo({ state: 'active', answeredAt: 1_000_500 });

/** A page of alice's in `tab` that was welcomed. */
const firstPage = async (tab: Tab): Promise<Story> => {
  const story = newStory(undefined, {}, tab);
  const connected = story.client.connect();
  await story.server.welcome();
  await connected;
  return story;
};

/** The next page in the same tab, with the calls that the server knows. */
const nextPage = async (tab: Tab, calls: CallInfo[], options = {}): Promise<Story> => {
  const story = newStory(() => Promise.reject(new Error('no token is needed')), options, tab);
  void story.client.connect();
  await settle();
  story.server.open();
  const resume = story.server.take('resume');
  expect(resume.params).toEqual({ session: 's1', secret: 'x1', lastSeq: 0 });
  const { state } = welcome({ calls });
  await story.server.result<'resume'>(resume.id, { seq: 7, state });
  return story;
};

describe('a page that is reloaded in a call', () => {
  it('goes on with the session without a token, and connects the audio anew', async () => {
    const tab = new Tab();
    const first = await firstPage(tab);
    first.page()?.onLeave(false);
    expect(first.server.has('bye')).toBe(false);
    const { client, server, media } = await nextPage(tab, [active]);
    expect([client.state, client.me?.username]).toEqual(['ready', 'alice']);
    const [call] = client.calls;
    expect([call?.recoveredFrom, call?.state]).toEqual(['reload', 'reconnecting']);
    expect(server.take('call.describe').params).toMatchObject({ call: 'leg-1', description: { type: 'offer' } });
    expect([media.last.microphone, media.last.audible, media.last.sending]).toEqual([true, true, true]);
    media.last.handlers.onConnection('connected');
    expect(call?.state).toBe('active');
  });

  it('stays muted and held, and shows the camera again', async () => {
    const tab = new Tab();
    const { client, server } = await firstPage(tab);
    await server.push({ event: 'call.state', data: { call: active } });
    const showing = client.calls[0]?.startVideo();
    await showing;
    const next = await nextPage(tab, [{ ...active, held: true, muted: true }]);
    await settle();
    expect(next.media.last.done).toContain('start camera');
    expect([next.client.calls[0]?.held, next.client.calls[0]?.muted]).toEqual([true, true]);
    expect([next.media.last.sending, next.media.last.showing]).toEqual([false, false]);
  });

  it('knows that the screen was shared, which the browser shows again only after a click', async () => {
    const tab = new Tab();
    const { client, server } = await firstPage(tab);
    await server.push({ event: 'call.state', data: { call: active } });
    await client.calls[0]?.startScreenShare();
    const next = await nextPage(tab, [active]);
    const [call] = next.client.calls;
    expect([call?.screenLost, next.media.last.done.includes('start screen')]).toEqual([true, false]);
    await call?.startScreenShare();
    expect(call?.screenLost).toBe(false);
    call?.stopScreenShare();
    expect((await nextPage(tab, [active])).client.calls[0]?.screenLost).toBe(false);
  });

  it('rings on, and is answered without the offer of before', async () => {
    const tab = new Tab();
    await firstPage(tab);
    const { client, server, media, heard } = await nextPage(tab, [callInfo()]);
    await server.push({ event: 'call.incoming', data: { call: callInfo(), description: { type: 'offer', sdp: 'old' }, autoAnswer: false } }, 8);
    expect(heard.filter((event) => event === 'incoming')).toHaveLength(1);
    expect(media.calls).toHaveLength(1);
    expect(media.last.done).toEqual(['offer']);
    expect([media.last.microphone, media.last.audible]).toEqual([false, false]);
    await server.confirm('call.describe');
    const answered = client.calls[0]?.answer();
    await settle();
    await server.confirm('call.answer');
    await answered;
    expect([media.last.microphone, media.last.audible]).toEqual([true, true]);
  });

  it('is reloaded twice in a row', async () => {
    const tab = new Tab();
    await firstPage(tab);
    await nextPage(tab, [active]);
    const { client } = await nextPage(tab, [active]);
    expect(client.calls).toHaveLength(1);
  });

  it('does not take the calls of other devices', async () => {
    const tab = new Tab();
    await firstPage(tab);
    const { client, media } = await nextPage(tab, [{ ...active, mine: false }]);
    expect([client.calls[0]?.recoveredFrom, media.calls.length]).toEqual([null, 0]);
  });

  it('begins anew where the session is gone, or somebody else’s', async () => {
    const tab = new Tab();
    await firstPage(tab);
    const story = newStory(undefined, {}, tab);
    void story.client.connect();
    await settle();
    story.server.open();
    await story.server.refuse(story.server.take('resume').id, 'session-expired', true);
    await story.server.welcome({ calls: [active] });
    expect([story.client.state, story.client.calls[0]?.recoveredFrom]).toEqual(['ready', null]);

    const other = newStory(undefined, { account: 'bob' }, tab);
    void other.client.connect();
    await settle();
    other.server.open();
    expect(other.server.has('hello')).toBe(true);
  });

  it('keeps nothing after a sign-out, nor where it is told not to', async () => {
    const tab = new Tab();
    const { client } = await firstPage(tab);
    client.disconnect();
    expect(tab.items.size).toBe(0);
    const off = newStory(undefined, { resume: 'off' }, tab);
    void off.client.connect();
    await off.server.welcome();
    expect(tab.items.size).toBe(0);
  });
});

describe('a page in the back/forward cache', () => {
  it('goes on with its session when it is shown again', async () => {
    const { client, server, page } = await firstPage(new Tab());
    page()?.onLeave(true);
    expect([client.state, server.connected, client.me?.username]).toEqual(['offline', false, 'alice']);
    page()?.onReturn();
    await settle();
    server.open();
    await server.result<'resume'>(server.take('resume').id, { seq: 0 });
    expect(client.state).toBe('ready');
  });
});

it('a session that another page took is not taken back', async () => {
  const { client, server, clock } = await firstPage(new Tab());
  await server.close(4006);
  await clock.advance(500);
  await server.welcome();
  expect(client.state).toBe('ready');
});

it('tells that the other side muted itself', async () => {
  const { client, server } = await firstPage(new Tab());
  await server.push({ event: 'call.state', data: { call: active } });
  const told: boolean[] = [];
  client.calls[0]?.on('remoteMute', (muted) => told.push(muted));
  for (const call of [{ ...active, peerMuted: true }, active]) await server.push({ event: 'call.state', data: { call } });
  expect([told, client.calls[0]?.peerMuted]).toEqual([[true, false], false]);
});

it('tells that the other side is lost, and back', async () => {
  const { client, server } = await firstPage(new Tab());
  await server.push({ event: 'call.state', data: { call: active } });
  const told: boolean[] = [];
  client.calls[0]?.on('peerLost', (lost) => told.push(lost));
  await server.push({ event: 'call.state', data: { call: { ...active, peerLost: true } } });
  expect(client.calls[0]?.peerLost).toBe(true);
  await server.push({ event: 'call.state', data: { call: active } });
  expect(told).toEqual([true, false]);
});
