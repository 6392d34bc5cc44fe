// One side of a call at the fake switch.
import type { CallDirection, CallInfo, CallState, Description, EndReason, PeerInfo } from '../protocol/generated.js';
import type { FakeAccount } from './fake-people.js';
import type { FakeSession } from './fake-session.js';

/** One side of a call: somebody's page or telephone. */
export interface FakeLeg {
  readonly id: string;
  callId: string;
  /** Whose; null for a number outside the company. */
  readonly account: FakeAccount | null;
  /** How the other side sees this one. */
  readonly self: PeerInfo;
  /** The page that holds the audio; null for a telephone. */
  session: FakeSession | null;
  readonly direction: CallDirection;
  state: CallState;
  /** The legs at the other end: several while it rings on several devices, or in a room. */
  others: FakeLeg[];
  peer: PeerInfo;
  held: boolean;
  heldByPeer: boolean;
  muted: boolean;
  /** While a room asks for its PIN: how many were wrong so far. */
  pinAsked: number | null;
  /** The own recording of it that goes on. */
  recording: string | null;
  readonly createdAt: number;
  answeredAt: number | null;
  variables: Record<string, string>;
  offer: Description | null;
  autoAnswer: boolean;
  room: string | null;
  /** What is to happen instead of talking to `others` once it is answered. */
  onAnswered: (() => void) | null;
  /** Told once it is over. */
  onEnded: ((reason: EndReason) => void) | null;
}

/** A leg as a page of its user's sees it. */
export const infoOf = (leg: FakeLeg, session: FakeSession | null): CallInfo => ({
  id: leg.id, callId: leg.callId, mine: leg.session !== null && leg.session === session, direction: leg.direction, state: leg.state,
  peer: leg.peer, held: leg.held, heldByPeer: leg.heldByPeer, peerLost: false, ...(leg.room === null && leg.others.length === 1 && leg.others[0]?.muted ? { peerMuted: true } : {}), muted: leg.muted, createdAt: leg.createdAt, answeredAt: leg.answeredAt,
  variables: { ...leg.variables },
  ...(leg.pinAsked === null ? {} : { pinAsked: leg.pinAsked }),
  ...(leg.account?.mayRecord === false ? {} : { mayRecord: true }),
  ...(leg.recording === null ? {} : { recording: leg.recording }),
  ...([leg, ...leg.others].some(({ recording }) => recording !== null) ? { isRecorded: true } : {}),
});

/** Whether a page of the leg's user is told of it: a call that rings is each device's own. */
export const isShown = (leg: FakeLeg, session: FakeSession): boolean =>
  leg.account?.userId === session.account.userId
  && (leg.direction === 'outbound' || leg.answeredAt !== null || leg.session === session);

/** The media of pages' legs. The fake server's own is text that no browser understands. */
export interface FakeSwitchMedia {
  /** The offer to a page that is called. */
  offer(leg: string): Promise<Description>;
  /** Takes a page's description; an offer is answered. */
  describe(leg: string, description: Description): Promise<Description | null>;
  /** Takes a page's candidate. */
  candidate(leg: string, candidate: string | null): void;
  /** The leg is over. */
  close(leg: string): void;
}

/** Media for pages that have fakes too. */
export const NO_SWITCH_MEDIA: FakeSwitchMedia = {
  offer: () => Promise.resolve({ type: 'offer', sdp: 'fake-offer' }),
  describe: (_leg, { type }) => Promise.resolve(type === 'offer' ? { type: 'answer', sdp: 'fake-answer' } : null),
  candidate: () => undefined,
  close: () => undefined,
};
