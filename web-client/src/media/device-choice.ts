// Which device serves: the first of the user's that is there and works, else the system's choice, else any that works.
//
//   preferred is there ──lost──▶ the next preferred ──lost──▶ the system's choice ──fails──▶ any other ──fails──▶ none
//          ▲                                                                                                    │
//          └────────────── it comes back: used again at once; any change of what is plugged in: tried again ◀───┘

/** What a device is for. `ring` rings, `output` plays voices and tones. */
export type DeviceRole = 'input' | 'output' | 'ring' | 'camera';

/** A device the user chose. */
export interface DevicePreference {
  readonly id: string;
  /** Finds it again where the browser names it anew; empty where it was not known. */
  readonly label: string;
}

/** A device that is plugged in. */
export interface PresentDevice extends DevicePreference {
  /** The same for all parts of one headset; empty where the browser does not say. */
  readonly group: string;
}

/** One role's devices. */
export interface DeviceChoice {
  /** The user's, most wanted first; empty for the system's choice. */
  readonly preferred: readonly DevicePreference[];
  /** What is plugged in; empty while the browser does not say. */
  readonly present: readonly PresentDevice[];
  /** The group of what the system would choose; empty where unknown. */
  readonly system: string;
  /** Ids that could not be opened since something last changed. */
  readonly broken: readonly string[];
  /** What serves: an id, empty for the system's choice, null where nothing works. */
  readonly used: string | null;
}

/** What happens to a role's devices. */
export type DeviceEvent =
  /** They are tried again: what failed may work by now. */
  | { readonly type: 'prefer'; readonly preferred: readonly DevicePreference[] }
  | { readonly type: 'present'; readonly present: readonly PresentDevice[]; readonly system: string }
  | { readonly type: 'failed'; readonly id: string };

/** The system's choice, nothing known. */
export const NO_CHOICE: DeviceChoice = { preferred: [], present: [], system: '', broken: [], used: '' };

/** The devices after `event`; `switched` when what serves must be opened anew. */
export const stepDevices = (before: DeviceChoice, event: DeviceEvent): { readonly state: DeviceChoice; readonly switched: boolean } => {
  const changed = { ...before, ...changeBy(before, event) };
  const state = { ...changed, used: pick(changed) };
  // The system's choice is another device after the user or a plug changed it.
  const moved = state.used === '' && before.system !== '' && state.system !== '' && state.system !== before.system;
  return { state, switched: state.used !== before.used || moved };
};

/** Whether the user is served by a device they did not ask for. */
export const isFallback = ({ preferred, present, used }: DeviceChoice): boolean =>
  preferred.length > 0 && !preferred.some((one) => used === idOf(one, present));

const changeBy = (before: DeviceChoice, event: DeviceEvent): Partial<DeviceChoice> => {
  switch (event.type) {
    case 'prefer':
      return { preferred: event.preferred, broken: [] };
    case 'present': {
      const { present, system } = event;
      // Windows and drivers tell of changes that are none: what failed stays failed.
      const same = system === before.system && idsOf(present) === idsOf(before.present);
      return { present, system, broken: same ? before.broken : [] };
    }
    case 'failed':
      return { broken: [...before.broken, event.id] };
  }
};

const pick = ({ preferred, present, broken }: DeviceChoice): string | null => {
  const works = (id: string | null): boolean => id !== null && !broken.includes(id);
  return [...preferred.map((one) => idOf(one, present)), '', ...present.map(({ id }) => id)].find(works) ?? null;
};

/** The id by which a preferred device can be opened; null where it is not there. */
const idOf = ({ id, label }: DevicePreference, present: readonly PresentDevice[]): string | null =>
  present.length === 0 || present.some((one) => one.id === id)
    ? id
    : present.find((one) => label !== '' && one.label === label)?.id ?? null;

const idsOf = (present: readonly PresentDevice[]): string => present.map(({ id }) => id).sort().join();
