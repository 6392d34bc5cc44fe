// A call as an application sees it: joins the call machine, the call's media and the connection.
import { localEnd, reasonOfError, type CallEnd } from '../call/call-end.js';
import { guardsOf, type CallGuards } from '../call/call-guards.js';
import {
  callTimeout, newCall, stepCall, type CallEffect, type CallEvent, type CallMachine, type CallPhase,
} from '../call/call-machine.js';
import { Emitter, type Unsubscribe } from '../emitter.js';
import type { RingdownError } from '../errors.js';
import { asRingdownError, badArgument, callEnded } from '../errors.js';
import type { CallVideo, VideoKind } from '../media/port.js';
import type { CancelTimer } from '../platform/clock.js';
import type { CallDirection, CallInfo, CallQuality, DeclineReason, Description, PeerInfo, RecordParams } from '../protocol/generated.js';
import type { MethodName, ParamsOf, ResultOf } from '../protocol/messages.js';
import type { CallContext, Recovery } from './call-context.js';
import type { CallEvents } from './call-events.js';
import { CallLine } from './call-line.js';
import { QualityWatch } from './call-quality.js';
import { Consultation } from './consultation.js';
import { dialled } from './dialled.js';

/** A call. */
export class Call {
  readonly #context: CallContext;
  readonly #events: Emitter<CallEvents>;
  readonly #quality = new QualityWatch((quality, changes) => this.#events.emit('quality', quality, changes));
  #machine: CallMachine;
  #info: CallInfo;
  readonly #line: CallLine;
  #cancelTimer: CancelTimer | null = null;
  #answered = false;
  #ignored = false;
  #recoveredFrom: Recovery | null = null;
  #screenLost = false;

  /** @internal Calls are made by the client. */
  constructor(context: CallContext, info: CallInfo) {
    this.#context = context;
    this.#info = info;
    this.#events = new Emitter((thrown, event) => context.log.error('a listener failed', { event, thrown }));
    this.#line = new CallLine(context, () => this, {
      onConnection: (media) => this.#step({ type: 'media', media }),
      onVideo: () => this.#events.emit('video', this.video),
      onLevels: (levels) => this.#events.emit('level', levels),
      onFault: (thrown) => this.#fail(thrown),
    });
    this.#machine = newCall(info.direction, info.mine);
    if (info.id !== '') this.handleInfo(info);
  }

  /** All that the server says of it. */
  get info(): Readonly<CallInfo> { return this.#info; }
  /** Names the call on this side; empty until the server confirmed a call being placed. */
  get id(): string { return this.#info.id; }
  /** The same on both sides and in the history. */
  get callId(): string { return this.#info.callId; }
  /** Who began it. */
  get direction(): CallDirection { return this.#info.direction; }
  /** The other side. */
  get peer(): Readonly<PeerInfo> { return this.#info.peer; }
  /** Whether this page holds the call; another device's call is shown and cannot be controlled. */
  get mine(): boolean { return this.#info.mine; }
  /** What the caller sent along. */
  get variables(): Readonly<Record<string, string>> { return this.#info.variables; }
  /** Where the call is. */
  get state(): CallPhase { return this.#machine.phase; }
  /** What may be done with the call at the moment. */
  get can(): CallGuards { return guardsOf(this.#machine, this.#info, this.#ignored); }
  /** Whether the user lets it ring in vain. */
  get ignored(): boolean { return this.#ignored; }
  /** Whether the user put the other side on hold. */
  get held(): boolean { return this.#machine.held; }
  /** Whether the other side put the user on hold. */
  get heldByPeer(): boolean { return this.#machine.heldByPeer; }
  /** Whether the other side's connection is lost; it may come back within two minutes, and a tone is heard meanwhile. */
  get peerLost(): boolean { return this.#machine.peerLost; }
  /** Whether the other side muted its microphone; in a room each member says it. */
  get peerMuted(): boolean { return this.#info.peerMuted ?? false; }
  /** Whether the page before this one showed the user's screen: browsers let a page show it again only after a click. */
  get screenLost(): boolean { return this.#screenLost; }
  /** What was gone on with: the same call in this tab before it was reloaded or crashed, or in another tab; else null. */
  get recoveredFrom(): Recovery | null { return this.#recoveredFrom; }
  /** Whether the microphone is muted. */
  get muted(): boolean { return this.#machine.muted; }
  /** What is shown on both sides, for `<video>` elements' `srcObject`. */
  get video(): CallVideo { return this.#line.video; }
  /** Whether the other side means to show its camera, also while it rings. */
  get offersVideo(): boolean { return this.#line.offersVideo; }
  /** When it began, Unix time in milliseconds. */
  get createdAt(): number { return this.#info.createdAt; }
  /** When it was answered. */
  get answeredAt(): number | null { return this.#machine.answeredAt; }
  /** How good the audio is; null until that is known. */
  get quality(): Readonly<CallQuality> | null { return this.#quality.last; }
  /** How it ended; null while it lives. */
  get end(): CallEnd | null { return this.#machine.end; }
  /** How long it has been answered, in milliseconds. */
  get durationMs(): number {
    const { end, answeredAt } = this.#machine;
    return end ? end.durationMs : answeredAt === null ? 0 : Math.max(0, this.#context.clock.now() - answeredAt);
  }

  /** Calls `listener` on every `event`. */
  on<E extends keyof CallEvents>(event: E, listener: (...args: CallEvents[E]) => void): Unsubscribe {
    const off = this.#events.on(event, listener);
    if (event === 'level') this.#meter();
    return off;
  }

  /** Calls `listener` on the next `event`. */
  once<E extends keyof CallEvents>(event: E, listener: (...args: CallEvents[E]) => void): Unsubscribe {
    const off = this.#events.once(event, listener);
    if (event === 'level') this.#meter();
    return off;
  }

  /** Stops calling `listener`. */
  off<E extends keyof CallEvents>(event: E, listener: (...args: CallEvents[E]) => void): void { this.#events.off(event, listener); }

  /** Answers a ringing call, with the camera where asked for. Resolves when the server confirmed. */
  async answer(options: { readonly video?: boolean } = {}): Promise<void> {
    if (this.direction !== 'inbound' || this.state !== 'ringing' || !this.mine) throw this.#wrong('answered');
    this.#step({ type: 'answering', answering: true });
    void this.#context.media.unlock();
    try {
      await this.#line.prepareAnswer(options.video ?? false);
      await this.#context.request('call.answer', { call: this.id });
    } catch (thrown) {
      const error = asRingdownError(thrown);
      // A repeated answer after a reconnect: the first one had arrived.
      if (error.name === 'wrong-state' && this.answeredAt !== null) return;
      this.#line.withdrawAnswer();
      this.#step({ type: 'answering', answering: false });
      throw error;
    }
  }

  /** Refuses a ringing call on all of the user's devices. */
  async decline(reason: DeclineReason = 'declined'): Promise<void> {
    if (this.direction !== 'inbound' || this.answeredAt !== null) throw this.#wrong('declined');
    await this.#finish('declined', () => this.#context.request('call.decline', { call: this.id, reason }));
  }

  /** Lets the call ring in vain here: `ignored` tells to ring no more. It goes on ringing for the caller and on other devices. */
  ignore(): void {
    if (!this.can.ignore) return;
    this.#ignored = true;
    this.#events.emit('ignored');
  }

  /** Ends the call in any state. */
  async hangup(): Promise<void> {
    if (this.direction === 'inbound' && this.answeredAt === null) return this.decline();
    const reason = this.answeredAt === null ? 'cancelled' : 'hangup';
    return this.#finish(reason, () => this.#context.request('call.hangup', { call: this.id }));
  }

  /** Puts the other side on hold. */
  hold(): Promise<void> { return this.#hold(true); }
  /** Takes the other side back. */
  unhold(): Promise<void> { return this.#hold(false); }

  /** Mutes the microphone, or unmutes it. It is silent at once; the promise waits for the server. */
  async mute(muted = true): Promise<void> {
    if (!this.mine) throw this.#wrong('muted');
    this.#step({ type: 'mute', muted });
    await this.#command('call.mute', { call: this.id, muted });
  }

  /** Shows the user's camera to the other side. */
  startVideo(): Promise<void> { return this.#show('camera'); }
  /** Shows it no more, and switches it off. */
  stopVideo(): void { this.#line.stopVideo('camera'); }
  /** Lets the user choose a screen, window or tab, and shows it beside the camera. */
  startScreenShare(): Promise<void> { return this.#show('screen'); }
  /** Shows it no more. */
  stopScreenShare(): void { this.#line.stopVideo('screen'); }

  /** Records the call until it ends, where the user may. Resolves with the recording as REST knows it. */
  async record(options: Omit<RecordParams, 'call'> = {}): Promise<string> {
    return (await this.#command('call.record', { ...options, call: this.id })).recording;
  }
  /** Ends what `record()` began, in this page or another. */
  async stopRecording(): Promise<void> {
    const { recording } = this.#info;
    if (!recording) throw badArgument('Nothing is recorded.');
    await this.#command('call.stopRecording', { call: this.id, recording });
  }

  /** Sends key presses: `0-9`, `*`, `#`, `A-D`, at most 32. */
  async sendDtmf(digits: string): Promise<void> {
    if (!/^[0-9*#A-D]{1,32}$/.test(digits)) throw badArgument('Digits are 1 to 32 of 0-9, *, # and A-D.');
    await this.#command('call.dtmf', { call: this.id, digits });
  }

  /** Hands the other side on to a number; the call ends `transferred`. If nobody takes it, the user is rung again. */
  async transfer(to: string): Promise<void> { await this.#command('call.transfer', { call: this.id, to: dialled(to) }); }
  /** Holds the call and asks somebody before it is handed on to them. */
  async consult(to: string): Promise<Consultation> {
    if (!this.held) await this.hold();
    return new Consultation(this, await this.#context.place(to));
  }
  /** Joins the other side with the other side of `other`, which talks or rings; both calls end `transferred`. */
  async completeTransfer(other: Call): Promise<void> { await this.#command('call.complete', { call: this.id, other: other.id }); }
  /** Makes a conference of this call and `other`, which ends; its other side comes along. */
  async merge(other: Call): Promise<void> { await this.#command('call.merge', { call: this.id, other: other.id }); }

  /** Parks the other side; the call ends `parked`. Resolves with the number that takes it back. */
  async park(slot?: number): Promise<number> {
    const params = slot === undefined ? { call: this.id } : { call: this.id, slot };
    return (await this.#command('call.park', params)).slot;
  }

  /** What the browser measures of the call's connection, as `RTCPeerConnection.getStats()` gives it; null where there is none. */
  getStats(): Promise<RTCStatsReport | null> { return this.#line.stats(); }

  /** @internal Places the call. */
  async start(to: string, variables: Readonly<Record<string, string>>, video: boolean): Promise<void> {
    try {
      const description = await this.#line.offer(video);
      if (this.#over()) throw callEnded();
      const { call } = await this.#context.request('call.start', { to, description, variables: { ...variables } });
      if (this.#over()) {
        // Hung up while it was being placed.
        void this.#context.request('call.hangup', { call: call.id }).catch(() => undefined);
        throw callEnded();
      }
      this.handleInfo(call);
      this.#line.flush();
    } catch (thrown) {
      const error = asRingdownError(thrown);
      this.conclude(reasonOfError(error.name));
      throw error;
    }
  }

  /** @internal Connects the audio of an incoming call while it rings. Nothing is sent until the answer. */
  preconnect(offer: Description): void { this.#line.preconnect(offer); }

  /** @internal Goes on with a call whose audio another page had, in a ringing call or in one that was answered. */
  recover(from: Recovery): void {
    this.#recoveredFrom = from;
    this.#answered = this.answeredAt !== null;
    this.#step({ type: 'taken' });
    const speaks = this.direction === 'outbound' || this.answeredAt !== null;
    this.#line.recover(speaks, this.#context.had('camera', this.id));
    this.#screenLost = this.#context.had('screen', this.id);
    this.showMuted(this.#info.muted);
  }

  /** @internal It was muted in another tab or page. */
  showMuted(muted: boolean): void { this.#step({ type: 'mute', muted }); }

  /** @internal What the server says of the call. */
  handleInfo(info: CallInfo): void {
    const { peer, peerMuted } = this;
    this.#info = info;
    this.#step({ type: 'info', info });
    if (peerMuted !== this.peerMuted) this.#events.emit('remoteMute', this.peerMuted);
    if (peer.number !== info.peer.number || peer.name !== info.peer.name) this.#events.emit('peer', info.peer);
  }

  /** @internal An answer to our offer, or a new offer. */
  handleDescription(description: Description): Promise<void> { return this.#line.handleDescription(description); }
  /** @internal */
  handleCandidate(candidate: string | null): void { this.#line.handleCandidate(candidate); }
  /** @internal */
  handleDigit(digit: string): void { this.#events.emit('dtmf', digit); }
  /** @internal */
  handleQuality(quality: CallQuality): void { this.#quality.handle(quality); }
  /** @internal The network changed: the audio is mended without waiting for it to break. */
  handleNetworkChange(): void { this.#step({ type: 'networkChanged' }); }

  /** @internal The connection came back: audio that is still broken is mended. */
  handleResumed(): void {
    if (this.#line.isLost || this.#machine.media === 'interrupted' || this.#machine.media === 'failed') this.#step({ type: 'networkChanged' });
  }
  /** @internal */
  handleEnd(end: CallEnd): void { this.#step({ type: 'ended', end }); }

  /** @internal Ends the call here without the server. */
  conclude(reason: CallEnd['reason'], by: CallEnd['by'] = 'local'): void {
    this.handleEnd(localEnd(reason, by, this.answeredAt, this.#context.clock.now()));
  }

  async #hold(held: boolean): Promise<void> {
    await this.#command(held ? 'call.hold' : 'call.unhold', { call: this.id });
    this.#step({ type: 'hold', held });
  }

  #step(event: CallEvent): void {
    const { clock } = this.#context;
    const { state, effects } = stepCall(this.#machine, event, clock.now());
    this.#machine = state;
    this.#line.setSending(!state.muted && !state.held, !state.held);
    this.#cancelTimer?.();
    const at = callTimeout(state);
    this.#cancelTimer = at === null ? null : clock.after(Math.max(0, at - clock.now()), () => this.#step({ type: 'timer' }));
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: CallEffect): void {
    switch (effect.type) {
      case 'phase':
        this.#context.log.info('call', { id: this.id, from: effect.from, to: effect.to });
        this.#events.emit('state', effect.to, effect.from);
        if (effect.to === 'ringing') this.#events.emit('ringing');
        if (effect.to === 'active' && !this.#answered) {
          this.#answered = true;
          this.#events.emit('answered');
        }
        return;
      case 'held':
        this.#events.emit('held', effect.on);
        return;
      case 'heldByPeer':
        this.#events.emit('remoteHold', effect.on);
        return;
      case 'peerLost':
        this.#events.emit('peerLost', effect.on);
        return;
      case 'muted':
        this.#events.emit('mute', effect.on);
        return;
      case 'reconnecting': case 'reconnected':
        this.#events.emit(effect.type);
        return;
      case 'restartMedia':
        this.#line.restart();
        return;
      case 'giveUp':
        void this.#context.request('call.hangup', { call: this.id }).catch(() => undefined);
        return;
      case 'ended':
        this.#line.close();
        this.#quality.end();
        this.#events.emit('ended', effect.end);
        this.#events.clear();
    }
  }

  async #show(kind: VideoKind): Promise<void> {
    if (this.end || !this.mine || this.answeredAt === null) throw this.#wrong('shown video');
    await this.#line.startVideo(kind);
    if (kind === 'screen') this.#screenLost = false;
  }

  async #command<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    if (this.end) throw callEnded();
    if (!this.mine) throw this.#wrong('controlled');
    return this.#context.request(method, params);
  }

  /** Silences the call at once, tells the server, and ends here at the latest when the server confirmed. */
  async #finish(reason: CallEnd['reason'], tell: () => Promise<unknown>): Promise<void> {
    if (this.end) return;
    if (!this.mine && this.direction === 'outbound') throw this.#wrong('ended');
    if (this.id === '') {
      this.conclude(reason);
      return;
    }
    this.#line.silence();
    const told = tell();
    if (!this.#context.reachable()) this.conclude(reason);
    try {
      await told;
    } catch (thrown) {
      const error = asRingdownError(thrown);
      if (error.name !== 'no-such-call' && error.name !== 'wrong-state') throw error;
    } finally {
      this.conclude(reason);
    }
  }

  #meter(): void { this.#line.meter(() => this.#events.count('level') > 0); }

  #fail(thrown: unknown): void {
    if (this.end) return;
    const error = asRingdownError(thrown);
    this.#context.log.warn('call error', { id: this.id, error: error.name });
    this.#events.emit('error', error);
  }

  /** A method, because a check before an `await` tells nothing about the time after it. */
  #over(): boolean { return this.end !== null; }

  #wrong(what: string): RingdownError {
    return this.end ? callEnded() : badArgument(`A call that is ${this.mine ? this.state : 'on another device'} cannot be ${what}.`);
  }
}

