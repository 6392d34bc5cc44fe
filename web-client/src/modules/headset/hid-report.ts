// A headset's buttons and lamps as bits of its HID reports (USB HID 1.11 §6.2.2, HID Usage Tables: Telephony 0x0B, LED 0x08).

/** A button of a headset. */
export type HeadsetButton = 'hook' | 'mute' | 'flash' | 'drop';
/** A lamp of a headset, which also tells its firmware what goes on. */
export type HeadsetLamp = 'off-hook' | 'mute' | 'ring' | 'hold';

/** An item of a report, as WebHID describes it. */
export interface HidItem {
  readonly usages?: readonly number[];
  readonly usageMinimum?: number;
  readonly usageMaximum?: number;
  readonly isRange?: boolean;
  readonly isArray?: boolean;
  readonly isConstant?: boolean;
  readonly logicalMinimum?: number;
  readonly reportSize?: number;
  readonly reportCount?: number;
}

/** A report of a device. */
export interface HidReport {
  readonly reportId?: number;
  readonly items?: readonly HidItem[];
}

/** What a device groups its reports in. */
export interface HidCollection {
  readonly usagePage?: number;
  readonly inputReports?: readonly HidReport[];
  readonly outputReports?: readonly HidReport[];
  readonly children?: readonly HidCollection[];
}

/** Telephony's usage page, by which headsets are asked for. */
export const TELEPHONY = 0x0b;

const BUTTONS: Readonly<Record<number, HeadsetButton>> = {
  0x0b0020: 'hook', 0x0b0021: 'flash', 0x0b0026: 'drop', 0x0b002f: 'mute',
};
const LAMPS: Readonly<Record<number, HeadsetLamp>> = {
  0x080017: 'off-hook', 0x080009: 'mute', 0x080018: 'ring', 0x080020: 'hold',
};

/** Where a usage stands in a report. In an array field the value names the usage that is pressed. */
interface Field<T> {
  readonly report: number;
  readonly name: T;
  readonly bit: number;
  readonly size: number;
  readonly array: { readonly count: number; readonly value: number } | null;
}

/** A report longer than this is none of a headset. */
const MAX_BITS = 8 * 256;

/** Keys an array reports at once; no hand presses more. */
const MAX_KEYS = 16;

/** Which bits of a device's reports are buttons and lamps. */
export class HeadsetReports {
  readonly #buttons: readonly Field<HeadsetButton>[];
  readonly #lamps: readonly Field<HeadsetLamp>[];
  /** Bytes of each output report. */
  readonly #lengths = new Map<number, number>();

  constructor(collections: readonly HidCollection[]) {
    const all = flat(collections);
    this.#buttons = all.flatMap(({ inputReports = [] }) => inputReports.flatMap((report) => fieldsOf(report, BUTTONS)));
    const outputs = all.flatMap(({ outputReports = [] }) => outputReports);
    this.#lamps = outputs.flatMap((report) => fieldsOf(report, LAMPS));
    for (const { reportId = 0, items = [] } of outputs) {
      const bits = items.reduce((sum, item) => sum + sizeOf(item), 0);
      this.#lengths.set(reportId, Math.max(this.#lengths.get(reportId) ?? 0, Math.ceil(Math.min(bits, MAX_BITS) / 8)));
    }
  }

  /** Whether it can at least answer or mute. */
  get isHeadset(): boolean {
    return this.#buttons.some(({ name }) => name === 'hook' || name === 'mute');
  }

  /** Which of the buttons of a report are pressed; those that it does not speak of are left out. */
  read(report: number, data: DataView): ReadonlyMap<HeadsetButton, boolean> {
    const pressed = new Map<HeadsetButton, boolean>();
    for (const { report: of, name, bit, size, array } of this.#buttons) {
      if (of !== report) continue;
      const values = Array.from({ length: array?.count ?? 1 }, (_, index) => bitsOf(data, bit + index * size, size));
      const isPressed = array ? values.includes(array.value) : values[0] !== 0;
      pressed.set(name, isPressed || (pressed.get(name) ?? false));
    }
    return pressed;
  }

  /** The output reports that light these lamps and no others. */
  write(lit: ReadonlySet<HeadsetLamp>): ReadonlyMap<number, Uint8Array<ArrayBuffer>> {
    const reports = new Map<number, Uint8Array<ArrayBuffer>>();
    for (const { report, name, bit, size, array } of this.#lamps) {
      const bytes = reports.get(report) ?? new Uint8Array(this.#lengths.get(report) ?? 0);
      reports.set(report, bytes);
      if (!lit.has(name)) continue;
      const value = array ? array.value : 1;
      // An array shows as many lamps at once as it has places.
      const free = array ? Array.from({ length: array.count }, (_, index) => bit + index * size).find((at) => bitsOf(new DataView(bytes.buffer), at, size) === 0) : bit;
      if (free !== undefined) setBits(bytes, free, size, value);
    }
    return reports;
  }
}

const flat = (collections: readonly HidCollection[]): readonly HidCollection[] =>
  collections.flatMap((one) => [one, ...flat(one.children ?? [])]);

const sizeOf = ({ reportSize = 0, reportCount = 0 }: HidItem): number => Math.min(MAX_BITS, Math.max(0, reportSize * reportCount));

/** The fields of a report that have a name in `names`. */
const fieldsOf = <T>({ reportId: report = 0, items = [] }: HidReport, names: Readonly<Record<number, T>>): Field<T>[] => {
  const fields: Field<T>[] = [];
  let bit = 0;
  for (const item of items) {
    const { reportSize: size = 0, reportCount: count = 0, isArray = false, isConstant = false, logicalMinimum = 0 } = item;
    if (bit + sizeOf(item) > MAX_BITS || size > 32) break;
    if (!isConstant && size > 0) {
      for (const [index, usage] of usagesOf(item).entries()) {
        const name = names[usage];
        if (name === undefined) continue;
        if (isArray) fields.push({ report, name, bit, size, array: { count: Math.min(count, MAX_KEYS), value: logicalMinimum + index } });
        else if (index < count) fields.push({ report, name, bit: bit + index * size, size, array: null });
      }
    }
    bit += sizeOf(item);
  }
  return fields;
};

const usagesOf = ({ usages = [], isRange = false, usageMinimum = 0, usageMaximum = -1 }: HidItem): readonly number[] =>
  isRange ? Array.from({ length: Math.min(256, Math.max(0, usageMaximum - usageMinimum + 1)) }, (_, index) => usageMinimum + index) : usages;

/** A value of `size` bits, least significant first; 0 beyond the end. */
const bitsOf = (data: DataView, bit: number, size: number): number => {
  let value = 0;
  for (let index = 0; index < size; index += 1) {
    const at = bit + index;
    if (at >> 3 < data.byteLength && (data.getUint8(at >> 3) >> (at & 7)) & 1) value += 2 ** index;
  }
  return value;
};

const setBits = (bytes: Uint8Array, bit: number, size: number, value: number): void => {
  for (let index = 0; index < size; index += 1) {
    const at = bit + index;
    if (at >> 3 < bytes.length && Math.floor(value / 2 ** index) % 2) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
  }
};
