// What Creatio's panel is told, and what it may offer at each moment.
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock.js';
import { FakeDevice } from '../../testing/fake-device.js';
import { FakeServer } from '../../testing/fake-server.js';
import { CtiProvider, OWN_FEATURES as BITS, defineCtiProvider, type PanelCall, type PanelEvent } from './index.js';

let clock: FakeClock;
let server: FakeServer;
let provider: CtiProvider;
let events: [PanelEvent, ...unknown[]][];
let saved: [id: string, state: unknown][];

const fired = (name: PanelEvent): unknown[] => events.filter(([event]) => event === name).map(([, detail]) => detail);
const offers = (): number => (fired('lineStateChanged').at(-1) as { callFeaturesSet: number }).callFeaturesSet;
const active = (): PanelCall => {
  const call = provider.activeCall;
  if (!call) throw new Error('no call');
  return call;
};

beforeEach(async () => {
  clock = new FakeClock();
  server = new FakeServer({ clock });
  [events, saved] = [[], []];
  provider = new CtiProvider({
    features: BITS,
    states: { NONE: 'NONE', ALERTING: 'ALERTING', CONNECTED: 'CONNECTED', HOLDED: 'HOLDED' },
    directions: { IN: 'IN', OUT: 'OUT' },
    fire: (event, ...details) => events.push([event, ...details]),
    save: (call) => saved.push([call.id, call.state]),
  }, { server: 'https://pbx.test', token: () => Promise.resolve('alice') }, new FakeDevice(server, { clock }));
  provider.connect();
  await settle();
});

const talking = async (): Promise<void> => {
  provider.makeCall('102');
  await settle();
  server.person('102').answer();
  await settle();
};

describe('the panel', () => {
  it('is ready and may dial', () => {
    expect(fired('initialized')).toHaveLength(1);
    expect(offers()).toBe(BITS.CAN_DIAL);
    expect(fired('agentStateChanged').at(-1)).toEqual({ userState: 'ONHOOK' });
    const { callCapabilities: all } = provider.getCapabilities();
    for (const [name, bit] of Object.entries(BITS)) if (name !== 'CAN_VIDEO') expect(all & bit, name).toBe(bit);
  });

  it('follows a call it made from ringing to its record', async () => {
    provider.makeCall('102');
    await settle();
    expect(active()).toMatchObject({ direction: 'OUT', callerId: '101', calledId: '102', state: 'ALERTING' });
    expect(offers() & BITS.CAN_DROP).toBe(BITS.CAN_DROP);
    expect(offers() & (BITS.CAN_HOLD | BITS.CAN_BLIND_TRANSFER)).toBe(0);
    server.person('102').answer();
    await settle();
    expect(fired('commutationStarted')).toHaveLength(1);
    const can = BITS.CAN_DROP | BITS.CAN_HOLD | BITS.CAN_DTMF | BITS.CAN_BLIND_TRANSFER | BITS.CAN_MAKE_CONSULT_CALL;
    expect(offers() & can).toBe(can);
    const { id } = active();
    provider.holdCall(active());
    await settle();
    expect([active().state, offers() & (BITS.CAN_HOLD | BITS.CAN_UNHOLD)]).toEqual(['HOLDED', BITS.CAN_UNHOLD]);
    provider.dropCall(active());
    await settle();
    expect([provider.activeCall, offers()]).toEqual([null, BITS.CAN_DIAL]);
    expect(saved.map(([, state]) => state)).toEqual(['ALERTING', 'CONNECTED', 'HOLDED', 'NONE']);
    expect(saved.every(([call]) => call === id), 'one record').toBe(true);
  });

  it('asks somebody first, and hands over', async () => {
    await talking();
    const first = active();
    provider.makeConsultCall(first, '103');
    await settle();
    server.person('103').answer();
    await settle();
    const consult = provider.consultCall;
    expect([first.state, consult?.calledId, consult?.state]).toEqual(['HOLDED', '103', 'CONNECTED']);
    expect(first.callFeaturesSet & BITS.CAN_COMPLETE_TRANSFER).toBe(BITS.CAN_COMPLETE_TRANSFER);
    if (consult) provider.transferCall(first, consult);
    await settle();
    expect([provider.activeCall, provider.consultCall, first.redirectionId]).toEqual([null, null, '103']);
    expect(fired('callFinished')).toHaveLength(2);
  });

  it('takes the first call back when the other one is cancelled', async () => {
    await talking();
    const first = active();
    provider.makeConsultCall(first, '103');
    await settle();
    server.person('103').answer();
    await settle();
    if (provider.consultCall) provider.cancelTransfer(first, provider.consultCall);
    await settle();
    expect([provider.activeCall === first, provider.consultCall, first.state]).toEqual([true, null, 'CONNECTED']);
  });

  it('answers, and refuses a second call as busy', async () => {
    server.person('102').call('101');
    await settle();
    expect([active().direction, active().callerId, offers() & BITS.CAN_ANSWER]).toEqual(['IN', '102', BITS.CAN_ANSWER]);
    provider.answerCall(active());
    await settle();
    expect(active().state).toBe('CONNECTED');
    server.person('103').call('101');
    await settle();
    expect(active().callerId).toBe('102');
    expect(provider.consultCall).toBeNull();
  });

  it('says what the agent does', async () => {
    let done = false;
    provider.setUserState('DND', 'in a talk', () => { done = true; });
    await settle();
    expect([done, fired('agentStateChanged').at(-1)]).toEqual([true, { userState: 'DND' }]);
  });
});

it('a class of Creatio has the methods of a provider and the values of its page', () => {
  let definition: Record<string, unknown> = {};
  defineCtiProvider({ define: (_name, given) => { definition = given; } }, { CallFeaturesSet: { CAN_DIAL: 8 } }, {
    server: 'https://pbx.test', token: () => Promise.resolve('alice'),
  });
  expect([definition.extend, definition.singleton]).toEqual(['Terrasoft.BaseCtiProvider', true]);
  const base = { fireEvent: () => undefined };
  const { callCapabilities } = (definition.getCapabilities as (this: unknown) => { callCapabilities: number }).call(base);
  expect(callCapabilities).toBe(8);
});
