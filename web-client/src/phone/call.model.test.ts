// Calls against a model: whatever users, telephones and networks do, in any order, a page shows what the server knows.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeClock, settle } from '../testing/fake-clock.js';
import { FakeDevice } from '../testing/fake-device.js';
import { FakeServer } from '../testing/fake-server.js';
import type { Call } from './call.js';
import { RingdownClient } from './client.js';

/** What must be true of alice's one call. */
interface Model {
  state: 'none' | 'placed' | 'offered' | 'talking';
  held: boolean;
  heldByPeer: boolean;
  muted: boolean;
  online: boolean;
  ended: number;
}

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer({ clock: this.clock });
  readonly device = new FakeDevice(this.server, { clock: this.clock });
  readonly client = new RingdownClient({ server: 'https://pbx.test', token: () => Promise.resolve('alice'), logLevel: 'silent' }, this.device);
  readonly told: string[] = [];
  readonly bob = this.server.person('bob');

  constructor() {
    this.client.on('call', (call) => {
      call.on('ended', () => this.told.push('ended'));
      call.on('reconnecting', () => this.told.push('reconnecting'));
      call.on('reconnected', () => this.told.push('reconnected'));
    });
  }

  get call(): Call { return this.client.calls[0]!; }
}

/** A step: when it may be taken, what it does to the model, and to the world. */
class Step implements fc.AsyncCommand<Model, World> {
  constructor(
    private readonly name: string,
    private readonly may: (model: Readonly<Model>) => boolean,
    private readonly change: (model: Model) => void,
    private readonly act: (world: World) => unknown,
  ) {}

  check(model: Readonly<Model>): boolean { return this.may(model); }
  toString(): string { return this.name; }

  async run(model: Model, world: World): Promise<void> {
    this.change(model);
    const done = Promise.resolve(this.act(world));
    await settle();
    await done;
    await settle();
    compare(model, world);
  }
}

/** The page shows the model; what may be done is what the model allows. */
const compare = (model: Model, { client, told, bob }: World): void => {
  const [call] = client.calls;
  expect(told.filter((event) => event === 'ended').length).toBe(model.ended);
  expect(told.filter((event) => event === 'reconnecting').length).toBeGreaterThanOrEqual(told.filter((event) => event === 'reconnected').length);
  if (model.state === 'none') {
    expect([call, client.calls.length]).toEqual([undefined, 0]);
    if (model.online) expect(bob.legs.length).toBe(0);
    return;
  }
  const talks = model.state === 'talking';
  expect(call?.answeredAt !== null).toBe(talks);
  expect([call?.held, call?.heldByPeer, call?.muted]).toEqual([model.held, model.heldByPeer, model.muted]);
  const state = model.state === 'talking' ? (!model.online ? 'reconnecting' : model.held ? 'held' : 'active') : 'ringing';
  expect(call?.state).toBe(state);
  expect(call?.can).toEqual({
    answer: model.state === 'offered', ignore: model.state === 'offered', decline: model.state === 'offered', hangup: true,
    hold: talks && !model.held, unhold: talks && model.held, mute: true, dtmf: talks || model.state === 'placed',
    transfer: talks, merge: talks, park: talks, video: talks, record: talks,
  });
};

const over = (model: Model): void => {
  Object.assign(model, { state: 'none', held: false, heldByPeer: false, muted: false });
  model.ended += 1;
};
const talking = ({ state, online }: Model): boolean => state === 'talking' && online;
const live = ({ state, online }: Model): boolean => state !== 'none' && online;

const STEPS = [
  new Step('alice calls', ({ state, online }) => state === 'none' && online, (model) => { model.state = 'placed'; }, ({ client }) => client.call('102')),
  new Step('bob calls', ({ state, online }) => state === 'none' && online, (model) => { model.state = 'offered'; }, ({ bob }) => bob.call('101')),
  new Step('alice answers', ({ state, online }) => state === 'offered' && online, (model) => { model.state = 'talking'; }, ({ call }) => call.answer()),
  new Step('bob answers', ({ state, online }) => state === 'placed' && online, (model) => { model.state = 'talking'; }, ({ bob }) => bob.answer()),
  new Step('bob is busy', ({ state, online }) => state === 'placed' && online, over, ({ bob }) => bob.decline('busy')),
  new Step('alice declines', ({ state, online }) => state === 'offered' && online, over, ({ call }) => call.decline()),
  new Step('alice hangs up', live, over, ({ call }) => call.hangup()),
  new Step('bob hangs up', live, over, ({ bob }) => bob.hangup()),
  new Step('alice holds', talking, (model) => { model.held = true; }, ({ call }) => call.hold()),
  new Step('alice takes back', talking, (model) => { model.held = false; }, ({ call }) => call.unhold()),
  new Step('bob holds', talking, (model) => { model.heldByPeer = true; }, ({ bob }) => bob.hold()),
  new Step('bob takes back', talking, (model) => { model.heldByPeer = false; }, ({ bob }) => bob.hold(false)),
  new Step('alice mutes', talking, (model) => { model.muted = true; }, ({ call }) => call.mute()),
  new Step('alice unmutes', talking, (model) => { model.muted = false; }, ({ call }) => call.mute(false)),
  new Step('alice transfers', talking, over, async ({ call, bob }) => {
    await call.transfer('103');
    bob.hangup();
  }),
  new Step('the connection breaks and is back', live, () => undefined, async ({ server, clock }) => {
    server.drop('alice');
    await clock.advance(2_000);
  }),
  new Step('the network goes', talking, (model) => { model.online = false; }, ({ device }) => device.goOffline()),
  new Step('another network comes', ({ online }) => !online, (model) => { model.online = true; }, async ({ device, clock }) => {
    device.goOnline();
    await clock.advance(9_000);
  }),
  new Step('time passes', ({ online }) => online, () => undefined, ({ clock }) => clock.advance(30_000)),
];

it('calls do as the model does, whatever happens', async () => {
  await fc.assert(fc.asyncProperty(fc.commands(STEPS.map((step) => fc.constant(step)), { maxCommands: 60, size: 'large' }), async (commands) => {
    const world = new World();
    const connected = world.client.connect();
    await settle();
    await connected;
    const model: Model = { state: 'none', held: false, heldByPeer: false, muted: false, online: true, ended: 0 };
    await fc.asyncModelRun(() => ({ model, real: world }), commands);
    world.client.destroy();
    world.server.close();
    await settle();
    expect(world.clock.waiting).toBe(0);
  }), { numRuns: 150 });
}, 60_000);
