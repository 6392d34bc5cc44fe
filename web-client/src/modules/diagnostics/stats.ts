// What a browser's statistics say of a call, without addresses.

/** One way of a call's audio. */
export interface WayStats {
  readonly packets: number;
  readonly lost: number;
  readonly jitterMs: number | null;
}

/** What a browser measures of a call. */
export interface CallStats {
  /** How the audio travels: `udp` or `tcp`; null while nothing is connected. */
  readonly protocol: string | null;
  /** What the own address is: `host`, `srflx` (behind a NAT), `prflx`, `relay`. */
  readonly candidate: string | null;
  readonly roundTripMs: number | null;
  readonly codec: string | null;
  readonly sent: WayStats | null;
  readonly received: WayStats | null;
}

type Stat = Readonly<Record<string, unknown>>;

/** Reads a report of `call.getStats()`. */
export const statsOf = (report: RTCStatsReport | null): CallStats => {
  const all: Stat[] = [];
  report?.forEach((stat: Stat) => all.push(stat));
  const byId = (id: unknown): Stat => all.find((stat) => stat.id === id) ?? {};
  const audio = (type: string): Stat | undefined => all.find((stat) => stat.type === type && stat.kind === 'audio');
  const transport = all.find(({ type }) => type === 'transport');
  const pair = transport?.selectedCandidatePairId !== undefined
    ? byId(transport.selectedCandidatePairId)
    : all.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated === true && state === 'succeeded') ?? {};
  const local = byId(pair.localCandidateId);
  const [outbound, inbound, remote] = [audio('outbound-rtp'), audio('inbound-rtp'), audio('remote-inbound-rtp')];
  return {
    protocol: text(local.protocol),
    candidate: text(local.candidateType),
    roundTripMs: milliseconds(remote?.roundTripTime ?? pair.currentRoundTripTime),
    codec: text(byId(outbound?.codecId).mimeType),
    sent: outbound ? { packets: number(outbound.packetsSent), lost: number(remote?.packetsLost), jitterMs: milliseconds(remote?.jitter) } : null,
    received: inbound ? { packets: number(inbound.packetsReceived), lost: number(inbound.packetsLost), jitterMs: milliseconds(inbound.jitter) } : null,
  };
};

/** Only words of the standard's: nothing that could name a computer. */
const text = (value: unknown): string | null => (typeof value === 'string' && /^[a-zA-Z0-9/-]{1,32}$/.test(value) ? value : null);
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const milliseconds = (seconds: unknown): number | null => (typeof seconds === 'number' && Number.isFinite(seconds) ? Math.round(seconds * 1000) : null);
