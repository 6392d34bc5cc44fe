// A CTI provider for Creatio: what the panel asks of a telephone, on `RingdownClient`. Its methods and events are those of
// `Terrasoft.BaseCtiProvider`; `defineCtiProvider` makes a class of it that Creatio takes.
import { RingdownClient, type Activity, type Call, type ClientPorts, type Consultation, type RingdownOptions } from '../../index.js';
import { featuresOf, stateOf, type PanelCall } from './panel-call.js';
import type { Panel } from './panel.js';

/** How the provider is set up. */
export interface CtiProviderOptions {
  /** The server: `https://pbx.example`. */
  readonly server: string;
  /** Gives an access token: from a service of the CRM, which knows who is signed in there. */
  readonly token: () => Promise<string>;
  /** Whether calls to colleagues begin with the camera. */
  readonly useVideo?: boolean;
  /** How the microphone is processed; everything is on unless switched off. */
  readonly audioConstraints?: RingdownOptions['audioConstraints'];
  /** Numbers longer than this are not colleagues'; 4 unless given. */
  readonly internalNumberLength?: number;
}

interface Tracked {
  readonly call: Call;
  readonly shown: PanelCall;
}

/** A telephone for a CTI panel: at most one call and one about it. */
export class CtiProvider {
  readonly #panel: Panel;
  readonly #options: CtiProviderOptions;
  readonly #client: RingdownClient;
  #active: Tracked | null = null;
  #consult: Tracked | null = null;
  #consultation: Consultation | null = null;
  /** A call is being placed to ask somebody about the first. */
  #consulting = false;
  #connected = false;

  /** Nothing is connected before `connect()`. `ports` are for tests. */
  constructor(panel: Panel, options: CtiProviderOptions, ports: Partial<ClientPorts> = {}) {
    this.#panel = panel;
    this.#options = options;
    const audio = options.audioConstraints && { audioConstraints: options.audioConstraints };
    this.#client = new RingdownClient({ server: options.server, token: options.token, clientName: 'creatio', ...audio }, ports);
    this.#client.on('ready', () => this.#handleReady());
    this.#client.on('reconnecting', () => panel.fire('rawMessage', 'Reconnecting'));
    this.#client.on('offline', (error) => this.#handleOffline(error?.message ?? 'Disconnected'));
    this.#client.on('call', (call) => this.#handleCall(call));
    this.#client.on('incoming', () => this.#client.audio.startRinging());
    this.#client.on('presence', () => this.#tellAgent());
    this.#client.on('error', (error) => this.#panel.fire('error', { errorType: error.name, message: error.message, solutions: error.solutions }));
  }

  /** The client below, for everything else. */
  get client(): RingdownClient { return this.#client; }
  /** The call the panel shows. */
  get activeCall(): PanelCall | null { return this.#active?.shown ?? null; }
  /** The call in which somebody is asked about it. */
  get consultCall(): PanelCall | null { return this.#consult?.shown ?? null; }
  /** The user's number. */
  get deviceId(): string { return this.#client.me?.extension ?? ''; }

  /** Connects, and keeps connected. `initialized` follows. */
  connect(): void {
    this.#client.connect().catch(this.#refused);
  }

  /** As `connect`. */
  reConnect(): void { this.connect(); }
  /** Hangs up and disconnects. */
  closeConnection(): void { this.#client.disconnect(); }

  /** Calls a number. */
  makeCall(number: string): void {
    this.#client.call(number, { video: this.#usesVideo(number) }).catch(this.#refused);
  }

  /** Answers. */
  answerCall(call: PanelCall): void {
    this.#do(call, (known) => known.answer({ video: this.#usesVideo(known.peer.number) }));
  }

  /** Hangs up, or declines. */
  dropCall(call: PanelCall): void {
    this.#do(call, (known) => (known.can.decline ? known.decline() : known.hangup()));
  }

  /** Holds, or takes back: the panel has one button. */
  holdCall(call: PanelCall): void {
    this.#do(call, (known) => (known.held ? known.unhold() : known.hold()));
  }

  /** Holds the call and asks somebody about it. */
  makeConsultCall(call: PanelCall, number: string): void {
    this.#do(call, async (known) => {
      this.#consulting = true;
      try {
        this.#consultation = await known.consult(number);
      } finally {
        this.#consulting = false;
      }
    });
  }

  /** Hands the first call on to whom was asked. */
  transferCall(call: PanelCall, consulted: PanelCall): void {
    const other = this.#find(consulted)?.call;
    call.redirectingId = this.deviceId;
    call.redirectionId = consulted.calledId;
    if (other) this.#do(call, (known) => known.completeTransfer(other));
  }

  /** Ends the question and takes the first call back. */
  cancelTransfer(_call: PanelCall, consulted: PanelCall): void {
    const consultation = this.#consultation;
    if (consultation) consultation.cancel().catch(this.#refused);
    else this.dropCall(consulted);
  }

  /** Hands the call on without asking. */
  blindTransferCall(call: PanelCall, number: string): void {
    call.redirectingId = this.deviceId;
    call.redirectionId = number;
    this.#panel.save(call);
    this.#do(call, (known) => known.transfer(number));
  }

  /** Presses keys. */
  sendDtmf(call: PanelCall, digits: string): void {
    this.#do(call, (known) => known.sendDtmf(digits));
  }

  /** Switches the camera; `done` gets what became of it. */
  setVideoState(call: PanelCall, isOn: boolean, done?: (isOn: boolean) => void): void {
    this.#do(call, async (known) => {
      if (isOn) await known.startVideo();
      else known.stopVideo();
      done?.(known.video.camera !== null);
    });
  }

  /** Says what the user does: `ONHOOK`, a cause such as `DND` or `ONBREAK` with a few words, or `NONREG` to leave. */
  setUserState(code: string, reason?: string, done?: () => void): void {
    const state = code.toUpperCase();
    if (state === 'NONREG') {
      if (!this.#active) this.#client.disconnect();
      done?.();
      return;
    }
    const activity = ACTIVITIES[state];
    const note = reason !== undefined && reason !== '' && { note: reason };
    const say = this.#client.connect().then(() => this.#client.setPresence(activity ? { activity, ...note } : {}));
    say.then(() => done?.(), this.#refused);
  }

  /** What the panel may offer at all. */
  getCapabilities(): { readonly callCapabilities: number; readonly agentCapabilities: number } {
    const bits = this.#panel.features;
    const all = bits.CAN_RECALL | bits.CAN_DIAL | bits.CAN_DROP | bits.CAN_ANSWER | bits.CAN_HOLD | bits.CAN_UNHOLD
      | bits.CAN_COMPLETE_TRANSFER | bits.CAN_BLIND_TRANSFER | bits.CAN_MAKE_CONSULT_CALL | bits.CAN_DTMF;
    return { callCapabilities: this.#options.useVideo === true ? all | bits.CAN_VIDEO : all, agentCapabilities: 0 };
  }

  #usesVideo(number: string): boolean {
    return this.#options.useVideo === true && number.length <= (this.#options.internalNumberLength ?? 4);
  }

  #handleReady(): void {
    this.#panel.fire('rawMessage', 'Connected');
    if (!this.#connected) {
      this.#connected = true;
      this.#panel.fire('initialized', this);
      this.#panel.fire('lineStateChanged', { callFeaturesSet: this.#panel.features.CAN_DIAL });
    }
    this.#tellAgent();
  }

  #handleOffline(why: string): void {
    this.#connected = false;
    this.#panel.fire('disconnected', why);
    this.#panel.fire('agentStateChanged', { userState: 'NONREG' });
  }

  #tellAgent(): void {
    const { me, directory } = this.#client;
    const own = me ? directory.byUser(me.userId) : undefined;
    if (!own) return;
    const away = own.activity === undefined ? undefined : CAUSES[own.activity];
    const line = own.presence === 'online' ? 'ONHOOK' : 'ISBUSY';
    this.#panel.fire('agentStateChanged', { userState: away ?? line });
  }

  /** A call here, or on another device of the user's, which the panel cannot control. */
  #handleCall(call: Call): void {
    if (call.id === '') {
      const off = call.on('state', () => {
        if (call.id === '' && !call.end) return;
        off();
        if (call.id !== '') this.#track(call);
      });
    } else {
      this.#track(call);
    }
  }

  #track(call: Call): void {
    if (!call.mine) return;
    const asks = this.#active !== null;
    if (asks && (this.#consult !== null || call.direction === 'inbound')) {
      // The panel has no place for it.
      call.decline('busy').catch(this.#refused);
      return;
    }
    const { states, directions } = this.#panel;
    const inbound = call.direction === 'inbound';
    const shown: PanelCall = {
      id: call.callId,
      direction: inbound ? directions.IN : directions.OUT,
      deviceId: this.deviceId,
      callerId: inbound ? call.peer.number : this.deviceId,
      calledId: inbound ? this.deviceId : call.peer.number,
      state: states.ALERTING,
      oldState: states.NONE,
      callFeaturesSet: 0,
      timeStamp: new Date(call.createdAt),
      ctiProvider: this,
      variables: call.variables,
    };
    const tracked = { call, shown };
    if (asks) this.#consult = tracked;
    else this.#active = tracked;
    shown.callFeaturesSet = this.#featuresOf(tracked);
    this.#listen(tracked);
    this.#panel.fire('callStarted', shown);
    this.#panel.fire('webRtcStarted', shown.id, {});
    this.#panel.save(shown);
    this.#tellLine();
    this.#handleState(tracked);
  }

  #listen(tracked: Tracked): void {
    const { call, shown } = tracked;
    call.on('state', () => this.#handleState(tracked));
    call.on('held', (held) => {
      this.#move(tracked);
      this.#panel.fire(held ? 'hold' : 'unhold', shown);
      this.#panel.save(shown);
      this.#tellLine();
    });
    call.on('peer', (peer) => {
      if (call.direction === 'inbound') shown.callerId = peer.number;
      else shown.calledId = peer.number;
      this.#panel.fire('callInfoChanged', shown);
    });
    call.on('dtmf', (digit) => this.#panel.fire('dtmfEntered', digit));
    call.on('video', ({ remoteCamera }) => {
      if (remoteCamera) this.#panel.fire('webRtcVideoStarted', shown.id);
    });
    call.on('ended', () => this.#handleEnd(tracked));
  }

  #handleState(tracked: Tracked): void {
    const { call, shown } = tracked;
    if (call.direction === 'inbound' && call.state !== 'ringing') this.#client.audio.stopRinging();
    const { states } = this.#panel;
    const rang = shown.state === states.ALERTING;
    this.#move(tracked);
    if (rang && shown.state === states.CONNECTED) {
      this.#panel.fire('commutationStarted', shown);
      this.#panel.save(shown);
    }
    if (!call.end) this.#tellLine();
  }

  #handleEnd(tracked: Tracked): void {
    const { shown } = tracked;
    this.#client.audio.stopRinging();
    this.#move(tracked);
    shown.callFeaturesSet = this.#panel.features.CAN_DIAL;
    // Its number changed while it went on: the record is to be kept under the last.
    shown.id = tracked.call.callId;
    if (tracked === this.#consult) {
      this.#consult = null;
    } else if (tracked === this.#active) {
      this.#active = this.#consult;
      this.#consult = null;
    }
    this.#consultation = null;
    this.#panel.fire('callFinished', shown);
    this.#panel.fire('webRtcDestroyed', shown.id);
    this.#panel.save(shown);
    this.#panel.fire('currentCallChanged', this.activeCall);
    this.#tellLine();
    this.#tellAgent();
    const waits = this.#active?.call;
    // Who was asked is gone: the one who waits is taken back.
    if (waits?.can.unhold === true && !waits.end) waits.unhold().catch(this.#refused);
  }

  #move({ call, shown }: Tracked): void {
    const state = this.#panel.states[stateOf(call)];
    if (state === shown.state) return;
    shown.oldState = shown.state;
    shown.state = state;
  }

  #featuresOf(tracked: Tracked): number {
    const isFirst = tracked === this.#active;
    const consulting = isFirst && this.#consult !== null && stateOf(this.#consult.call) !== 'NONE';
    return featuresOf(this.#panel.features, tracked.call.can, consulting, !isFirst || this.#consulting);
  }

  #tellLine(): void {
    if (!this.#active) {
      this.#panel.fire('lineStateChanged', { callFeaturesSet: this.#panel.features.CAN_DIAL });
      return;
    }
    for (const tracked of [this.#active, this.#consult]) {
      if (!tracked) continue;
      tracked.shown.callFeaturesSet = this.#featuresOf(tracked);
      this.#panel.fire('lineStateChanged', { callFeaturesSet: tracked.shown.callFeaturesSet, callId: tracked.shown.id });
    }
  }

  #find(call: PanelCall): Tracked | undefined {
    return [this.#consult, this.#active].find((tracked) => tracked?.shown === call || tracked?.shown.id === call.id) ?? undefined;
  }

  #do(call: PanelCall, what: (known: Call) => Promise<unknown>): void {
    const tracked = this.#find(call);
    if (tracked) what(tracked.call).catch(this.#refused);
  }

  readonly #refused = (thrown: unknown): void => {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    this.#panel.fire('error', { errorType: 'COMMAND_ERROR', message });
  };
}

const ACTIVITIES: Readonly<Record<string, Activity | undefined>> = { DND: 'dnd', ONBREAK: 'break', CALLFORWARD: 'away', VOICEMAIL: 'away' };
const CAUSES: Readonly<Record<Activity, string>> = {
  dnd: 'DND', busy: 'DND', meeting: 'DND', away: 'ONBREAK', break: 'ONBREAK', meal: 'ONBREAK', vacation: 'ONBREAK',
};
