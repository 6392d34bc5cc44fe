// The client: one connection, the user's calls, the directory, the history, the audio.
import type { CallEnd } from '../call/call-end.js';
import { Emitter, type Unsubscribe } from '../emitter.js';
import { asRingdownError, clientError, notConnected, type RingdownError } from '../errors.js';
import { createLogger, type LogSink } from '../logging.js';
import { openBrowserMedia } from '../media/browser-media.js';
import { NO_VIDEO, type CallVideo, type MediaEngine } from '../media/port.js';
import { systemClock } from '../platform/clock.js';
import { warnOnLeave, watchPage, type WatchPage } from '../platform/page.js';
import type {
  HistoryResult, Me, ParkedCall, PresenceParams, Settings, SettingsChange, State, Welcome,
} from '../protocol/generated.js';
import type { MethodName, ParamsOf, Push, ResultOf } from '../protocol/messages.js';
import type { ConnectionPhase } from '../signaling/connection-machine.js';
import { Connection } from '../signaling/connection.js';
import { KeptSession, tabStorage } from '../signaling/kept-session.js';
import { openWebSocket } from '../signaling/socket.js';
import { Audio, type AudioEvents } from './audio.js';
import type { Call } from './call.js';
import { isMissed, toneOf } from './call-tone.js';
import { CallList, isCallPush } from './calls.js';
import type { ClientPorts, RingdownOptions, TabSharing } from './client-options.js';
import type { ClientEvents, ClientState } from './client-events.js';
import type { Consultation } from './consultation.js';
import { dialled } from './dialled.js';
import type { Directory } from './directory.js';
import type { Rooms } from './rooms.js';
import { ServerView } from './server-view.js';
import { socketUrl } from './server-address.js';

/** The client of a Ringdown server. */
export class RingdownClient {
  /** Devices, sound and ringing. */
  readonly audio: Audio;
  /** Colleagues and their presence. */
  readonly directory: Directory;
  /** The user's finished calls, newest first. */
  readonly history = {
    list: (params: { cursor?: string; limit?: number } = {}): Promise<HistoryResult> =>
      this.#connection.request('history.list', params),
  };

  /** What the user decides themselves: do-not-disturb, forwards, a second call, voicemail. */
  readonly settings = {
    get: (): Promise<Settings> => this.#connection.request('settings.get', {}),
    /** What is left out stays, null takes a value away. Every tab gets `settings`. */
    set: (change: SettingsChange): Promise<Settings> => this.#connection.request('settings.set', change),
  };

  /** The conference rooms the user is in. */
  readonly rooms: Rooms;

  readonly #events: Emitter<ClientEvents>;
  readonly #audioEvents: Emitter<AudioEvents>;
  readonly #log: LogSink;
  readonly #media: MediaEngine;
  readonly #callTones: boolean;
  readonly #autoAnswer: boolean;
  readonly #connection: Connection;
  readonly #calls: CallList;
  readonly #view: ServerView;
  readonly #stopWatching: () => void;
  readonly #kept: KeptSession;
  readonly #resumes: boolean;
  readonly #tabs: TabSharing | null;
  readonly #warns: boolean;
  #mayLeave: (() => void) | null = null;
  #state: ClientState = 'offline';
  #welcome: Omit<Welcome, 'state'> | null = null;
  /** What the session was told of the sound; null where that is not known. */
  #toldLocked: boolean | null = null;
  #destroyed = false;
  #refusal: RingdownError | null = null;
  #waiting: { resolve: () => void; reject: (error: RingdownError) => void }[] = [];

  /** Nothing is asked of the server until `connect()`. `ports` are for tests. */
  constructor(options: RingdownOptions, ports: Partial<ClientPorts> = {}) {
    const clock = ports.clock ?? systemClock;
    this.#log = createLogger(options.logLevel ?? 'warn', options.logSink);
    const onFault = (thrown: unknown, event: unknown): void => this.#log.error('a listener failed', { event, thrown });
    this.#events = new Emitter<ClientEvents>(onFault);
    this.#audioEvents = new Emitter<AudioEvents>(onFault);
    this.#tabs = options.tabs ?? null;
    const media = (ports.openMedia ?? openBrowserMedia)(options.audioConstraints ?? {}, {
      onDevices: () => this.#audioEvents.emit('devices'),
      onWarning: (warning, raised) => {
        const event = raised ? 'warning' : 'warningCleared';
        this.#audioEvents.emit(event, warning);
        this.#events.emit(event, warning, null);
      },
      onSound: (state) => {
        this.#audioEvents.emit('sound', state);
        this.#tellSound();
      },
      onPermission: (permission) => this.#audioEvents.emit('permission', permission),
    });
    this.#media = this.#tabs?.media(media) ?? media;
    this.#callTones = options.callTones ?? true;
    this.#autoAnswer = options.autoAnswer ?? true;
    const url = socketUrl(options.server);
    const open = ports.openSocket ?? openWebSocket;
    this.#resumes = options.resume !== 'off';
    this.#warns = options.warnOnLeave !== false;
    this.#kept = new KeptSession(this.#resumes ? ports.storage ?? tabStorage() : null, `${url} ${options.account ?? ''}`);
    this.#welcome = this.#kept.before?.welcome ?? null;
    this.#connection = new Connection({
      url,
      kept: this.#welcome,
      client: { name: options.clientName ?? 'ringdown-client', version: VERSION },
      token: options.token,
      openSocket: this.#tabs?.socket(open) ?? open,
      clock,
      log: this.#log,
    }, {
      onPhase: (phase) => this.#handlePhase(phase),
      onWelcome: (welcome) => this.#handleWelcome(welcome),
      onResumed: ({ state }) => (state ? this.#handleState(state, false) : this.#calls.handleResumed()),
      onPush: (push) => {
        this.#handlePush(push);
        this.#events.emit('push', push);
      },
      onGiveUp: (error) => this.#handleGiveUp(error),
    });
    this.#calls = new CallList({
      request: (method, params) => this.#connection.request(method, params),
      place: (to) => this.call(to),
      // A session that is new since has no calls of the page before.
      recovery: () => (this.#tabs?.leads === false ? 'tab'
        : this.#kept.before !== null && this.#welcome === this.#kept.before.welcome ? 'reload' : null),
      had: (kind, id) => this.#kept.before?.shown?.includes(kind + id) ?? false,
      reachable: () => this.#state === 'ready',
      media: this.#media,
      iceServers: () => this.#welcome?.iceServers ?? [],
      clock,
      log: this.#log,
    }, {
      onCall: (call) => this.#handleCall(call),
      onIncoming: (call, autoAnswer) => this.#handleIncoming(call, autoAnswer),
    });
    this.audio = new Audio(this.#media, this.#audioEvents);
    this.#view = new ServerView((method, params) => this.#connection.request(method, params), this.#media, this.#events);
    ({ rooms: this.rooms, directory: this.directory } = this.#view);
    this.#stopWatching = this.#watch(ports.watchPage ?? watchPage);
    this.#tabs?.attach(this);
  }

  /** Where the client is. */
  get state(): ClientState { return this.#state; }
  /** Who signed in; null before the first connect. */
  get me(): Readonly<Me> | null { return this.#welcome?.me ?? null; }
  /** The live calls on all of the user's devices, oldest first. */
  get calls(): readonly Call[] { return this.#calls.all; }
  /** Whether calls can be placed. */
  get switchUp(): boolean { return this.#view.switchUp; }
  /** Who waits on which parking slot, in the whole company: `call` with a slot takes that call. */
  get parked(): readonly ParkedCall[] { return this.#view.parked; }
  /** Whether this tab rings and holds the audio; of several tabs that are one phone, one does. */
  get isLeader(): boolean { return this.#tabs?.leads ?? true; }
  /** The server's version; empty before the first connect. */
  get serverVersion(): string { return this.#welcome?.serverVersion ?? ''; }

  /** The call of this page that the user is in: the one talking, else the one being set up, else the one held. */
  get activeCall(): Call | null {
    const mine = this.calls.filter(({ mine }) => mine);
    const order = ['active', 'reconnecting', 'connecting', 'early', 'ringing', 'dialing', 'new', 'held'];
    // A call that comes in is one the user is not in yet.
    const rank = ({ direction, state }: Call): number =>
      direction === 'inbound' && state === 'ringing' ? order.length : order.indexOf(state);
    return mine.sort((one, other) => rank(one) - rank(other))[0] ?? null;
  }

  /** Calls `listener` on every `event`. */
  on<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** Calls `listener` on the next `event`. */
  once<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): Unsubscribe {
    return this.#events.once(event, listener);
  }

  /** Stops calling `listener`. */
  off<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): void {
    this.#events.off(event, listener);
  }

  /** Connects and keeps connected. Resolves when ready; rejects when the server refuses the sign-in. */
  connect(): Promise<void> {
    if (this.#destroyed) return Promise.reject(clientError('closed', { message: 'The client was destroyed.' }));
    if (this.#state === 'ready') return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#connection.connect();
    });
  }

  /** Hangs up, says bye and closes. */
  disconnect(): void {
    this.#kept.end();
    this.#connection.disconnect();
    this.#calls.conclude();
  }

  /** Calls a number or feature code, with the camera where asked for. Resolves when the server has taken the call. */
  async call(to: string, options: { readonly variables?: Readonly<Record<string, string>>; readonly video?: boolean } = {}): Promise<Call> {
    const number = dialled(to);
    if (this.#state !== 'ready') throw notConnected();
    void this.#media.unlock();
    const known = this.directory.byNumber(number);
    const peer = { userId: known?.userId ?? null, number, name: known?.name ?? '' };
    return this.#calls.start(peer, options.variables ?? {}, options.video ?? false);
  }

  /** Holds `call` and asks somebody at a number before it is handed on to them. */
  consult(call: Call, to: string): Promise<Consultation> {
    return call.consult(to);
  }

  /** Rings the user's own devices, telephones too, and then calls. Resolves with the call's `callId`. */
  async originate(to: string, options: { readonly autoAnswer?: boolean; readonly variables?: Readonly<Record<string, string>> } = {}): Promise<string> {
    const params = { to: dialled(to), autoAnswer: options.autoAnswer ?? false, variables: { ...options.variables } };
    return (await this.#connection.request('call.originate', params)).callId;
  }

  /** Has the user rung once the person they last found busy is free, or no more. `completion` tells what becomes of it. */
  async setCompletion(on: boolean): Promise<void> {
    await this.#connection.request('call.completion', { on });
  }

  /** Says what the user does, to colleagues and their telephones; nothing says nothing any more. */
  async setPresence(presence: PresenceParams = {}): Promise<void> {
    await this.#connection.request('presence.set', presence);
  }

  /** Asks the server. For modules beside this class: what it has methods for is done by those. */
  request<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    return this.#connection.request(method, params);
  }

  /** Ends everything and frees every device, socket, timer and listener. */
  destroy(): void {
    if (this.#destroyed) return;
    this.disconnect();
    this.#tabs?.destroy();
    this.#destroyed = true;
    this.#state = 'closed';
    this.#events.emit('state', 'closed');
    this.#stopWatching();
    this.#media.destroy();
    this.#events.clear();
    this.#audioEvents.clear();
  }

  #watch(watch: WatchPage): () => void {
    let left = false;
    return watch({
      onWake: (network) => {
        this.#connection.nudge();
        if (network) this.#calls.handleNetworkChange();
      },
      // Without a word where the page may be one that is reloaded: the server waits for it.
      onLeave: (cached) => {
        left = this.#state !== 'offline';
        if (!this.#resumes) this.disconnect();
        else if (cached) this.#connection.suspend();
      },
      onReturn: () => {
        if (left) this.#connection.connect();
      },
    });
  }

  #handlePhase(phase: ConnectionPhase): void {
    const state: ClientState = phase.name === 'offline' || phase.name === 'ready'
      ? phase.name : this.#welcome ? 'reconnecting' : 'connecting';
    if (state === this.#state) return;
    this.#state = state;
    this.#log.info('client', { state });
    this.#events.emit('state', state);
    if (state === 'ready') this.#handleReady();
    else if (state === 'reconnecting') this.#events.emit('reconnecting');
    else if (state === 'offline') this.#handleOffline();
  }

  #handleReady(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    this.#tellSound();
    this.#events.emit('ready');
  }

  /** Colleagues see whether a call would ring here. A session counts as one that can until it says otherwise. */
  #tellSound(): void {
    const locked = this.#media.sound === 'locked';
    if (this.#state !== 'ready' || locked === this.#toldLocked) return;
    this.#toldLocked = locked;
    this.#connection.request('presence.sound', { locked }).catch(() => { this.#toldLocked = null; });
  }

  #handleOffline(): void {
    const error = this.#refusal;
    this.#refusal = null;
    if (!this.#connection.hasSession) this.#welcome = null;
    for (const { reject } of this.#waiting.splice(0)) reject(error ?? notConnected());
    this.#events.emit('offline', error);
  }

  #handleWelcome(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#kept.begin(welcome);
    this.#toldLocked = false;
    this.#handleState(welcome.state, true);
  }

  #handleState(state: State, fresh: boolean): void {
    this.#view.replace(state);
    this.#calls.reconcile(state, fresh);
  }

  #handlePush(push: Push): void {
    if (push.event === 'calls') this.#calls.handleAll(push.data.calls);
    else if (isCallPush(push)) this.#calls.handlePush(push);
    else this.#view.handlePush(push, this.me?.userId);
  }

  #handleGiveUp(error: RingdownError): void {
    this.#log.warn('gave up', { error: error.name });
    this.#refusal = error;
    this.#kept.end();
    this.#calls.conclude();
    this.#events.emit('error', error);
  }

  #handleIncoming(call: Call, autoAnswer: boolean): void {
    this.#events.emit('incoming', call);
    // A device that must first ask for the microphone would answer into silence.
    if (!autoAnswer || !this.#autoAnswer || this.#media.permission !== 'granted') return;
    call.answer().catch((thrown: unknown) => this.#events.emit('error', asRingdownError(thrown)));
  }

  #handleCall(call: Call): void {
    call.on('error', (error) => this.#events.emit('error', error));
    call.on('quality', (_quality, { raised, cleared }) => {
      for (const warning of raised) this.#events.emit('warning', warning, call);
      for (const warning of cleared) this.#events.emit('warningCleared', warning, call);
    });
    call.on('ended', (end) => {
      this.#signal(call, end);
      this.#warnWhileTalking();
      this.#events.emit('callEnded', call, end);
      if (isMissed(call, end)) this.#events.emit('missedCall', call);
    });
    call.on('state', () => this.#warnWhileTalking());
    this.#keepVideo(call);
    // What broke the audio may have broken the connection too.
    call.on('reconnecting', () => this.#connection.nudge());
    this.#warnWhileTalking();
    if (call.mine) this.#media.stopTone();
    this.#events.emit('call', call);
  }

  /** A camera is shown again after a reload; for a screen the browser wants a click. */
  #keepVideo(call: Call): void {
    const shown = { camera: false, screen: false };
    const keep = (video: CallVideo): void => {
      for (const kind of ['camera', 'screen'] as const) {
        const now = video[kind] !== null;
        if (shown[kind] !== now && call.mine) this.#kept.setShown(kind + call.id, shown[kind] = now);
      }
    };
    call.on('video', keep);
    call.on('ended', () => keep(NO_VIDEO));
  }

  /** A page in a call is not closed by mistake. */
  #warnWhileTalking(): void {
    const talks = this.#warns && this.#tabs?.leads !== false && this.calls.some(({ mine, direction, answeredAt, end }) => mine && !end && (direction === 'outbound' || answeredAt !== null));
    if (talks) this.#mayLeave ??= warnOnLeave();
    else {
      this.#mayLeave?.();
      this.#mayLeave = null;
    }
  }

  /** A tone for a caller whose call was not answered, unless somebody else would be talked over. */
  #signal(call: Call, { reason }: CallEnd): void {
    if (!this.#callTones || !call.mine || call.direction === 'inbound' || call.answeredAt !== null) return;
    const tone = toneOf(reason);
    if (tone && this.calls.every(({ mine, held }) => !mine || held)) this.#media.startTone(tone);
  }
}

/** Told to the server in `hello`. */
const VERSION = '0.1.0';
