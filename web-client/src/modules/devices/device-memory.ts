// Remembers which devices and which ringtone the user chose, for all tabs of the browser.
import type { DevicePreference, DeviceRole, DevicePreferences, RingdownClient } from '../../index.js';
import type { Ringtone } from '../../media/ringtone.js';
import { RINGTONE_NAMES, RINGTONES, type RingtoneName } from './ringtones.js';

/** Where choices are kept: `localStorage`, or what the application has for it. */
export type DeviceStore = Pick<Storage, 'getItem' | 'setItem'>;

/** What is remembered. */
interface Remembered {
  readonly devices: DevicePreferences;
  readonly ringtone: RingtoneName;
  /** 0 to 1. */
  readonly volume: number;
  /** Whether every loudspeaker rings. */
  readonly everywhere: boolean;
}

const ROLES: readonly DeviceRole[] = ['input', 'output', 'ring', 'camera'];
const NOTHING: Remembered = { devices: { input: [], output: [], ring: [], camera: [] }, ringtone: 'mallets', volume: 0.5, everywhere: false };
const KEY = 'ringdown.devices';

/** What is remembered is of this many devices a role; ids and labels of more than this many characters are not. */
const MAX_DEVICES = 5;
const MAX_TEXT = 200;

/** Gives a client the devices the user chose, and remembers what they choose. */
export class DeviceMemory {
  readonly #client: RingdownClient;
  readonly #store: DeviceStore;
  readonly #stop = new AbortController();
  #known: Remembered;

  /** Choices made in other tabs hold here, too, where they are kept in `localStorage`. */
  constructor(client: RingdownClient, store: DeviceStore = localStorage) {
    this.#client = client;
    this.#store = store;
    this.#known = read(store);
    this.#apply();
    const off = client.audio.on('devices', () => this.#keep({ devices: client.audio.preferences }));
    this.#stop.signal.addEventListener('abort', off);
    if (typeof window === 'undefined') return;
    window.addEventListener('storage', ({ key }) => {
      if (key !== KEY) return;
      this.#known = read(store);
      this.#apply();
    }, { signal: this.#stop.signal });
  }

  /** How calls ring. */
  get ringtone(): RingtoneName { return this.#known.ringtone; }
  /** Chooses how calls ring. */
  set ringtone(ringtone: RingtoneName) {
    this.#keep({ ringtone });
    this.#ring();
  }

  /** How loud calls ring, 0 to 1. */
  get volume(): number { return this.#known.volume; }
  /** Chooses how loud calls ring. */
  set volume(volume: number) {
    this.#keep({ volume: Math.min(1, Math.max(0, volume)) });
    this.#ring();
  }

  /** Whether every loudspeaker rings; see `RingEverywhere`. */
  get everywhere(): boolean { return this.#known.everywhere; }
  /** Chooses whether every loudspeaker rings. */
  set everywhere(everywhere: boolean) { this.#keep({ everywhere }); }

  /** The chosen ringtone, as loud as chosen. */
  get tone(): Ringtone {
    const { ringtone, volume } = this.#known;
    const chosen = RINGTONES[ringtone];
    // Loudness is felt as a power: half way is as loud as the ringtone was made, all the way is twice as much.
    return { ...chosen, level: (chosen.level ?? 0.22) * (volume < 0.5 ? (2 * volume) ** 2 : 2 * volume) };
  }

  /** Remembers nothing more. */
  destroy(): void {
    this.#stop.abort();
  }

  #apply(): void {
    const { audio } = this.#client;
    if (JSON.stringify(audio.preferences) !== JSON.stringify(this.#known.devices)) audio.preferences = this.#known.devices;
    this.#ring();
  }

  #ring(): void {
    this.#client.audio.setRingtone(this.tone);
  }

  #keep(change: Partial<Remembered>): void {
    const next = { ...this.#known, ...change };
    const text = JSON.stringify(next);
    if (text === JSON.stringify(this.#known)) return;
    this.#known = next;
    try {
      this.#store.setItem(KEY, text);
    } catch {
      // A full or forbidden store: the choice holds until the page is left.
    }
  }
}

/** What is stored, as far as it makes sense. */
const read = (store: DeviceStore): Remembered => {
  try {
    const { devices, ringtone, volume, everywhere } = JSON.parse(store.getItem(KEY) ?? '{}') as Partial<Record<keyof Remembered, unknown>>;
    const of = (role: DeviceRole): readonly DevicePreference[] => {
      const list = (devices as Partial<Record<DeviceRole, unknown>> | undefined)?.[role];
      return Array.isArray(list) ? list.filter(isPreference).slice(0, MAX_DEVICES) : [];
    };
    return {
      devices: Object.fromEntries(ROLES.map((role) => [role, of(role)])) as DevicePreferences,
      ringtone: RINGTONE_NAMES.find((name) => name === ringtone) ?? NOTHING.ringtone,
      volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : NOTHING.volume,
      everywhere: everywhere === true,
    };
  } catch {
    return NOTHING;
  }
};

const isPreference = (one: unknown): one is DevicePreference => {
  const { id, label } = (one ?? {}) as Partial<Record<'id' | 'label', unknown>>;
  return [id, label].every((text) => typeof text === 'string' && text.length <= MAX_TEXT) && id !== '';
};
