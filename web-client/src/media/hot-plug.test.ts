// A microphone that comes and goes under a call: the call is never silent without the user being told, and its mute stays.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.js';
import { FakeMediaDevices, type FakeTrack } from '../testing/fake-devices.js';
import { Devices } from './devices.js';
import { Microphone, type MicrophoneUse } from './microphone.js';
import type { AudioWarning } from './port.js';
import { Warnings } from './warnings.js';

let page: FakeMediaDevices;

beforeEach(() => {
  page = new FakeMediaDevices();
  vi.stubGlobal('navigator', { mediaDevices: page });
});

afterEach(() => vi.unstubAllGlobals());

/** A microphone as one call sees it. */
const newStory = async (...plugged: string[]) => {
  await page.plug(...plugged);
  const told: string[] = [];
  const warnings = new Warnings(({ name, role }: AudioWarning, raised) => told.push(`${raised ? '+' : '-'}${name} ${role}`));
  const devices: Devices = new Devices(warnings, { onDevices: () => undefined, onUse: (role) => { if (role === 'input') microphone.handleDevice(); } });
  const microphone = new Microphone({}, devices, warnings, () => undefined);
  await settle();
  const lost: string[] = [];
  const acquire = (): Promise<MicrophoneUse> => microphone.acquire(() => undefined, (error) => lost.push(error.name));
  return { devices, microphone, warnings, told, lost, acquire };
};

const trackOf = (use: MicrophoneUse): FakeTrack => use.track as unknown as FakeTrack;

describe('a microphone under a call', () => {
  it('is replaced when it is pulled out, and taken back when it returns', async () => {
    const { devices, acquire, told, lost } = await newStory('mic-headset', 'mic-laptop');
    devices.choose('input', 'mic-headset');
    const use = await acquire();
    expect(trackOf(use).device).toBe('mic-headset');
    await page.plug('mic-laptop');
    expect(trackOf(use)).toMatchObject({ device: 'mic-laptop', readyState: 'live' });
    expect(told).toEqual(['+device-missing input']);
    await page.plug('mic-laptop', 'mic-headset');
    expect(trackOf(use)).toMatchObject({ device: 'mic-headset', readyState: 'live' });
    expect(told).toEqual(['+device-missing input', '-device-missing input']);
    expect(lost).toEqual([]);
    use.release();
    await settle();
    expect(page.live).toEqual([]);
  });

  it('is missed aloud where there is no other, and comes back by itself', async () => {
    const { acquire, told, lost } = await newStory('mic-headset');
    const use = await acquire();
    await page.plug();
    expect(lost).toEqual(['mic-missing']);
    expect(told).toEqual(['+no-device input']);
    await page.plug('mic-other');
    expect(trackOf(use)).toMatchObject({ device: 'mic-other', readyState: 'live' });
    expect(told).toEqual(['+no-device input', '-no-device input']);
  });

  it('stays muted on the next device', async () => {
    const { devices, acquire } = await newStory('mic-headset', 'mic-laptop');
    devices.choose('input', 'mic-headset');
    const use = await acquire();
    trackOf(use).enabled = false;
    for (const plugged of [['mic-laptop'], [], ['mic-laptop'], ['mic-laptop', 'mic-headset']]) {
      await page.plug(...plugged);
      expect(use.track.enabled).toBe(false);
    }
    expect(trackOf(use)).toMatchObject({ device: 'mic-headset', readyState: 'live' });
  });

  it('that is held by another program is passed over, and tried again with the next call', async () => {
    const { devices, acquire } = await newStory('mic-headset', 'mic-laptop');
    devices.choose('input', 'mic-headset');
    page.busy.add('mic-headset');
    // The system would choose it, too.
    const first = await acquire();
    expect(trackOf(first).device).toBe('mic-laptop');
    first.release();
    page.busy.clear();
    expect(trackOf(await acquire()).device).toBe('mic-headset');
  });

  it('lets go of nothing before its successor is open', async () => {
    const { devices, acquire } = await newStory('mic-headset', 'mic-laptop');
    const use = await acquire();
    const before = trackOf(use);
    devices.choose('input', 'mic-laptop');
    expect(before.readyState).toBe('live');
    await settle();
    expect(trackOf(use).device).toBe('mic-laptop');
    expect(before.readyState).toBe('ended');
  });

  it('follows the system’s choice, where the system chooses', async () => {
    const { acquire } = await newStory('mic-laptop', 'mic-headset');
    const use = await acquire();
    await page.plug('mic-headset', 'mic-laptop');
    expect(trackOf(use).device).toBe('mic-headset');
  });

  it('that the system silences is told, and that it no longer does', async () => {
    const { acquire, told } = await newStory('mic-headset');
    const use = await acquire();
    page.tracks[0]?.mute(true);
    page.tracks[0]?.mute(false);
    expect(told).toEqual(['+device-muted input', '-device-muted input']);
    page.tracks[0]?.mute(true);
    use.release();
    expect(told).toEqual(['+device-muted input', '-device-muted input', '+device-muted input', '-device-muted input']);
  });

  it('whose right is withdrawn is told, once, and asks no other device', async () => {
    const { acquire, lost, microphone } = await newStory('mic-headset', 'mic-laptop');
    await acquire();
    page.refusal = 'NotAllowedError';
    page.tracks[0]?.end();
    await settle();
    expect(lost).toEqual(['mic-blocked']);
    expect(microphone.permission).toBe('denied');
  });

  it('is processed, and unprocessed where the processor fails', async () => {
    const { microphone, acquire, told } = await newStory('mic-headset');
    const released: string[] = [];
    const remove = microphone.addProcessor((track) => Promise.resolve({ track: track.clone(), release: () => { released.push('first'); } }));
    const use = await acquire();
    expect(page.live.length).toBe(3);
    remove();
    await settle();
    expect(released).toEqual(['first']);
    expect(page.live.length).toBe(2);
    microphone.addProcessor(() => Promise.reject(new Error('no worklet')));
    await settle();
    expect(trackOf(use).readyState).toBe('live');
    expect(told).toEqual(['+processor-failed input']);
    use.release();
    expect(told).toEqual(['+processor-failed input', '-processor-failed input']);
  });
});

type Step = { plug: string[] } | { choose: string } | { mute: boolean } | { busy: string[] };
const microphones = ['mic-a', 'mic-b', 'mic-c'];
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ plug: fc.uniqueArray(fc.constantFrom(...microphones)) }),
  fc.record({ choose: fc.constantFrom('', ...microphones) }),
  fc.record({ mute: fc.boolean() }),
  fc.record({ busy: fc.uniqueArray(fc.constantFrom(...microphones)) }),
);

it('whatever happens: mute stays, silence is told, no device is held twice, and all are let go', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 15 }), fc.boolean(), async (steps, isQuick) => {
    page = new FakeMediaDevices();
    vi.stubGlobal('navigator', { mediaDevices: page });
    const { devices, acquire, warnings, told } = await newStory('mic-a', 'mic-b');
    const use = await acquire();
    let muted = false;
    let plugged = ['mic-a', 'mic-b'];
    for (const one of steps) {
      if ('plug' in one) {
        plugged = one.plug;
        void page.plug(...one.plug);
      } else if ('choose' in one) devices.choose('input', one.choose);
      else if ('mute' in one) use.track.enabled = !(muted = one.mute);
      else {
        page.busy.clear();
        for (const id of one.busy) page.busy.add(id);
      }
      // Half of the time everything happens at once.
      if (!isQuick) await settle();
      expect(use.track.enabled).toBe(!muted);
    }
    await settle();
    const track = trackOf(use);
    const isSilent = track.readyState === 'ended';
    expect(warnings.all.some(({ name }) => name === 'no-device')).toBe(isSilent);
    if (!isSilent) expect(plugged).toContain(track.device);
    // The device's own track, and the call's copy.
    expect(page.live.length).toBe(isSilent ? 0 : 2);
    use.release();
    await settle();
    expect(page.live).toEqual([]);
    warnings.clear();
    // Raised and cleared in turn, by name.
    const open = new Set<string>();
    for (const line of told) {
      expect(open.has(line.slice(1))).toBe(line.startsWith('-'));
      if (line.startsWith('+')) open.add(line.slice(1));
      else open.delete(line.slice(1));
    }
    expect(open.size).toBe(0);
  }), { numRuns: 150 });
});
