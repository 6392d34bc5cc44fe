// What an admin needs to see of a phone that does not work, without anybody's name, number, address or words.
import type { Call, RingdownClient } from '../../index.js';
import { runChecks, type CheckOptions, type CheckReport } from './checks.js';
import { statsOf, type CallStats } from './stats.js';

/** Something that happened. */
export interface DiagnosticEvent {
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly what: string;
  /** The call it was of, as the server's logs and the history name it. */
  readonly call?: string;
}

/** The redacted report. */
export interface DiagnosticReport {
  readonly at: number;
  readonly client: { readonly state: string; readonly serverVersion: string; readonly switchUp: boolean };
  readonly browser: Readonly<Record<string, string | boolean | number>>;
  readonly audio: Readonly<Record<string, unknown>>;
  readonly calls: readonly {
    readonly call: string; readonly state: string; readonly direction: string; readonly mine: boolean; readonly muted: boolean;
    readonly held: boolean; readonly durationMs: number; readonly quality: unknown; readonly stats: CallStats;
  }[];
  readonly lastCheck: CheckReport | null;
  /** The last 300, oldest first. */
  readonly events: readonly DiagnosticEvent[];
}

/** Watches a client, checks it, and reports. */
export class Diagnostics {
  readonly #client: RingdownClient;
  readonly #events: DiagnosticEvent[] = [];
  readonly #off: (() => void)[];
  readonly #now: () => number;
  #lastCheck: CheckReport | null = null;

  /** Remembers what happens from here on. */
  constructor(client: RingdownClient, now: () => number = Date.now) {
    this.#client = client;
    this.#now = now;
    const { audio } = client;
    this.#off = [
      client.on('state', (state) => this.#note(`client ${state}`)),
      client.on('switch', (up) => this.#note(`switch ${up ? 'up' : 'down'}`)),
      client.on('error', ({ name, code, fatal }) => this.#note(`error ${name} ${code}${fatal ? ' fatal' : ''}`)),
      client.on('call', (call) => this.#watch(call)),
      audio.on('sound', (state) => this.#note(`sound ${state}`)),
      audio.on('permission', (permission) => this.#note(`microphone ${permission}`)),
      audio.on('devices', () => this.#note('devices')),
      audio.on('warning', ({ name, role }) => this.#note(`+${name} ${role}`)),
      audio.on('warningCleared', ({ name, role }) => this.#note(`-${name} ${role}`)),
    ];
    for (const call of client.calls) this.#watch(call);
  }

  /** Checks microphone, sound, connection and, by a call to the echo test, the audio's way. */
  async precall(options: CheckOptions = {}): Promise<CheckReport> {
    this.#note('check');
    this.#lastCheck = await runChecks(this.#client, options);
    this.#note(`check ${this.#lastCheck.verdict}`);
    return this.#lastCheck;
  }

  /** What an admin needs to see. Plain data: to be sent, or copied as JSON. */
  async report(): Promise<DiagnosticReport> {
    const { audio, state, serverVersion, switchUp, calls } = this.#client;
    const devices = await audio.devices().catch(() => []);
    const count = (kind: string): number => devices.filter((device) => device.kind === kind).length;
    return {
      at: this.#now(),
      client: { state, serverVersion, switchUp },
      browser: browserFacts(),
      audio: {
        sound: audio.state,
        permission: audio.permission,
        devices: { input: count('input'), output: count('output'), camera: count('camera') },
        serves: Object.fromEntries((['input', 'output', 'ring', 'camera'] as const).map((role) => [role, serving(audio.used(role))])),
        warnings: audio.warnings.map(({ name, role }) => `${name} ${role}`),
      },
      calls: await Promise.all(calls.map(async (call) => ({
        call: call.callId, state: call.state, direction: call.direction, mine: call.mine, muted: call.muted, held: call.held,
        durationMs: call.durationMs, quality: call.quality, stats: statsOf(await call.getStats().catch(() => null)),
      }))),
      lastCheck: this.#lastCheck,
      events: [...this.#events],
    };
  }

  /** Watches no more. */
  destroy(): void {
    for (const off of this.#off) off();
  }

  #watch(call: Call): void {
    const note = (what: string): void => this.#note(what, call.callId);
    note(`${call.direction} ${call.state}${call.mine ? '' : ' elsewhere'}`);
    call.on('state', (state) => note(state));
    call.on('mute', (muted) => note(muted ? 'muted' : 'unmuted'));
    call.on('remoteHold', (held) => note(held ? 'held by peer' : 'taken back by peer'));
    call.on('quality', (_, { raised, cleared }) => {
      for (const { issue, side, way } of raised) note(`+${issue} ${side} ${way}`);
      for (const { issue, side, way } of cleared) note(`-${issue} ${side} ${way}`);
    });
    call.on('ended', ({ reason, by }) => note(`ended ${reason} ${by}`));
  }

  #note(what: string, call?: string): void {
    const event = { at: this.#now(), what, ...(call === undefined ? {} : { call }) };
    this.#events.push(event);
    // The oldest go first: what led to a fault is near it.
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }
}

const serving = (id: string | null): string => (id === null ? 'nothing' : id === '' ? 'system' : 'chosen');

/** What the browser is and can do. */
const browserFacts = (): DiagnosticReport['browser'] => {
  if (typeof navigator === 'undefined' || typeof document === 'undefined') return { page: false };
  const { connection } = navigator as { connection?: { effectiveType?: string; rtt?: number } };
  return {
    userAgent: navigator.userAgent,
    language: navigator.language,
    online: navigator.onLine,
    visible: document.visibilityState === 'visible',
    secure: isSecureContext,
    framed: window.top !== window,
    outputChoice: 'setSinkId' in HTMLMediaElement.prototype,
    headsets: 'hid' in navigator,
    ...(connection?.effectiveType ? { network: connection.effectiveType } : {}),
    ...(connection?.rtt === undefined ? {} : { networkRttMs: connection.rtt }),
  };
};

const MAX_EVENTS = 300;
