// The object `Webitel` of that product's library, on ours: its methods, its events, its words. Calls, sound and rights are
// those of `RingdownClient`; what pages did to a softswitch by it (`rawapi`, `eavesdrop`, accounts) is refused.
import { RingdownClient, type Call, type CallEnd, type ClientPorts } from '../../index.js';
import type { ChatMessage } from '../../protocol/generated.js';
import { SignIn } from '../sign-in/index.js';
import { ConnectionStatus, WebitelCallStates, WebitelCommandResponseTypes, WebitelErrorTypes } from './constants.js';
import { TrackedCall, dashed, type WebitelCallInfo } from './webitel-call.js';
import { WebitelEvents } from './webitel-events.js';
import { activityOf, userInfo, type WebitelUserInfo } from './webitel-user.js';
import { DONE, asError, type Callback, type WebitelParameters } from './webitel-words.js';

/** Webitel's client object on Ringdown. */
export class Webitel {
  /** The version of the library it stands for. */
  readonly version = '3.1';
  readonly #parameters: WebitelParameters;
  readonly #client: RingdownClient;
  readonly #calls = new Map<string, TrackedCall>();
  readonly #consults = new Map<string, TrackedCall>();
  readonly #events = new WebitelEvents((thrown) => this.#fail(WebitelErrorTypes.Script, thrown));
  readonly #known = new Map<string, WebitelUserInfo>();

  /** The client is signed in, and its telephone too where the page has one. */
  readonly onReady = this.#events.ready.subscribe;
  /** The connection to the server is there. */
  readonly onConnect = this.#events.connected.subscribe;
  /** It is gone. */
  readonly onDisconnect = this.#events.disconnected.subscribe;
  /** Something failed. */
  readonly onError = this.#events.error.subscribe;
  /** Somebody signed in. */
  readonly onUserLogin = this.#events.login.subscribe;
  /** Somebody does something else, or says so. */
  readonly onUserStatusChange = this.#events.users.status.subscribe;
  /** Takes back `onUserStatusChange`. */
  readonly unUserStatusChange = this.#events.users.status.unsubscribe;
  /** Somebody joined the company. */
  readonly onAddUser = this.#events.users.added.subscribe;
  /** Somebody left it. */
  readonly onRemoveUser = this.#events.users.removed.subscribe;
  /** Somebody’s name or number changed. */
  readonly onChangeUser = this.#events.users.changed.subscribe;
  /** A call begins, in either direction. */
  readonly onNewCall = this.#events.call.added.subscribe;
  /** It was answered. */
  readonly onAcceptCall = this.#events.call.accepted.subscribe;
  /** Its two sides hear each other. */
  readonly onBridgeCall = this.#events.call.bridged.subscribe;
  /** They do no more. */
  readonly onUnBridgeCall = this.#events.call.unbridged.subscribe;
  /** It is held. */
  readonly onHoldCall = this.#events.call.held.subscribe;
  /** It is taken back. */
  readonly onUnholdCall = this.#events.call.unheld.subscribe;
  /** A key was pressed at the other side. */
  readonly onDtmfCall = this.#events.call.dtmf.subscribe;
  /** It is being recorded. */
  readonly onStartRecordCall = this.#events.call.recording.subscribe;
  /** It is recorded no more. */
  readonly onStopRecordCall = this.#events.call.recorded.subscribe;
  /** It goes by another id. */
  readonly onUuidCall = this.#events.call.renamed.subscribe;
  /** It is over. */
  readonly onHangupCall = this.#events.call.ended.subscribe;
  /** A colleague wrote. */
  readonly onNewMessage = this.#events.message.subscribe;
  /** A call has its audio in this page. */
  readonly onWebitelWebRTCCall = this.#events.web.session.subscribe;
  /** A call of this page begins. */
  readonly onNewWebRTCCall = this.#events.web.started.subscribe;
  /** It shows a picture. */
  readonly onVideoWebRTCCall = this.#events.web.video.subscribe;
  /** What it shows changed. */
  readonly onVideoChangeWebRTCCall = this.#events.web.videoChanged.subscribe;
  /** It is over in this page. */
  readonly onDestroyWebRTCCall = this.#events.web.destroyed.subscribe;
  /** The page is a telephone. */
  readonly onRegisterWebRTC = this.#events.web.registered.subscribe;
  /** It is none any more. */
  readonly onUnRegisterWebRTC = this.#events.web.unregistered.subscribe;

  /** Nothing is connected before `connect()`. `ports` are for tests. */
  constructor(parameters: WebitelParameters, ports: Partial<ClientPorts> = {}) {
    this.#parameters = parameters;
    const server = parameters.server;
    // Pages name the socket's address.
    const signIn = new SignIn({ server: server.replace(/^ws/, 'http').replace(/\/+$/, '') });
    let signedIn: Promise<void> | null = null;
    const token = async (): Promise<string> => {
      if (parameters.getToken) return parameters.getToken();
      if (parameters.token !== undefined) return parameters.token;
      signedIn ??= signIn.signIn(this.#ownId(), parameters.secret ?? '');
      await signedIn.catch((thrown: unknown) => { signedIn = null; throw thrown; });
      return signIn.token();
    };
    const logLevel = parameters.debug === true ? 'debug' : 'warn';
    this.#client = new RingdownClient({ server, token, logLevel, clientName: 'webitel', account: this.#ownId() }, ports);
    this.#client.on('ready', () => this.#handleReady());
    this.#client.on('reconnecting', () => { this.#events.disconnected.trigger(undefined); this.#events.web.unregistered.trigger(undefined); });
    this.#client.on('offline', (error) => this.#events.disconnected.trigger(error ? asError(WebitelErrorTypes.Connection, error) : undefined));
    this.#client.on('call', (call) => this.#handleCall(call));
    this.#client.on('incoming', () => this.#client.audio.startRinging());
    this.#client.on('presence', () => this.#handleUsers());
    this.#client.on('directory', () => this.#handleUsers());
    this.#client.on('push', (push) => { if (push.event === 'chat.message') this.#handleMessage(push.data.message); });
    this.#client.on('error', (error) => this.#fail(WebitelErrorTypes.Call, error));
  }

  /** The client below, for everything else. */
  get client(): RingdownClient { return this.#client; }

  /** Connects, and keeps connected. */
  readonly connect = (): void => {
    this.#client.connect().catch((thrown: unknown) => this.#fail(WebitelErrorTypes.Authentication, thrown));
  };

  /** Hangs up and disconnects. */
  readonly disconnect = (): void => this.#client.disconnect();
  /** As `connect`: says that the user is there. */
  readonly login = (done?: () => void): void => {
    this.#client.connect().then(() => { done?.(); this.#events.login.trigger(undefined); }, this.#refused(WebitelErrorTypes.Authentication));
  };
  /** As `disconnect`. */
  readonly logout = (): void => this.#client.disconnect();
  /** Whether it is connected. */
  readonly socketStatus = (): number => (this.#client.state === 'ready' ? ConnectionStatus.Connected : ConnectionStatus.Disconnected);
  /** Whether calls can be made. */
  readonly getSocketReady = (): boolean => this.#client.state === 'ready';
  /** The own account. */
  readonly account = (): WebitelUserInfo | Record<string, never> => this.#known.get(this.#ownId()) ?? {};
  /** The own account, as the server has it. */
  readonly whoami = (done: (who: Record<string, unknown>) => void): void => done(this.#session());
  /** Colleagues. */
  readonly getAgentsList = (done: (users: WebitelUserInfo[]) => void): void => done([...this.#known.values()]);
  /** Colleagues, as the JSON text of a response. */
  readonly userList = (domain: string | null | Callback, done?: Callback): void => {
    const callback = typeof domain === 'function' ? domain : done;
    callback?.({ ...DONE, response: { response: JSON.stringify(Object.fromEntries(this.#known)) } });
  };
  /** As `userList`. */
  readonly list_users = this.userList;

  /** Says that the user takes calls. */
  readonly ready = (done?: Callback): void => this.#command(this.#client.setPresence(), done);
  /** Says why the user takes none: a cause of `WebitelUserAwayCauseTypes`, and a few words. */
  readonly busy = (cause?: string, tag?: string, done?: Callback): void => {
    const activity = activityOf((cause ?? '').toUpperCase());
    if (activity === null) throw new Error(`Cause '${cause ?? ''}' is not supported: use one of WebitelUserAwayCauseTypes.`);
    this.#command(this.#client.setPresence({ activity, ...(tag !== undefined && tag !== '' && { note: tag }) }), done);
  };

  /** Calls a number. */
  readonly call = (number: string | number, useVideo = false): boolean => {
    const to = String(number).trim();
    if (to === '') return false;
    this.#client.call(to, { video: useVideo }).catch(this.#refused(WebitelErrorTypes.Call));
    return true;
  };
  /** Answers. */
  readonly answer = (uuid: string, useVideo = false): boolean => this.#do(uuid, ({ call }) => call.answer({ video: useVideo }));
  /** Hangs up, or declines: with `USER_BUSY` as busy. */
  readonly hangup = (uuid: string, cause?: string): boolean => this.#do(uuid, ({ call }) =>
    call.can.decline ? call.decline(cause === 'USER_BUSY' ? 'busy' : 'declined') : call.hangup());
  /** Holds the other side. */
  readonly hold = (uuid: string, done?: Callback): boolean => this.#do(uuid, ({ call }) => call.hold(), done);
  /** Takes the other side back. */
  readonly unhold = (uuid: string, done?: Callback): boolean => this.#do(uuid, ({ call }) => call.unhold(), done);
  /** Holds, or takes back. */
  readonly toggleHold = (uuid: string, done?: Callback): boolean =>
    this.#do(uuid, ({ call }) => (call.held ? call.unhold() : call.hold()), done);
  /** Presses keys. */
  readonly dtmf = (uuid: string, digits: string, done?: Callback): boolean => this.#do(uuid, ({ call }) => call.sendDtmf(digits), done);
  /** Hands the other side on. */
  readonly transfer = (uuid: string, destination: string, done?: Callback): boolean =>
    this.#do(uuid, ({ call }) => call.transfer(destination), done);
  /** Holds the call and asks somebody first. */
  readonly attendedTransfer = (uuid: string, destination: string): boolean => this.#do(uuid, async (tracked) => {
    if (!tracked.call.held) await tracked.call.hold();
    // The call is told of before it is confirmed: what it is for has to be known then.
    this.#consults.set(destination, tracked);
    await this.#client.call(destination).finally(() => this.#consults.delete(destination));
  });
  /** Ends the question and takes the first call back. */
  readonly cancelTransfer = (first: string, second: string): boolean => this.#do(second, async ({ call }) => {
    await call.hangup();
    const held = this.#calls.get(first)?.call;
    if (held?.held === true) await held.unhold();
  });
  /** Joins the other sides of two calls. */
  readonly bridgeTransfer = (first: string, second: string): boolean => this.#do(first, async (one) => {
    const two = this.#calls.get(second);
    if (!two) return;
    for (const tracked of [one, two]) tracked.transferResult = 'confirmed';
    try {
      await one.call.completeTransfer(two.call);
    } catch (thrown) {
      for (const tracked of [one, two]) tracked.transferResult = 'error';
      throw thrown;
    }
  });
  /** As `bridgeTransfer`. */
  readonly bridgeChannel = this.bridgeTransfer;
  /** Makes a conference of a call and the one it asks about, or any two. */
  readonly conferenceTransfer = (first: string, second?: string): boolean => this.#do(first, async (one) => {
    const all = [...this.#calls.values()];
    const two = second === undefined ? all.find(({ consults }) => consults === one) ?? one.consults : this.#calls.get(second);
    if (two) await one.call.merge(two.call);
  });
  /** Parks the other side. */
  readonly parkCall = (uuid: string): boolean => this.#do(uuid, ({ call }) => call.park());
  /** Switches the microphone `on`, `off`, or over; whether it is off. */
  readonly setMute = (uuid: string, what: string): boolean | null => {
    const call = this.#calls.get(uuid)?.call;
    if (!call) return null;
    const muted = what === 'toggle' ? !call.muted : what === 'off';
    this.#do(uuid, () => call.mute(muted));
    return muted;
  };
  /** Whether the microphone is on. */
  readonly getMute = (uuid: string): boolean | null => {
    const call = this.#calls.get(uuid)?.call;
    return call ? !call.muted : null;
  };
  /** Switches the camera `on` or `off`. */
  readonly setMuteVideo = (uuid: string, what: string): boolean => this.#do(uuid, async ({ call }) => {
    if (what === 'on' || (what === 'toggle' && !call.video.camera)) await call.startVideo();
    else call.stopVideo();
  });
  /** Writes to a colleague's chat: to every page and telephone of theirs, those away too once they are back. */
  readonly sendMessage = (to: string, text: string, done?: Callback): void =>
    this.#command(this.#client.request('chat.send', { to: idOf(to), text }), done);
  /** Nothing needs to be done: the softswitch asks for pictures by itself. */
  readonly videoRefresh = (_uuid: string, done?: Callback): void => done?.(DONE);

  /** Refused: it ran commands in a softswitch. */
  readonly rawapi = (_command?: unknown, done?: Callback): void => this.#notServed(done);
  /** Refused: it listened to other people's calls. */
  readonly eavesdrop = (_user?: unknown, _channel?: unknown, _options?: unknown, done?: Callback): void => this.#notServed(done);
  /** Refused, as `eavesdrop`. */
  readonly displace = (done?: Callback): void => this.#notServed(done);

  #ownId(): string {
    return idOf(this.#parameters.account ?? '');
  }

  #handleMessage(message: ChatMessage): void {
    // These pages know neither changed messages nor their own of elsewhere.
    if (message.from.userId === this.#client.me?.userId || message.editedAt !== undefined) return;
    const domain = this.#domain();
    const named = (number: string): string => (domain === '' ? number : `${number}@${domain}`);
    this.#events.message.trigger({ from: named(message.from.number), to: named(this.#ownId()), body: message.text });
  }

  #domain(): string {
    return this.#parameters.domain ?? this.#parameters.account?.split('@')[1] ?? '';
  }

  #session(): Record<string, unknown> {
    const { me } = this.#client;
    return { login: this.#parameters.account ?? me?.username, role: me?.role, domain: this.#domain(), wsCount: 1, agent: false, acl: {} };
  }

  #handleReady(): void {
    this.#events.connected.trigger(this.#session());
    this.#events.web.registered.trigger(undefined);
    this.#handleUsers();
    this.#events.ready.trigger(this.#session());
  }

  #handleUsers(): void {
    const { me, directory } = this.#client;
    const now = new Map(directory.entries.map((entry) => {
      const own = entry.userId === me?.userId && this.#ownId() !== '';
      const id = own ? this.#ownId() : entry.extension;
      return [id, userInfo(entry, id, this.#domain())];
    }));
    for (const [id, user] of this.#known) if (!now.has(id)) this.#events.users.removed.trigger(user);
    for (const [id, user] of now) {
      const before = this.#known.get(id);
      this.#known.set(id, user);
      if (!before) this.#events.users.added.trigger(user);
      if (before?.state !== user.state || before.away !== user.away || before.tag !== user.tag) this.#events.users.status.trigger(user);
      else if (before.name !== user.name) this.#events.users.changed.trigger(user);
    }
    for (const id of [...this.#known.keys()]) if (!now.has(id)) this.#known.delete(id);
  }

  /** A call here, or on another device of the user's. */
  #handleCall(call: Call): void {
    if (call.id === '') {
      // One that is being placed has no name yet.
      const off = call.on('state', () => {
        if (call.id === '' && !call.end) return;
        off();
        if (call.id !== '') this.#track(call);
      });
      return;
    }
    this.#track(call);
  }

  #track(call: Call): void {
    const tracked = new TrackedCall(call, call.direction === 'outbound' ? this.#consults.get(call.peer.number) : undefined);
    if (this.#calls.has(tracked.uuid)) return;
    this.#calls.set(tracked.uuid, tracked);
    const info = (): WebitelCallInfo => tracked.info(this.#client.me);
    call.on('state', () => this.#handleState(tracked));
    call.on('held', (held) => {
      tracked.state = held ? WebitelCallStates.Hold : WebitelCallStates.Active;
      (held ? this.#events.call.held : this.#events.call.unheld).trigger(info());
    });
    call.on('peer', () => this.#events.call.bridged.trigger(info()));
    call.on('dtmf', (digits) => this.#events.call.dtmf.trigger({ call: info(), digits }));
    call.on('video', (video) => this.#handleVideo(tracked, video.remoteCamera ?? video.remoteScreen));
    call.on('ended', (end) => this.#handleEnd(tracked, end));
    this.#events.call.added.trigger(info());
    this.#events.web.session.trigger(tracked.session);
    this.#events.web.started.trigger(tracked.session);
    this.#handleState(tracked);
  }

  #handleState(tracked: TrackedCall): void {
    const { call } = tracked;
    if (call.direction === 'inbound' && call.state !== 'ringing') this.#client.audio.stopRinging();
    if (tracked.state !== WebitelCallStates.Rinding || (call.state !== 'active' && call.state !== 'held')) return;
    tracked.state = WebitelCallStates.Answered;
    this.#events.call.accepted.trigger(tracked.info(this.#client.me));
    this.#events.call.bridged.trigger(tracked.info(this.#client.me));
  }

  #handleVideo(tracked: TrackedCall, shown: MediaStream | null): void {
    const { tag } = tracked.session.params;
    const element = tag === undefined || typeof document === 'undefined' ? null : document.getElementById(tag);
    if (element instanceof HTMLVideoElement) {
      // The sound has an element of its own.
      element.muted = true;
      element.srcObject = shown;
    }
    if (shown) this.#events.web.video.trigger(tracked.session);
    this.#events.web.videoChanged.trigger({ call: tracked.info(this.#client.me), remoteVideoEnabled: shown !== null });
  }

  #handleEnd(tracked: TrackedCall, end: CallEnd): void {
    this.#client.audio.stopRinging();
    this.#calls.delete(tracked.uuid);
    tracked.state = WebitelCallStates.Ended;
    const info = tracked.info(this.#client.me, end);
    // Its number changed while it went on: records are to be kept under the last.
    if (dashed(tracked.call.callId) !== tracked.uuid) this.#events.call.renamed.trigger({ call: info, newId: dashed(tracked.call.callId) });
    this.#events.call.unbridged.trigger(info);
    this.#events.call.ended.trigger(info);
    this.#events.web.destroyed.trigger(tracked.session);
  }

  #do(uuid: string, what: (tracked: TrackedCall) => Promise<unknown>, done?: Callback): boolean {
    const tracked = this.#calls.get(uuid);
    if (!tracked) return false;
    this.#command(what(tracked), done);
    return true;
  }

  #command(what: Promise<unknown>, done?: Callback): void {
    what.then(() => done?.(DONE), (thrown: unknown) => {
      this.#fail(WebitelErrorTypes.Command, thrown);
      done?.({ status: WebitelCommandResponseTypes.Fail, response: { response: `-ERR: ${asError('', thrown).message}` } });
    });
  }

  #refused(type: string): (thrown: unknown) => void {
    return (thrown) => this.#fail(type, thrown);
  }

  #fail(type: string, thrown: unknown): void {
    this.#events.error.trigger(asError(type, thrown));
  }

  #notServed(done?: Callback): void {
    this.#command(Promise.reject(new Error('Permission denied.')), done);
  }
}

/** What stands before the domain. */
const idOf = (account: string): string => account.split('@')[0] ?? '';
