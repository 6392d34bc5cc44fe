// The buttons and lamps of headsets, where the browser has WebHID (Chrome, Edge).
import type { Call, RingdownClient } from '../../index.js';
import { handleButtons, handleSituation, IDLE, lampsOf, type HeadsetCommand, type HeadsetSituation, type HeadsetState } from './headset-machine.js';
import { HeadsetReports, TELEPHONY, type HidCollection } from './hid-report.js';

/** A device of WebHID, as far as a headset needs it. */
export interface HidDevice extends EventTarget {
  readonly opened: boolean;
  readonly productName: string;
  readonly collections: readonly HidCollection[];
  open(): Promise<void>;
  close(): Promise<void>;
  sendReport(reportId: number, data: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** `navigator.hid`. */
export interface Hid extends EventTarget {
  getDevices(): Promise<readonly HidDevice[]>;
  requestDevice(options: { filters: readonly { usagePage: number }[] }): Promise<readonly HidDevice[]>;
}

/** How headsets are used. */
export interface HeadsetOptions {
  /** The browser's unless given. */
  readonly hid?: Hid | null;
  /** Whether this page listens to buttons; of several tabs one should. */
  readonly isInCharge?: () => boolean;
  /** A headset was found or went away. */
  readonly onChange?: () => void;
  /** What a button asked for failed. */
  readonly onError?: (error: unknown) => void;
}

/** An open headset. */
interface Open {
  readonly device: HidDevice;
  readonly reports: HeadsetReports;
  readonly stop: AbortController;
  state: HeadsetState;
  /** What each report said last, so that nothing is sent twice. */
  readonly shown: Map<number, string>;
}

/** Answers, ends, mutes and holds calls by a headset's buttons, and shows them on its lamps. */
export class Headset {
  readonly #client: RingdownClient;
  readonly #hid: Hid | null;
  readonly #options: HeadsetOptions;
  readonly #open = new Map<HidDevice, Open>();
  readonly #stop = new AbortController();

  /** Headsets that the user allowed on an earlier visit work at once. */
  constructor(client: RingdownClient, options: HeadsetOptions = {}) {
    this.#client = client;
    this.#options = options;
    this.#hid = options.hid === undefined ? hidOfPage() : options.hid;
    const { signal } = this.#stop;
    const plugged = (event: Event): void => void this.#attach((event as Event & { device: HidDevice }).device);
    this.#hid?.addEventListener('connect', plugged, { signal });
    this.#hid?.addEventListener('disconnect', (event) => this.#detach((event as Event & { device: HidDevice }).device), { signal });
    void this.#hid?.getDevices().then((devices) => Promise.all(devices.map((device) => this.#attach(device))), () => undefined);
    const show = (): void => this.#show();
    const watch = (call: Call): void => {
      for (const event of ['state', 'held', 'mute', 'ended'] as const) call.on(event, show);
      show();
    };
    for (const off of [client.on('call', watch), client.on('callEnded', show)]) signal.addEventListener('abort', off);
    for (const call of client.calls) watch(call);
  }

  /** Whether the browser can do this at all. */
  get isSupported(): boolean {
    return this.#hid !== null;
  }

  /** The names of the headsets in use. */
  get names(): readonly string[] {
    return [...this.#open.values()].map(({ device }) => device.productName);
  }

  /** Lets the user choose a headset, from within a click. Resolves with whether one is in use. */
  async attach(): Promise<boolean> {
    const devices = (await this.#hid?.requestDevice({ filters: [{ usagePage: TELEPHONY }] })) ?? [];
    await Promise.all(devices.map((device) => this.#attach(device)));
    return this.#open.size > 0;
  }

  /** Lets go of every headset, with its lamps out. */
  async destroy(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#open.values()].map(async (headset) => {
      headset.stop.abort();
      this.#light(headset, IDLE.situation);
      await headset.device.close().catch(() => undefined);
    }));
    this.#open.clear();
  }

  async #attach(device: HidDevice): Promise<void> {
    const reports = new HeadsetReports(device.collections);
    if (this.#open.has(device) || !reports.isHeadset) return;
    const headset: Open = { device, reports, stop: new AbortController(), state: IDLE, shown: new Map() };
    this.#open.set(device, headset);
    try {
      if (!device.opened) await device.open();
    } catch {
      // Another program holds it alone: its buttons are not ours.
      this.#open.delete(device);
      return;
    }
    if (this.#stop.signal.aborted) {
      await device.close().catch(() => undefined);
      return;
    }
    device.addEventListener('inputreport', (event) => {
      const { reportId, data } = event as Event & { reportId: number; data: DataView };
      this.#handleReport(headset, reportId, data);
    }, { signal: headset.stop.signal });
    this.#show();
    this.#options.onChange?.();
  }

  #detach(device: HidDevice): void {
    this.#open.get(device)?.stop.abort();
    if (this.#open.delete(device)) this.#options.onChange?.();
  }

  #handleReport(headset: Open, report: number, data: DataView): void {
    const { state, command } = handleButtons(headset.state, headset.reports.read(report, data));
    headset.state = state;
    if (!command || this.#options.isInCharge?.() === false) return;
    this.#do(command).catch((error: unknown) => this.#options.onError?.(error));
  }

  async #do(command: HeadsetCommand): Promise<void> {
    const { talking, ringing, held } = this.#calls;
    switch (command) {
      case 'answer':
        if (talking?.can.hold) await talking.hold();
        return ringing?.answer();
      case 'end':
        return talking?.hangup();
      case 'decline':
        return ringing?.decline();
      case 'toggle-mute':
        return talking?.mute(!talking.muted);
      case 'toggle-hold':
        return talking ? talking.hold() : held?.unhold();
    }
  }

  get #calls(): { readonly talking: Call | undefined; readonly ringing: Call | undefined; readonly held: Call | undefined } {
    const mine = this.#client.calls.filter((call) => call.mine && call.state !== 'ended');
    const rings = (call: Call): boolean => call.direction === 'inbound' && call.answeredAt === null;
    // A call that is being answered has its hook lifted.
    const isRinging = (call: Call): boolean => rings(call) && call.state === 'ringing' && !call.ignored;
    return {
      ringing: mine.find(isRinging),
      talking: mine.find((call) => !call.held && !(rings(call) && call.state === 'ringing')),
      held: mine.find((call) => call.held),
    };
  }

  #show(): void {
    const { talking, ringing, held } = this.#calls;
    const situation = { talking: talking !== undefined, ringing: ringing !== undefined, held: !talking && held !== undefined, muted: talking?.muted ?? false };
    for (const headset of this.#open.values()) {
      headset.state = handleSituation(headset.state, situation);
      this.#light(headset, situation);
    }
  }

  #light({ device, reports, shown }: Open, situation: HeadsetSituation): void {
    for (const [report, bytes] of reports.write(lampsOf(situation))) {
      const text = bytes.join();
      if (shown.get(report) === text) continue;
      shown.set(report, text);
      // A headset that was pulled out at this moment says so by `disconnect`.
      device.sendReport(report, bytes).catch(() => undefined);
    }
  }
}

const hidOfPage = (): Hid | null => (globalThis as { navigator?: { hid?: Hid } }).navigator?.hid ?? null;
