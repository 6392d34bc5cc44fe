import { beforeEach, describe, expect, it } from 'vitest';
import { RingdownClient } from '../../phone/client.js';
import { FakeClock, settle } from '../../testing/fake-clock.js';
import { FakeDevice } from '../../testing/fake-device.js';
import { FAKE_PEOPLE } from '../../testing/fake-people.js';
import { FakeServer } from '../../testing/fake-server.js';
import { People } from './people.js';

const BOB = FAKE_PEOPLE[1]?.userId ?? '';
let server: FakeServer;
let client: RingdownClient;
let people: People;

beforeEach(async () => {
  const clock = new FakeClock();
  server = new FakeServer({ clock });
  const device = new FakeDevice(server, { clock });
  client = new RingdownClient({ server: 'https://pbx.test', token: () => Promise.resolve('alice'), logLevel: 'silent' }, device);
  people = new People(client);
  const connected = client.connect();
  await settle();
  await connected;
});

describe('people', () => {
  it('say a word with a note and an end, and nothing any more', async () => {
    await people.say('break', { note: 'coffee', until: 4_000_000_000_000 });
    await settle();
    expect(people.me).toMatchObject({ activity: 'break', note: 'coffee' });
    await people.say('ready');
    await settle();
    expect(people.me?.activity).toBeUndefined();
  });

  it('are favourites until they are none', async () => {
    let changes = 0;
    people.on('change', () => { changes += 1; });
    await people.setFavourite(BOB, true);
    await settle();
    expect([people.favourites.map(({ name }) => name), people.isFavourite(BOB)]).toEqual([['Bob Baker'], true]);
    expect(changes).toBeGreaterThan(0);
    await people.setFavourite(BOB, false);
    await settle();
    expect(people.favourites).toEqual([]);
  });

  it('whom the directory lacks are kept current as long as they are shown', async () => {
    const zoe = { userId: 'u-zoe', name: 'Zoe', extension: '999', department: '', presence: 'online' as const };
    const ended: string[][] = [];
    server.answer('presence.watch', ({ users }) => ({ entries: users.includes('u-zoe') ? [zoe] : [] }));
    server.answer('presence.unwatch', ({ users }) => { ended.push(users); return {}; });
    const [first, second] = [await people.watch(['u-zoe', BOB]), await people.watch(['u-zoe'])];
    expect(people.get('u-zoe')).toEqual(zoe);
    first();
    first();
    expect(ended).toEqual([]);
    second();
    await settle();
    expect([ended, people.get('u-zoe')]).toEqual([[['u-zoe']], undefined]);
  });

  it('of the address book are found, and a photo is taken away for everybody', async () => {
    server.desk.contacts = [{ id: '1', name: 'Dora Diaz', organisation: 'Nordlicht', numbers: [{ label: 'Office', number: '+49301234567' }] }];
    expect((await people.contacts('nord dora')).map(({ id }) => id)).toEqual(['1']);
    expect(await people.contacts('zoe')).toEqual([]);
    server.desk.setPhoto('u-101', 'f1');
    await settle();
    expect(people.me?.photo).toBe('/api/v1/photos/f1');
    await people.setPhoto(null);
    await settle();
    expect(people.me?.photo).toBeUndefined();
  });

  it('are told when the server tells everything anew, for lists that were read before', async () => {
    let told = 0;
    people.on('refresh', () => { told += 1; });
    await people.setFavourite(BOB, true);
    await settle();
    expect(told).toBe(0);
    client.directory.replace({ ...client.directory.state! });
    server.desk.setPhoto('u-101', null);
    await settle();
    expect(told).toBe(1);
  });
});
