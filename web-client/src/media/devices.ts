// The devices of this computer: what is plugged in, and which of them serves for what.
import {
  isFallback, NO_CHOICE, stepDevices, type DeviceChoice, type DeviceEvent, type DeviceRole, type PresentDevice,
} from './device-choice.js';
import { insecurePage, isRefusal } from './device-errors.js';
import type { AudioDevice, DevicePreferences } from './port.js';
import type { Warnings } from './warnings.js';

/** What the devices say. */
export interface DevicesHandlers {
  /** Something was plugged in or out, or chosen. */
  readonly onDevices: () => void;
  /** Another device has to be opened for `role`. */
  readonly onUse: (role: DeviceRole) => void;
}

/** The devices. */
export class Devices {
  readonly #handlers: DevicesHandlers;
  readonly #warnings: Warnings;
  readonly #watching = new AbortController();
  readonly #choices: Record<DeviceRole, DeviceChoice> = { input: NO_CHOICE, output: NO_CHOICE, ring: NO_CHOICE, camera: NO_CHOICE };

  constructor(warnings: Warnings, handlers: DevicesHandlers) {
    this.#warnings = warnings;
    this.#handlers = handlers;
    devicesOfPage()?.addEventListener('devicechange', () => void this.refresh(), { signal: this.#watching.signal });
    void this.refresh();
  }

  /** What is plugged in. */
  async list(): Promise<readonly AudioDevice[]> {
    return (await enumerate())
      // 'default' and 'communications' name other devices of the list a second time.
      .filter(({ deviceId }) => !['', 'default', 'communications'].includes(deviceId))
      .map(({ kind, deviceId, label }) => ({ id: deviceId, kind: KINDS[kind], label }));
  }

  /** Looks at what is plugged in. */
  async refresh(): Promise<void> {
    const all = await enumerate();
    for (const role of ROLES) {
      const some = all.filter(({ kind, deviceId }) => KINDS[kind] === (role === 'ring' ? 'output' : role) && deviceId !== '');
      const system = some.find(({ deviceId }) => deviceId === 'default')?.groupId ?? '';
      const present: PresentDevice[] = some
        .filter(({ deviceId }) => deviceId !== 'communications' && (deviceId !== 'default' || role === 'ring'))
        .map(({ deviceId, label, groupId }) => ({ id: deviceId, label, group: groupId }));
      this.#step(role, { type: 'present', present, system });
    }
    this.#handlers.onDevices();
  }

  /** What the user chose for a role; empty for the system's choice. */
  chosen(role: DeviceRole): string {
    return this.#choices[role].preferred[0]?.id ?? '';
  }

  /** What serves a role: an id, empty for the system's choice, null where nothing works. */
  used(role: DeviceRole): string | null {
    return this.#choices[role].used;
  }

  /** Puts a device before those chosen earlier; the empty id forgets them all. */
  choose(role: DeviceRole, id: string): void {
    const { preferred, present } = this.#choices[role];
    const label = present.find((one) => one.id === id)?.label ?? '';
    this.#step(role, { type: 'prefer', preferred: id === '' ? [] : [{ id, label }, ...preferred.filter((one) => one.id !== id)].slice(0, MAX_PREFERRED) });
    this.#handlers.onDevices();
  }

  /** What the user chose for each role, most wanted first. */
  get preferences(): DevicePreferences {
    const { input, output, ring, camera } = this.#choices;
    return { input: input.preferred, output: output.preferred, ring: ring.preferred, camera: camera.preferred };
  }

  set preferences(preferences: DevicePreferences) {
    for (const role of ROLES) this.#step(role, { type: 'prefer', preferred: preferences[role].slice(0, MAX_PREFERRED) });
    this.#handlers.onDevices();
  }

  /** What served could not be opened: `used` names the next. */
  fail(role: DeviceRole, id: string): void {
    this.#step(role, { type: 'failed', id }, false);
  }

  /** Opens the microphone or camera that serves; where it fails, the next. Throws what the first one threw. */
  async open(role: 'input' | 'camera', constraints: MediaTrackConstraints): Promise<MediaStreamTrack> {
    const devices = devicesOfPage();
    if (!devices) throw insecurePage();
    let first: unknown;
    for (let id = this.used(role); id !== null; id = this.used(role)) {
      const some = id === '' ? constraints : { ...constraints, deviceId: { exact: id } };
      try {
        const stream = await devices.getUserMedia(role === 'input' ? { audio: some } : { video: some });
        const [track] = stream.getTracks();
        if (track) return track;
      } catch (thrown) {
        first ??= thrown;
        if (isRefusal(thrown)) break;
        this.fail(role, id);
      }
    }
    throw first;
  }

  /** What failed may work by now. */
  retry(role: DeviceRole): void {
    this.#step(role, { type: 'prefer', preferred: this.#choices[role].preferred }, false);
  }

  destroy(): void {
    this.#watching.abort();
  }

  #step(role: DeviceRole, event: DeviceEvent, tell = true): void {
    const { state, switched } = stepDevices(this.#choices[role], event);
    this.#choices[role] = state;
    const label = state.preferred[0]?.label ?? '';
    this.#warnings.set('no-device', state.used === null, role, label);
    this.#warnings.set('device-missing', state.used !== null && isFallback(state), role, label);
    if (switched && tell) this.#handlers.onUse(role);
  }
}

/** The page's devices; null where the page is not secure, or there is none (Node). */
export const devicesOfPage = (): MediaDevices | null =>
  (globalThis as { navigator?: { mediaDevices?: MediaDevices } }).navigator?.mediaDevices ?? null;

// A page that may not ask knows none.
const enumerate = async (): Promise<MediaDeviceInfo[]> => (await devicesOfPage()?.enumerateDevices().catch(() => [])) ?? [];

const ROLES = ['input', 'output', 'ring', 'camera'] as const;
const KINDS = { audioinput: 'input', audiooutput: 'output', videoinput: 'camera' } as const;

/** Devices remembered for a role: a headset at work, one at home, some borrowed. */
const MAX_PREFERRED = 5;
