// What the widget adds to a client for its devices: memory, notifications, headset buttons, checks.
import type { Call, DeviceRole, RingdownClient } from '../../index.js';
import { Attention } from '../../modules/attention/index.js';
import { DeviceMemory, HowlWatch, RingEverywhere, type DeviceStore } from '../../modules/devices/index.js';
import { Diagnostics, isCheckCall } from '../../modules/diagnostics/index.js';
import { Headset } from '../../modules/headset/index.js';
import { t } from '../messages/index.js';
import { nameOf } from '../shared/people.js';
import type { PhoneModel } from '../shell/phone-model.js';

/** What belongs to a client. */
export interface DeviceKit {
  readonly client: RingdownClient;
  readonly memory: DeviceMemory;
  readonly attention: Attention;
  readonly headset: Headset;
  readonly diagnostics: Diagnostics;
  /** Null where the microphone is to be sent as it is. */
  readonly howl: HowlWatch | null;
  /** Whether to say that sound is locked. */
  isSoundNoticed: boolean;
}

const kits = new WeakMap<PhoneModel, DeviceKit>();

/** What belongs to the model's client; null while there is none. */
export const kitOf = (model: PhoneModel): DeviceKit | null => kits.get(model) ?? null;

/** Gives a new client its kit, and takes it away with the client. */
export const beginKit = (model: PhoneModel): void => {
  const { client } = model;
  if (!client) return;
  const isInCharge = (): boolean => client.isLeader;
  const memory = new DeviceMemory(client, storeOfPage());
  const bells = new RingEverywhere(client, () => (memory.everywhere ? memory.tone : null));
  const kit: DeviceKit = {
    client,
    memory,
    attention: new Attention(client, {
      isInCharge,
      texts: {
        calling: ({ peer }) => [nameOf(peer), t('devices.notice-calling')],
        missed: ({ peer }) => [nameOf(peer), t('devices.notice-missed')],
        title: ({ peer }) => t('devices.title-calling', { name: nameOf(peer) }),
      },
      onOpen: () => {
        model.minimised = false;
        model.settingsOpen = null;
        model.changed();
      },
    }),
    headset: new Headset(client, { isInCharge, onChange: () => model.changed(), onError: () => model.changed() }),
    diagnostics: new Diagnostics(client),
    // Who asks for raw audio sends tones and music on purpose.
    howl: model.isRawAudio ? null : new HowlWatch(client, () => model.changed()),
    isSoundNoticed: client.audio.state === 'locked',
  };
  kits.set(model, kit);
  for (const event of ['warning', 'warningCleared'] as const) client.audio.on(event, () => model.changed());
  client.audio.on('sound', (state) => {
    if (state === 'locked') kit.isSoundNoticed = true;
    else afterClick(() => {
      kit.isSoundNoticed = client.audio.state === 'locked';
      model.changed();
    });
  });
  tellSwitches(model, client);
  const watcher = {
    requestUpdate: () => {
      if (model.client === client) return;
      model.unwatch(watcher);
      if (kits.get(model) === kit) kits.delete(model);
      for (const part of [kit.memory, kit.attention, kit.diagnostics, kit.howl, bells]) part?.destroy();
      void kit.headset.destroy();
    },
  };
  model.watch(watcher);
};

/** Who is in a call is told when another device serves: they may have to speak into something else. */
const tellSwitches = (model: PhoneModel, client: RingdownClient): void => {
  const { audio } = client;
  const roles: readonly DeviceRole[] = ['input', 'output'];
  const state = (): string[] => roles.map((role) => `${audio.used(role) ?? '-'} ${role === 'input' ? audio.input : audio.output}`);
  let before = state();
  audio.on('devices', () => {
    const after = state();
    const moved = roles.filter((_, index) => {
      const [[was, chose], [is, chooses]] = [before[index]?.split(' ') ?? [], after[index]?.split(' ') ?? []];
      // What the user chose just now they know.
      return was !== is && is !== '-' && chose === chooses;
    });
    before = after;
    if (moved.length === 0 || !client.calls.some((call: Call) => call.mine && call.answeredAt !== null && !isCheckCall(call))) return;
    void audio.devices().then((all) => {
      const names = moved.map((role) => all.find(({ id }) => id === audio.used(role))?.label ?? t('devices.system-default'));
      const text = t('devices.now-using', { device: [...new Set(names)].join(', ') });
      model.toast(text);
      model.announce(text);
    });
  });
};

/** The press that unlocks sound is half a click: what it points at must not move before the other half. */
const afterClick = (run: () => void): void => {
  const stop = new AbortController();
  const end = (): void => {
    stop.abort();
    clearTimeout(timer);
    run();
  };
  const timer = setTimeout(end, 1000);
  document.addEventListener('click', () => setTimeout(end, 0), { once: true, capture: true, signal: stop.signal });
};

/** A page may forbid the store: choices hold until it is left then. */
export const storeOfPage = (): DeviceStore => {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined };
  }
};
