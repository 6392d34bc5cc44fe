// Pages written for Webitel's library: the same calls, the same events, in the same order.
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock.js';
import { FakeDevice } from '../../testing/fake-device.js';
import { FakeServer } from '../../testing/fake-server.js';
import { Webitel, WebitelUserAwayCauseTypes, type WebitelCallInfo } from './index.js';
import { dashed } from './webitel-call.js';

let clock: FakeClock;
let server: FakeServer;
let webitel: Webitel;
let told: string[];
let calls: WebitelCallInfo[];

beforeEach(async () => {
  clock = new FakeClock();
  server = new FakeServer({ clock });
  const parameters = { server: 'wss://pbx.test:10022', account: '101@pbx.test', getToken: () => Promise.resolve('alice') };
  webitel = new Webitel(parameters, new FakeDevice(server, { clock }));
  [told, calls] = [[], []];
  const note = (name: string) => (sender: unknown): void => {
    told.push(name);
    if (typeof sender === 'object' && sender !== null && 'uuid' in sender) calls.push(sender as WebitelCallInfo);
  };
  for (const name of ['onConnect', 'onReady', 'onNewCall', 'onAcceptCall', 'onBridgeCall', 'onHoldCall', 'onUnholdCall', 'onHangupCall', 'onDestroyWebRTCCall'] as const) {
    (webitel[name] as (handler: (sender: unknown) => void) => number)(note(name));
  }
  webitel.onError(({ message }) => told.push(`error: ${message}`));
  webitel.connect();
  await settle();
});

it('ids are written as those pages know them', () => {
  expect(dashed('00112233445566778899aabbccddeeff')).toBe('00112233-4455-6677-8899-aabbccddeeff');
});

describe('a page of a Webitel connector', () => {
  it('connects and knows its colleagues', () => {
    expect(told).toEqual(['onConnect', 'onReady']);
    expect(webitel.account()).toMatchObject({ id: '101', domain: 'pbx.test', state: 'ONHOOK' });
    webitel.userList((response) => {
      const users = JSON.parse(response.response.response) as Record<string, { name: string }>;
      expect(users['102']?.name).toBe('Bob Baker');
    });
  });

  it('writes to a colleague and reads what comes', async () => {
    const messages: unknown[] = [];
    webitel.onNewMessage((message) => messages.push(message));
    let sent = 0;
    webitel.sendMessage('102@pbx.test', 'are you in?', () => { sent += 1; });
    await settle();
    expect([sent, messages]).toEqual([1, []]);
    const bob = new Webitel(
      { server: 'wss://pbx.test:10022', account: '102@pbx.test', getToken: () => Promise.resolve('bob') },
      new FakeDevice(server, { clock }),
    );
    bob.connect();
    await settle();
    bob.sendMessage('101@pbx.test', 'in a minute');
    await settle();
    expect(messages).toEqual([{ from: '102@pbx.test', to: '101@pbx.test', body: 'in a minute' }]);
  });

  it('calls, holds by turns, and hangs up', async () => {
    webitel.call('102');
    await settle();
    server.person('102').answer();
    await settle();
    expect(told.slice(2)).toEqual(['onNewCall', 'onAcceptCall', 'onBridgeCall']);
    const uuid = calls[0]?.uuid ?? '';
    expect(calls[0]).toMatchObject({ direction: 'outbound', calleeNumber: '102', callerNumber: '101', state: 1 });
    let held = false;
    webitel.toggleHold(uuid, () => { held = true; });
    await settle();
    expect(held).toBe(true);
    webitel.toggleHold(uuid);
    await settle();
    expect(told.slice(5)).toEqual(['onHoldCall', 'onUnholdCall']);
    expect([webitel.setMute(uuid, 'off'), webitel.setMute(uuid, 'on')]).toEqual([true, false]);
    expect(webitel.hangup(uuid)).toBe(true);
    await settle();
    expect(told.slice(7)).toEqual(['onHangupCall', 'onDestroyWebRTCCall']);
    expect(calls.at(-1)).toMatchObject({ hangup_cause: 'NORMAL_CLEARING', state: 5 });
    expect(webitel.hangup(uuid), 'it is over').toBe(false);
  });

  it('asks somebody first and joins both', async () => {
    webitel.call('102');
    await settle();
    server.person('102').answer();
    await settle();
    const first = calls[0]?.uuid ?? '';
    webitel.attendedTransfer(first, '103');
    await settle();
    server.person('103').answer();
    await settle();
    const consult = calls.find(({ uuid }) => uuid !== first);
    expect(consult).toMatchObject({ 'attended-transfer-call-uuid': first, calleeNumber: '103' });
    expect(told).toContain('onHoldCall');
    webitel.bridgeTransfer(first, consult?.uuid ?? '');
    await settle();
    const ends = calls.filter(({ state }) => state === 5);
    expect(ends.some(({ transferResult, hangup_cause: cause }) => transferResult === 'confirmed' && cause === 'ATTENDED_TRANSFER')).toBe(true);
  });

  it('says what it does, and is refused what ran commands in a softswitch', async () => {
    webitel.busy(WebitelUserAwayCauseTypes.DoNotDisturb, 'in a talk');
    await settle();
    expect(webitel.account()).toMatchObject({ away: 'DND', tag: 'in a talk' });
    webitel.ready();
    await settle();
    expect(webitel.account()).toMatchObject({ away: 'NONE' });
    expect(() => webitel.busy('SOMETHING')).toThrow(/not supported/);
    let status = 0;
    webitel.rawapi('shutdown', (response) => { status = response.status; });
    await settle();
    expect([status, told.at(-1)]).toEqual([1, 'error: Permission denied.']);
  });

  it('is called and declines as busy', async () => {
    server.person('102').call('101');
    await settle();
    const uuid = calls[0]?.uuid ?? '';
    expect(calls[0]).toMatchObject({ direction: 'inbound', callerNumber: '102', isOriginator: false });
    webitel.hangup(uuid, 'USER_BUSY');
    await settle();
    expect(told.slice(-2)).toEqual(['onHangupCall', 'onDestroyWebRTCCall']);
  });
});
