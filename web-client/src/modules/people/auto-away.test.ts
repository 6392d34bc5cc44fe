import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RingdownClient } from '../../phone/client.js';
import { FakeClock, settle } from '../../testing/fake-clock.js';
import { FakeDevice } from '../../testing/fake-device.js';
import { FakeServer } from '../../testing/fake-server.js';
import { AutoAway } from './auto-away.js';
import { People } from './people.js';

const MINUTE = 60_000;
let page: EventTarget & { visibilityState?: string };
let people: People;
let client: RingdownClient;
let away: AutoAway;
const kept = new Map<string, string>();
const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => { kept.set(key, value); } };

const pass = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
};

beforeEach(async () => {
  kept.clear();
  page = new EventTarget();
  const clock = new FakeClock();
  const server = new FakeServer({ clock });
  client = new RingdownClient({ server: 'https://pbx.test', token: () => Promise.resolve('alice'), logLevel: 'silent' }, new FakeDevice(server, { clock }));
  people = new People(client);
  const connected = client.connect();
  await settle();
  await connected;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  vi.stubGlobal('document', page);
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('top', globalThis);
  away = new AutoAway(client, people, store);
});

afterEach(() => {
  away.destroy();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('who touches nothing', () => {
  it('is away after as many minutes as they chose, and back when they touch something', async () => {
    await pass(30 * MINUTE);
    expect(people.me?.activity).toBeUndefined();
    await away.choose(5);
    await pass(4 * MINUTE);
    expect(people.me?.activity).toBeUndefined();
    await pass(MINUTE + 10_000);
    expect(people.me?.activity).toBe('away');
    await pass(20 * MINUTE);
    page.dispatchEvent(new Event('pointermove'));
    await pass(0);
    expect(people.me?.activity).toBeUndefined();
  });

  it('is back also after the page was loaded anew', async () => {
    await away.choose(5);
    await pass(6 * MINUTE);
    away.destroy();
    away = new AutoAway(client, people, store);
    await pass(10_000);
    expect([people.me?.activity, kept.get('ringdown.away-said')]).toEqual([undefined, '']);
  });

  it('is not away who works in another tab, nor does a page within another know', async () => {
    await away.choose(5);
    await pass(4 * MINUTE);
    kept.set('ringdown.touched', String(Date.now()));
    await pass(4 * MINUTE);
    expect(people.me?.activity).toBeUndefined();
    vi.stubGlobal('top', {});
    await pass(20 * MINUTE);
    expect(people.me?.activity).toBeUndefined();
  });
});
