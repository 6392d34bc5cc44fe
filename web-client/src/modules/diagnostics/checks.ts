// The check before the first call: microphone, sound, connection, and a call to the echo test.
import type { Call, RingdownClient } from '../../index.js';
import { statsOf, type CallStats } from './stats.js';

/** What is looked at, in this order. */
export type CheckName = 'browser' | 'microphone' | 'sound' | 'server' | 'media' | 'quality';

/** What came of it. `skipped` could not be looked at because of something before it. */
export type CheckVerdict = 'ok' | 'warning' | 'failed' | 'skipped';

/** Why it is not `ok`. */
export type CheckProblem =
  | 'insecure-page' | 'no-webrtc'
  | 'microphone-blocked' | 'microphone-missing' | 'microphone-busy' | 'microphone-silent' | 'microphone-muted'
  | 'sound-locked' | 'loudspeaker-missing'
  | 'not-connected' | 'slow-server'
  | 'call-refused' | 'no-audio-path' | 'nothing-arrives' | 'nothing-leaves' | 'in-a-call' | 'over-tcp'
  | 'loss' | 'jitter' | 'delay';

/** One thing that was looked at. */
export interface CheckResult {
  readonly name: CheckName;
  readonly verdict: CheckVerdict;
  readonly problem: CheckProblem | null;
  /** What was measured, by name: milliseconds, percent, 0 to 1. */
  readonly measured: Readonly<Record<string, number | string>>;
}

/** The whole check. */
export interface CheckReport {
  /** `ready`: calls work. `degraded`: they work badly. `blocked`: they do not. `inconclusive`: not all could be looked at. */
  readonly verdict: 'ready' | 'degraded' | 'blocked' | 'inconclusive';
  readonly results: readonly CheckResult[];
}

/** How to check. */
export interface CheckOptions {
  /** The number of the echo test. */
  readonly echoNumber?: string;
  /** Called as each thing is begun (null) and done. */
  readonly onProgress?: (name: CheckName, result: CheckResult | null) => void;
  /** How loud the microphone is while it is listened to, 0 to 1. */
  readonly onLevel?: (level: number) => void;
  readonly signal?: AbortSignal;
  /** How long the microphone is listened to, and the echo test at most, in milliseconds. */
  readonly listenMs?: number;
  readonly callMs?: number;
}

/** Marks the calls that a check places: an application need not show them. */
export const CHECK_VARIABLE = 'ringdown-check';

/** Whether a call was placed by a check. */
export const isCheckCall = (call: Call): boolean => call.variables[CHECK_VARIABLE] !== undefined;

type Findings = Omit<CheckResult, 'name'>;
const ok = (measured: CheckResult['measured'] = {}): Findings => ({ verdict: 'ok', problem: null, measured });
const bad = (verdict: CheckVerdict, problem: CheckProblem, measured: CheckResult['measured'] = {}): Findings => ({ verdict, problem, measured });

/** Runs every check. It rings nobody: the call goes to the echo test and ends by itself. */
export const runChecks = async (client: RingdownClient, options: CheckOptions = {}): Promise<CheckReport> => {
  const results: CheckResult[] = [];
  const run = async (name: CheckName, look: () => Findings | Promise<Findings>, ...needs: CheckName[]): Promise<void> => {
    options.signal?.throwIfAborted();
    options.onProgress?.(name, null);
    const isBlocked = results.some((one) => needs.includes(one.name) && (one.verdict === 'failed' || one.verdict === 'skipped'));
    const result: CheckResult = { name, ...(isBlocked ? { verdict: 'skipped' as const, problem: null, measured: {} } : await look()) };
    results.push(result);
    options.onProgress?.(name, result);
  };
  await run('browser', checkBrowser);
  await run('microphone', () => checkMicrophone(client, options), 'browser');
  await run('sound', () => checkSound(client));
  await run('server', () => checkServer(client));
  let stats: CallStats | null = null;
  await run('media', async () => {
    const { findings, measured } = await checkMedia(client, options);
    stats = measured;
    return findings;
  }, 'browser', 'microphone', 'server');
  await run('quality', () => (stats ? judge(stats) : bad('skipped', 'in-a-call')), 'media');
  return { verdict: verdictOf(results), results };
};

const verdictOf = (results: readonly CheckResult[]): CheckReport['verdict'] => {
  const is = (verdict: CheckVerdict): boolean => results.some((one) => one.verdict === verdict);
  return is('failed') ? 'blocked' : is('skipped') ? 'inconclusive' : is('warning') ? 'degraded' : 'ready';
};

const checkBrowser = (): Findings => {
  const page = globalThis as { isSecureContext?: boolean; RTCPeerConnection?: unknown };
  if (page.isSecureContext === false) return bad('failed', 'insecure-page');
  return page.RTCPeerConnection === undefined ? bad('failed', 'no-webrtc') : ok();
};

const checkMicrophone = async (client: RingdownClient, { listenMs = 2500, onLevel }: CheckOptions): Promise<Findings> => {
  let loudest = 0;
  try {
    const stop = await client.audio.testMicrophone((level) => {
      loudest = Math.max(loudest, level);
      onLevel?.(level);
    });
    await pause(listenMs);
    stop();
  } catch (thrown) {
    const problem = { 'mic-blocked': 'microphone-blocked', 'mic-busy': 'microphone-busy', 'insecure-page': 'insecure-page' } as const;
    const { name } = thrown as { name: string };
    return bad('failed', name in problem ? problem[name as keyof typeof problem] : 'microphone-missing');
  }
  const measured = { level: Math.round(loudest * 1000) / 1000 };
  if (client.audio.warnings.some(({ name }) => name === 'device-muted')) return bad('warning', 'microphone-muted', measured);
  // Any open microphone hears more than this in a quiet room; a switched-off one gives zeros.
  return loudest < SILENCE ? bad('warning', 'microphone-silent', measured) : ok(measured);
};

const checkSound = async (client: RingdownClient): Promise<Findings> => {
  if (client.audio.state === 'locked') return bad('warning', 'sound-locked');
  const devices = await client.audio.devices();
  // Browsers that do not choose loudspeakers do not list them either, and none does before the microphone was allowed.
  const element = (globalThis as { HTMLMediaElement?: { prototype: object } }).HTMLMediaElement;
  const isListed = element !== undefined && 'setSinkId' in element.prototype && devices.some(({ kind, label }) => kind === 'input' && label !== '');
  return isListed && !devices.some(({ kind }) => kind === 'output') ? bad('warning', 'loudspeaker-missing') : ok();
};

const checkServer = async (client: RingdownClient): Promise<Findings> => {
  if (client.state !== 'ready' || !client.switchUp) return bad('failed', 'not-connected');
  const times: number[] = [];
  try {
    for (let index = 0; index < 3; index += 1) {
      const before = performance.now();
      await client.request('ping', {});
      times.push(performance.now() - before);
    }
  } catch {
    return bad('failed', 'not-connected');
  }
  const roundTripMs = Math.round(times.sort((one, other) => one - other)[1] ?? 0);
  return roundTripMs > SLOW_SERVER_MS ? bad('warning', 'slow-server', { roundTripMs }) : ok({ roundTripMs });
};

/** A call to the echo test; within a call, that call is looked at. */
const checkMedia = async (client: RingdownClient, options: CheckOptions): Promise<{ findings: Findings; measured: CallStats | null }> => {
  const busy = client.activeCall;
  if (busy) {
    if (busy.answeredAt === null || busy.held) return { findings: bad('skipped', 'in-a-call'), measured: null };
    return findingsOf(statsOf(await busy.getStats()));
  }
  const call = await client.call(options.echoNumber ?? '*43', { variables: { [CHECK_VARIABLE]: '1' } }).catch(() => null);
  if (!call) return { findings: bad('failed', 'call-refused'), measured: null };
  try {
    const patience = options.callMs ?? 12_000;
    const isAnswered = await within(patience, options.signal, () => call.end !== null || call.state === 'active');
    if (call.end && call.end.reason !== 'media-failed') return { findings: bad('failed', 'call-refused'), measured: null };
    if (!isAnswered || call.end) return { findings: bad('failed', 'no-audio-path'), measured: null };
    // What the switch says of what reached it comes with its reports, every few seconds.
    let stats = statsOf(await call.getStats());
    await within(patience, options.signal, async () => {
      stats = statsOf(await call.getStats());
      return call.end !== null || (stats.sent?.jitterMs ?? null) !== null;
    });
    return findingsOf(stats);
  } finally {
    await call.hangup().catch(() => undefined);
  }
};

const findingsOf = (stats: CallStats): { findings: Findings; measured: CallStats } => {
  if (stats.protocol === null) return { findings: bad('failed', 'no-audio-path'), measured: stats };
  if ((stats.received?.packets ?? 0) === 0) return { findings: bad('failed', 'nothing-arrives', about(stats)), measured: stats };
  if ((stats.sent?.packets ?? 0) === 0) return { findings: bad('failed', 'nothing-leaves', about(stats)), measured: stats };
  return { findings: stats.protocol === 'tcp' ? bad('warning', 'over-tcp', about(stats)) : ok(about(stats)), measured: stats };
};

const about = ({ protocol, candidate, codec }: CallStats): CheckResult['measured'] => ({
  ...(protocol === null ? {} : { protocol }), ...(candidate === null ? {} : { candidate }), ...(codec === null ? {} : { codec }),
});

const judge = ({ roundTripMs, sent, received }: CallStats): Findings => {
  const lostOf = (way: typeof sent): number => (way && way.packets + way.lost > 0 ? (100 * Math.max(0, way.lost)) / (way.packets + way.lost) : 0);
  const lossPercent = Math.round(10 * Math.max(lostOf(sent), lostOf(received))) / 10;
  const jitterMs = Math.max(sent?.jitterMs ?? 0, received?.jitterMs ?? 0);
  const measured = { lossPercent, jitterMs, ...(roundTripMs === null ? {} : { roundTripMs }) };
  if (lossPercent > 3) return bad('warning', 'loss', measured);
  if (jitterMs > 50) return bad('warning', 'jitter', measured);
  return (roundTripMs ?? 0) > 400 ? bad('warning', 'delay', measured) : ok(measured);
};

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until something holds, at most so long; whether it does. */
const within = async (milliseconds: number, signal: AbortSignal | undefined, holds: () => boolean | Promise<boolean>): Promise<boolean> => {
  for (const end = performance.now() + milliseconds; !(await holds());) {
    if (performance.now() > end) return false;
    signal?.throwIfAborted();
    await pause(POLL_MS);
  }
  return true;
};

const POLL_MS = 100;
const SILENCE = 0.0005;
const SLOW_SERVER_MS = 500;
