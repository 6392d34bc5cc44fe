import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../index.js';
import { settle } from '../../testing/fake-clock.js';
import { callInfo } from '../../testing/fake-socket.js';
import { connectedStory } from '../../testing/story.js';
import { Headset, type Hid, type HidDevice } from './headset.js';
import { HeadsetReports, type HeadsetLamp, type HidCollection } from './hid-report.js';

/** One bit each: hook, a constant gap, mute (relative), flash, drop; lamps off-hook, mute, ring, hold after five bits of nothing. */
const HEADSET: readonly HidCollection[] = [{
  usagePage: 0x0b,
  inputReports: [{
    reportId: 8,
    items: [
      { usages: [0x0b0020], reportSize: 1, reportCount: 1 },
      { isConstant: true, reportSize: 7, reportCount: 1 },
      { usages: [0x0b002f, 0x0b0021, 0x0b0026], reportSize: 1, reportCount: 3 },
      { isConstant: true, reportSize: 5, reportCount: 1 },
    ],
  }],
  outputReports: [{
    reportId: 9,
    items: [
      { isConstant: true, reportSize: 5, reportCount: 1 },
      { usages: [0x080017, 0x080009, 0x080018], reportSize: 1, reportCount: 3 },
      { usages: [0x080020], reportSize: 1, reportCount: 1 },
      { isConstant: true, reportSize: 7, reportCount: 1 },
    ],
  }],
}];

class FakeHeadset extends EventTarget implements HidDevice {
  opened = false;
  readonly productName = 'Headset 65';
  collections = HEADSET;
  lamps = '';
  #bytes = [0, 0];

  open() { this.opened = true; return Promise.resolve(); }
  close() { this.opened = false; return Promise.resolve(); }

  /** Like most firmware it reports the hook as the host shows it. */
  sendReport(_: number, data: Uint8Array<ArrayBuffer>) {
    const [first = 0, second = 0] = data;
    this.lamps = [first & 32 && 'off-hook', first & 64 && 'mute', first & 128 && 'ring', second & 1 && 'hold'].filter(Boolean).join(' ');
    const offHook = first & 32 ? 1 : 0;
    if (offHook !== this.#bytes[0]) this.#report(offHook, this.#bytes[1] ?? 0);
    return Promise.resolve();
  }

  hook(lifted: boolean) { this.#report(lifted ? 1 : 0, 0); }
  press(button: 'mute' | 'flash' | 'drop') {
    this.#report(this.#bytes[0] ?? 0, { mute: 1, flash: 2, drop: 4 }[button]);
    this.#report(this.#bytes[0] ?? 0, 0);
  }

  #report(...bytes: number[]) {
    this.#bytes = bytes;
    this.dispatchEvent(Object.assign(new Event('inputreport'), { reportId: 8, data: new DataView(Uint8Array.from(bytes).buffer) }));
  }
}

class FakeHid extends EventTarget implements Hid {
  readonly devices: HidDevice[] = [];
  getDevices() { return Promise.resolve(this.devices); }
  requestDevice() { return Promise.resolve(this.devices); }
  tell(event: 'connect' | 'disconnect', device: HidDevice) { this.dispatchEvent(Object.assign(new Event(event), { device })); }
}

const newStory = async (isInCharge = true) => {
  const story = await connectedStory();
  const hid = new FakeHid();
  const device = new FakeHeadset();
  hid.devices.push(device);
  const headset = new Headset(story.client, { hid, isInCharge: () => isInCharge });
  await settle();
  const { server, client } = story;
  const ring = async (id = 'leg-1'): Promise<Call> => {
    await server.push({ event: 'call.incoming', data: { call: callInfo({ id }), description: { type: 'offer', sdp: 'o' }, autoAnswer: false } });
    await server.confirm('call.describe');
    return client.calls.find((call) => call.id === id)!;
  };
  const answered = async (): Promise<Call> => {
    const call = await ring();
    device.hook(true);
    await settle();
    await server.confirm('call.answer');
    await server.push({ event: 'call.state', data: { call: callInfo({ state: 'active', answeredAt: 1_000_000 }) } });
    return call;
  };
  return { ...story, hid, device, headset, ring, answered };
};

describe('a headset', () => {
  it('rings, answers when it is lifted, and ends when it is put down', async () => {
    const { server, device, ring } = await newStory();
    await ring();
    expect(device.lamps).toBe('ring');
    device.hook(true);
    await settle();
    await server.confirm('call.answer');
    await server.push({ event: 'call.state', data: { call: callInfo({ state: 'active', answeredAt: 1_000_000 }) } });
    expect(device.lamps).toBe('off-hook');
    device.hook(false);
    await settle();
    expect(server.has('call.hangup')).toBe(true);
  });

  it('does not take the echo of its own lamp for the user', async () => {
    const { server, device, ring, client } = await newStory();
    const call = await ring();
    // Answered and ended by mouse: the firmware follows the lamp both times.
    void call.answer();
    await settle();
    await server.confirm('call.answer');
    await server.push({ event: 'call.state', data: { call: callInfo({ state: 'active', answeredAt: 1_000_000 }) } });
    expect(device.lamps).toBe('off-hook');
    await server.push({ event: 'call.ended', data: { call: callInfo(), reason: 'hangup', by: 'remote', code: 16, durationMs: 5 } });
    expect(device.lamps).toBe('');
    expect([server.has('call.hangup'), client.calls.length]).toEqual([false, 0]);
  });

  it('mutes by its button, and shows a mute from elsewhere', async () => {
    const { server, device, answered } = await newStory();
    const call = await answered();
    device.press('mute');
    await settle();
    expect([call.muted, device.lamps]).toEqual([true, 'off-hook mute']);
    await server.confirm('call.mute');
    void call.mute(false);
    await settle();
    expect(device.lamps).toBe('off-hook');
  });

  it('declines by its drop button, and answers a waiting call by flash', async () => {
    const { server, device, ring } = await newStory();
    await ring();
    device.press('drop');
    await settle();
    expect(server.has('call.decline')).toBe(true);
    const other = await newStory();
    await other.answered();
    await other.ring('leg-2');
    other.device.press('flash');
    await settle();
    expect(other.server.has('call.hold')).toBe(true);
    await other.server.confirm('call.hold');
    await settle();
    expect(other.server.take('call.answer').params).toMatchObject({ call: 'leg-2' });
  });

  it('is let go when it is pulled out, and works when it is back', async () => {
    const { hid, device, headset, ring, server } = await newStory();
    hid.tell('disconnect', device);
    expect(headset.names).toEqual([]);
    device.opened = false;
    hid.tell('connect', device);
    await settle();
    expect(headset.names).toEqual(['Headset 65']);
    await ring();
    device.hook(true);
    await settle();
    expect(server.has('call.answer')).toBe(true);
  });

  it('of a tab that another one stands for shows its lamps and does nothing', async () => {
    const { device, ring, server } = await newStory(false);
    await ring();
    device.hook(true);
    await settle();
    expect([device.lamps, server.has('call.answer')]).toEqual(['ring', false]);
  });

  it('is dark and closed at the end', async () => {
    const { device, headset, ring } = await newStory();
    await ring();
    await headset.destroy();
    expect([device.lamps, device.opened]).toEqual(['', false]);
  });

  it('is none that only has volume keys, and a browser without WebHID has none', async () => {
    const { client } = await connectedStory();
    const hid = new FakeHid();
    const speakers = Object.assign(new FakeHeadset(), { collections: [{ usagePage: 0x0c, inputReports: [{ reportId: 1, items: [{ usages: [0x0c00e9], reportSize: 1, reportCount: 1 }] }] }] });
    hid.devices.push(speakers);
    const headset = new Headset(client, { hid });
    await settle();
    expect([headset.names, speakers.opened]).toEqual([[], false]);
    const none = new Headset(client, { hid: null });
    expect([none.isSupported, await none.attach()]).toEqual([false, false]);
  });
});

const bit = (...usages: number[]) => ({ usages, reportSize: 1, reportCount: usages.length });
const padding = (reportCount: number) => ({ isConstant: true, reportSize: 1, reportCount });
const lamp = (reportId: number, usage: number) => ({ reportId, items: [bit(usage), padding(7)] });

/** As a Plantronics Blackwire 3220 describes itself: a report of its own for each lamp. */
const PLANTRONICS: readonly HidCollection[] = [
  { usagePage: 0x0c, inputReports: [{ reportId: 1, items: [bit(0x0c00e9, 0x0c00ea), padding(6)] }] },
  {
    usagePage: 0x0b,
    inputReports: [{ reportId: 8, items: [bit(0x0b002f), bit(0x0b0020, 0x0b0021), padding(5)] }],
    outputReports: [lamp(9, 0x080009), lamp(0x17, 0x080017), lamp(0x18, 0x080018), lamp(0x20, 0x080020)],
  },
];

/** As headsets of Jabra's kind do: one report each way, with a busy tone, speed dialling and a keypad between. */
const JABRA: readonly HidCollection[] = [{
  usagePage: 0x0b,
  inputReports: [{
    reportId: 2,
    items: [
      bit(0x0b0020, 0x0b0097), bit(0x0b002f, 0x0b0021, 0x0b0070, 0x0b0050),
      { isArray: true, isRange: true, usageMinimum: 0x0b00b0, usageMaximum: 0x0b00bb, logicalMinimum: 0, reportSize: 4, reportCount: 1 },
      bit(0x0b0007), padding(5),
    ],
  }],
  outputReports: [{ reportId: 2, items: [bit(0x080017, 0x080009, 0x080018, 0x080020, 0x080021), bit(0x0b009e), padding(10)] }],
}];

describe('headsets of', () => {
  it.each([
    ['Plantronics', PLANTRONICS, { lifted: [8, 0b010], muted: [8, 0b011], flashed: [8, 0b110] }, { ring: { 0x18: [1] }, call: { 0x17: [1] }, muted: { 9: [1], 0x17: [1] } }],
    ['Jabra', JABRA, { lifted: [2, 0b1], muted: [2, 0b101], flashed: [2, 0b1001] }, { ring: { 2: [0b100, 0] }, call: { 2: [0b1, 0] }, muted: { 2: [0b11, 0] } }],
  ] as const)('%s say what was pressed and show what goes on', (_, collections, pressed, shown) => {
    const reports = new HeadsetReports(collections);
    expect(reports.isHeadset).toBe(true);
    const read = ([id, ...bytes]: readonly number[]) => [...reports.read(id ?? 0, new DataView(Uint8Array.from([...bytes, 0, 0]).buffer))].filter(([, isDown]) => isDown).map(([name]) => name).sort();
    expect(read(pressed.lifted)).toEqual(['hook']);
    expect(read(pressed.muted)).toEqual(['hook', 'mute']);
    expect(read(pressed.flashed)).toEqual(['flash', 'hook']);
    expect(read([1, 0xff])).toEqual([]);
    const lit = (...lamps: HeadsetLamp[]) => Object.fromEntries([...reports.write(new Set(lamps))].filter(([, bytes]) => bytes.some((byte) => byte !== 0)).map(([id, bytes]) => [id, [...bytes]]));
    expect(lit('ring')).toEqual(shown.ring);
    expect(lit('off-hook')).toEqual(shown.call);
    expect(lit('off-hook', 'mute')).toEqual(shown.muted);
    // What is dark is said, too.
    expect([...reports.write(new Set()).values()].flatMap((bytes) => [...bytes]).every((byte) => byte === 0)).toBe(true);
  });
});

describe('reports', () => {
  it('of arrays name the usage that is pressed or lit', () => {
    const reports = new HeadsetReports([{
      inputReports: [{ reportId: 1, items: [{ isArray: true, usages: [0x0b0020, 0x0b002f], logicalMinimum: 1, reportSize: 8, reportCount: 2 }] }],
      outputReports: [{ reportId: 2, items: [{ isArray: true, isRange: true, usageMinimum: 0x080017, usageMaximum: 0x080018, logicalMinimum: 1, reportSize: 8, reportCount: 1 }] }],
    }]);
    const read = (...bytes: number[]) => [...reports.read(1, new DataView(Uint8Array.from(bytes).buffer))];
    expect(read(2, 0)).toEqual([['hook', false], ['mute', true]]);
    expect(read(2, 1)).toEqual([['hook', true], ['mute', true]]);
    expect([...reports.write(new Set(['ring'] as const)).get(2)!]).toEqual([2]);
  });

  it('whatever a device says of itself, reading and writing them fails never', () => {
    const item = fc.record({
      usages: fc.array(fc.constantFrom(0x0b0020, 0x0b002f, 0x080017, 7), { maxLength: 5 }), usageMinimum: fc.integer(), usageMaximum: fc.integer(), isRange: fc.boolean(),
      isArray: fc.boolean(), isConstant: fc.boolean(), logicalMinimum: fc.integer(), reportSize: fc.integer({ min: -9, max: 999 }), reportCount: fc.integer({ min: -9, max: 5000 }),
    }, { requiredKeys: [] });
    const report = fc.record({ reportId: fc.nat(255), items: fc.array(item, { maxLength: 6 }) }, { requiredKeys: [] });
    const collection = fc.record({ inputReports: fc.array(report, { maxLength: 3 }), outputReports: fc.array(report, { maxLength: 3 }) }, { requiredKeys: [] });
    fc.assert(fc.property(fc.array(collection, { maxLength: 3 }), fc.nat(255), fc.uint8Array({ maxLength: 20 }), (collections, id, bytes) => {
      const reports = new HeadsetReports(collections);
      reports.read(id, new DataView(Uint8Array.from(bytes).buffer));
      for (const [, sent] of reports.write(new Set(['off-hook', 'ring'] as const))) expect(sent.length).toBeLessThanOrEqual(256);
    }));
  });
});
