// The user's live calls: turns the server's pushes into calls, and holds the list against the server's.
import { endFromPush } from '../call/call-end.js';
import type { CallInfo, PeerInfo, State } from '../protocol/generated.js';
import type { Push } from '../protocol/messages.js';
import type { CallContext } from './call-context.js';
import { Call } from './call.js';

/** What the list tells. */
export interface CallListHandlers {
  onCall: (call: Call) => void;
  onIncoming: (call: Call, autoAnswer: boolean) => void;
}

/** What the server says of calls. */
export type CallPush = Extract<Push, { event: `call.${string}` }>;

/** Whether a push is about a call. */
export const isCallPush = (push: Push): push is CallPush => push.event.startsWith('call.');

/** The user's live calls. */
export class CallList {
  readonly #context: CallContext;
  readonly #handlers: CallListHandlers;
  readonly #calls = new Set<Call>();
  #starting = 0;
  #early: CallPush[] = [];

  constructor(context: CallContext, handlers: CallListHandlers) {
    this.#context = context;
    this.#handlers = handlers;
  }

  /** The live calls, oldest first. */
  get all(): readonly Call[] {
    return [...this.#calls];
  }

  /** Places a call; `peer` is who it seems to be until the server says. */
  async start(peer: PeerInfo, variables: Readonly<Record<string, string>>, video: boolean): Promise<Call> {
    const call = new Call(this.#context, {
      id: '', callId: '', mine: true, direction: 'outbound', state: 'dialing',
      peer,
      held: false, heldByPeer: false, peerLost: false, muted: false,
      createdAt: this.#context.clock.now(), answeredAt: null, variables: { ...variables },
    });
    this.#add(call);
    this.#starting += 1;
    try {
      await call.start(peer.number, variables, video);
    } finally {
      this.#starting -= 1;
      // Pushes about the call can overtake the response that gives its id.
      for (const push of this.#early.splice(0)) this.handlePush(push);
    }
    return call;
  }

  /** All live calls, after a state that had them incomplete. */
  handleAll(calls: readonly CallInfo[]): void {
    this.#concludeAllBut(calls, 'hangup');
    this.#take(calls);
  }

  /** A push about a call. */
  handlePush(push: CallPush): void {
    if (push.event === 'call.incoming') {
      this.#incoming(push);
      return;
    }
    const call = this.#find(typeof push.data.call === 'string' ? push.data.call : push.data.call.id);
    if (!call) {
      this.#unknown(push);
      return;
    }
    switch (push.event) {
      case 'call.state':
        call.handleInfo(push.data.call);
        return;
      case 'call.description':
        void call.handleDescription(push.data.description);
        return;
      case 'call.candidate':
        call.handleCandidate(push.data.candidate);
        return;
      case 'call.dtmf':
        call.handleDigit(push.data.digit);
        return;
      case 'call.quality':
        call.handleQuality(push.data.quality);
        return;
      case 'call.ended':
        call.handleEnd(endFromPush(push.data));
    }
  }

  /** Holds the list against the server's whole state, of a new session or after too long an outage. */
  reconcile(state: State, fresh: boolean): void {
    // A server that was just started may not have heard of the calls yet: what it does not name goes on.
    if (fresh || state.callsComplete) this.#concludeAllBut(state.calls, fresh ? 'resume-expired' : 'hangup');
    this.#take(state.calls);
    this.handleResumed();
  }

  /** The connection is back. */
  handleResumed(): void {
    for (const call of this.#calls) call.handleResumed();
  }

  /** The network changed. */
  handleNetworkChange(): void {
    for (const call of this.#calls) call.handleNetworkChange();
  }

  /** Ends every call here. */
  conclude(): void {
    for (const call of this.#calls) call.conclude(call.answeredAt === null ? 'cancelled' : 'hangup');
  }

  #concludeAllBut(calls: readonly CallInfo[], reason: 'resume-expired' | 'hangup'): void {
    const live = new Set(calls.map(({ id }) => id));
    for (const call of this.#calls) {
      if (call.id !== '' && !live.has(call.id)) call.conclude(reason, 'server');
    }
  }

  #take(calls: readonly CallInfo[]): void {
    for (const info of calls) {
      const call = this.#find(info.id);
      if (call) call.handleInfo(info);
      else this.#adopt(info);
    }
  }

  #find(id: string): Call | undefined {
    for (const call of this.#calls) if (call.id === id) return call;
    return undefined;
  }

  #incoming({ data }: Extract<CallPush, { event: 'call.incoming' }>): void {
    const known = this.#find(data.call.id);
    if (known) {
      // A page that recovered it has made an offer of its own.
      if (known.recoveredFrom === null) void known.handleDescription(data.description);
      return;
    }
    const call = new Call(this.#context, data.call);
    this.#add(call);
    call.preconnect(data.description);
    this.#handlers.onIncoming(call, data.autoAnswer);
  }

  #unknown(push: Exclude<CallPush, { event: 'call.incoming' }>): void {
    if (this.#starting > 0 && this.#early.length < MAX_EARLY) this.#early.push(push);
    else if (push.event === 'call.state') this.#adopt(push.data.call);
  }

  /** A call that this page learns of without its offer: another device's, or one that began in an outage. */
  #adopt(info: CallInfo): void {
    if (info.state === 'ended') return;
    const call = new Call(this.#context, info);
    this.#add(call);
    const recovery = this.#context.recovery();
    if (call.mine && recovery) call.recover(recovery);
    if (call.mine && call.state === 'ringing' && call.direction === 'inbound') this.#handlers.onIncoming(call, false);
  }

  #add(call: Call): void {
    this.#calls.add(call);
    call.on('ended', () => this.#calls.delete(call));
    this.#handlers.onCall(call);
  }
}

/** Pushes kept while a call is being placed; one call brings a handful. */
const MAX_EARLY = 64;
