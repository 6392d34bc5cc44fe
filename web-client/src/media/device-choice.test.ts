import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFallback, NO_CHOICE, stepDevices, type DeviceChoice, type DeviceEvent, type PresentDevice } from './device-choice.js';

const device = (id: string, label = `${id} label`): PresentDevice => ({ id, label, group: `${id} group` });
const [headset, speakerphone, laptop] = [device('headset'), device('speakerphone'), device('laptop')];

const after = (...events: DeviceEvent[]): DeviceChoice => events.reduce((state, event) => stepDevices(state, event).state, NO_CHOICE);
const prefer = (...preferred: PresentDevice[]): DeviceEvent => ({ type: 'prefer', preferred });
const present = (...devices: PresentDevice[]): DeviceEvent => ({ type: 'present', present: devices, system: 'laptop group' });
const failed = (id: string): DeviceEvent => ({ type: 'failed', id });

describe('the choice of a device', () => {
  it('falls back to the next preferred, to the system’s, and returns', () => {
    const events = [prefer(headset, speakerphone), present(headset, speakerphone, laptop)];
    expect(after(...events).used).toBe('headset');
    expect(after(...events, present(speakerphone, laptop)).used).toBe('speakerphone');
    expect(after(...events, present(laptop)).used).toBe('');
    expect(isFallback(after(...events, present(laptop)))).toBe(true);
    expect(after(...events, present(laptop), present(headset, laptop)).used).toBe('headset');
  });

  it('does not return to a device that cannot be opened before something changes', () => {
    const events = [prefer(headset), present(headset, laptop), failed('headset')];
    expect(after(...events).used).toBe('');
    expect(after(...events, present(laptop, headset)).used).toBe('');
    expect(after(...events, present(headset, laptop, speakerphone)).used).toBe('headset');
    expect(after(...events, prefer(headset)).used).toBe('headset');
  });

  it('takes any device where the system’s choice fails, and none where all do', () => {
    const events = [present(headset, laptop), failed('')];
    expect(after(...events).used).toBe('headset');
    expect(after(...events, failed('headset'), failed('laptop')).used).toBeNull();
  });

  it('finds a device again by its label where the browser gave it another id', () => {
    const renamed = device('other', headset.label);
    const state = after(prefer(headset), present(renamed, laptop));
    expect(state.used).toBe('other');
    expect(isFallback(state)).toBe(false);
  });

  it('tries what was preferred while the browser does not say what there is', () => {
    expect(after(prefer(headset)).used).toBe('headset');
    expect(after(prefer(headset), failed('headset')).used).toBe('');
  });

  it('follows the system to another device only where the system chooses', () => {
    const moved: DeviceEvent = { type: 'present', present: [headset, laptop], system: 'headset group' };
    expect(stepDevices(after(present(headset, laptop)), moved).switched).toBe(true);
    expect(stepDevices(after(prefer(laptop), present(headset, laptop)), moved).switched).toBe(false);
  });
});

const ids = ['a', 'b', 'c', 'd'];
const devices = fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 4 }).map((some) => some.map((id) => device(id)));
const anyEvent: fc.Arbitrary<DeviceEvent> = fc.oneof(
  devices.map((preferred): DeviceEvent => ({ type: 'prefer', preferred })),
  fc.tuple(devices, fc.constantFrom('', ...ids)).map(([some, system]): DeviceEvent => ({ type: 'present', present: some, system })),
  fc.constantFrom('', ...ids).map((id): DeviceEvent => ({ type: 'failed', id })),
);
const history = fc.array(anyEvent, { maxLength: 30 });

describe('whatever happens to the devices', () => {
  it('what serves is there and has not failed', () => {
    fc.assert(fc.property(history, (events) => {
      const { used, present: there, broken, preferred } = after(...events);
      if (used === null || used === '') return;
      expect(broken).not.toContain(used);
      if (there.length > 0) expect(there.map(({ id }) => id)).toContain(used);
      else expect(preferred.map(({ id }) => id)).toContain(used);
    }));
  });

  it('nothing serves only where everything failed', () => {
    fc.assert(fc.property(history, (events) => {
      const { used, present: there, broken } = after(...events);
      if (used === null) for (const id of ['', ...there.map((one) => one.id)]) expect(broken).toContain(id);
    }));
  });

  it('the most wanted device serves as soon as it is plugged in, though it failed before', () => {
    fc.assert(fc.property(history, devices, devices, (events, wanted, others) => {
      const [first] = wanted;
      if (!first) return;
      const without = others.filter(({ id }) => id !== first.id);
      const state = after(...events, { type: 'prefer', preferred: wanted }, present(...without), failed(first.id), present(...without, first));
      expect(state.used).toBe(first.id);
      expect(isFallback(state)).toBe(false);
    }));
  });

  it('the same list told again opens nothing anew', () => {
    fc.assert(fc.property(history, devices, (events, some) => {
      const state = after(...events, present(...some));
      expect(stepDevices(state, present(...some)).switched).toBe(false);
    }));
  });

  it('each failure is followed by another device or by none, never by the same', () => {
    fc.assert(fc.property(history, (events) => {
      let state = after(...events);
      for (let tries = 0; state.used !== null; tries += 1) {
        expect(tries).toBeLessThan(10);
        state = stepDevices(state, failed(state.used)).state;
      }
    }));
  });
});
