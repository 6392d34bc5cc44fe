// What the views show and do: a client, its sign-in, the ringing, and what went wrong last.
import {
  RingdownClient, type Call, type CallEnd, type RingdownError, type RingdownOptions,
} from '../../index.js';
import { isCheckCall } from '../../modules/diagnostics/index.js';
import { SignIn, userOfToken, type SignInMethods, type TokenStore } from '../../modules/sign-in/index.js';
import { forgetOthersSessions, hasKeptSession, Tabs } from '../../modules/tabs/index.js';
import { httpOrigin } from '../../phone/server-address.js';
import { errorText, type ErrorText } from '../messages/errors.js';
import { registered } from './registry.js';
import { Screen } from './screen.js';

/** How the widget is set up. */
export interface PhoneSettings {
  readonly server: string;
  readonly token: (() => Promise<string>) | null;
  readonly store: TokenStore | null;
  readonly rawAudio: boolean;
  readonly callTones: boolean;
  /** Whether the tabs of the browser are one phone. */
  readonly sharesTabs: boolean;
  readonly logLevel: NonNullable<RingdownOptions['logLevel']>;
}

/** What the widget tells the page. */
export interface PhoneEvents {
  onReady: () => void;
  onOffline: (error: RingdownError | null) => void;
  onCall: (call: Call) => void;
  onIncoming: (call: Call) => void;
  onAnswered: (call: Call) => void;
  onEnded: (call: Call, end: CallEnd) => void;
  onError: (error: RingdownError) => void;
  /** Something that who does not see the screen should hear. */
  onAnnounce: (text: string, now: boolean) => void;
  /** The other side begins to show something. */
  onShown: (call: Call, kind: 'camera' | 'screen') => void;
}

/** The widget's state. */
export class PhoneModel extends Screen {
  client: RingdownClient | null = null;
  /** The last call that ended here and was not dismissed. */
  ended: { call: Call; end: CallEnd } | null = null;
  /** What went wrong last and was not dismissed. */
  problem: RingdownError | null = null;
  /** Signing in or connecting for the first time. */
  busy = false;
  readonly #events: PhoneEvents;
  #signIn: SignIn | null = null;
  #settings: PhoneSettings | null = null;

  constructor(events: PhoneEvents) {
    super();
    this.#events = events;
  }

  /** What went wrong last, in the user's language. */
  get problemText(): ErrorText | null {
    return this.problem && errorText(this.problem);
  }

  /** The server's address for requests, empty for the page's own. */
  get server(): string {
    return httpOrigin(this.#settings?.server ?? '');
  }

  /** Says something to who listens to the screen; `now` interrupts what is being read. */
  announce(text: string, now = false): void {
    this.#events.onAnnounce(text, now);
  }

  /** Starts with these settings: connects where a token or a remembered sign-in allows it. */
  start(settings: PhoneSettings): void {
    this.stop();
    this.#settings = settings;
    if (settings.token) {
      void (hasKeptSession() ? this.#connectAgain(settings.token) : this.#connect(settings.token));
      return;
    }
    this.#signIn = new SignIn({ server: httpOrigin(settings.server), ...(settings.store ? { store: settings.store } : {}) });
    // A reload in a call needs no sign-in to go on with it, whatever is remembered.
    if (this.#signIn.remembered || hasKeptSession()) void this.#connect(this.#signIn.token);
    else void this.#signInBy((signIn) => signIn.returned());
  }

  /** Ends everything. */
  stop(): void {
    this.client?.destroy();
    this.client = null;
    this.ended = this.problem = null;
    this.busy = this.minimised = false;
    this.settingsOpen = this.dialog = null;
    this.changed();
  }

  /** Where the server is, for addresses that are paths on it; empty for the page's own. */
  get origin(): string {
    return httpOrigin(this.#settings?.server ?? '');
  }

  /** Whether the microphone is sent as it is. */
  get isRawAudio(): boolean {
    return this.#settings?.rawAudio ?? false;
  }

  /** Whether the widget can sign out: it signed in itself. */
  get canSignOut(): boolean {
    return this.#signIn !== null;
  }

  /** Gives access tokens: the page's, or those of the sign-in made here. */
  get accessToken(): (() => Promise<string>) | null {
    return this.#settings?.token ?? this.#signIn?.token ?? null;
  }

  /** How people can sign in; null while that is not known. */
  async methods(): Promise<SignInMethods | null> {
    return await this.#signIn?.methods().catch(() => null) ?? null;
  }

  /** Signs in with an OpenID provider. */
  signInWith(provider: string): Promise<void> {
    return this.#signInBy((signIn) => signIn.signInWith(provider));
  }

  /** Incoming calls that ring here. */
  get ringing(): readonly Call[] {
    return this.#mine.filter((call) => waits(call) && !call.ignored);
  }

  protected override get isTalking(): boolean {
    return this.current !== null;
  }

  /** The call the user is in or is placing. */
  get current(): Call | null {
    const active = this.client?.activeCall ?? null;
    return active && !waits(active) && !isCheckCall(active) ? active : this.others(null)[0] ?? null;
  }

  /** The user's other calls here, beside `call`. */
  others(call: Call | null): readonly Call[] {
    return this.#mine.filter((other) => other !== call && !waits(other));
  }

  /** The user's calls on other devices. */
  get elsewhere(): readonly Call[] {
    return this.client?.calls.filter((call) => !call.mine && !isCheckCall(call) && (call.state === 'active' || call.state === 'held')) ?? [];
  }

  /** Signs in with a name and a password. */
  signIn(username: string, password: string): Promise<void> {
    return this.#signInBy((signIn) => signIn.signIn(username, password));
  }

  /** `prove` says `false` where nobody was to be signed in. */
  async #signInBy(prove: (signIn: SignIn) => Promise<unknown>): Promise<void> {
    if (!this.#signIn) return;
    this.busy = true;
    this.problem = null;
    this.changed();
    try {
      if (await prove(this.#signIn) !== false) await this.#connect(this.#signIn.token);
    } catch (error) {
      this.problem = error as RingdownError;
    }
    this.busy = false;
    this.changed();
  }

  /** Signs out. */
  async signOut(): Promise<void> {
    const signIn = this.#signIn;
    this.stop();
    await signIn?.signOut();
    this.changed();
  }

  /** Calls a number, with the camera where asked for; a call under way is put on hold first. */
  async call(number: string, variables: Readonly<Record<string, string>> = {}, options: { readonly video?: boolean } = {}): Promise<Call | null> {
    const { client } = this;
    if (!client) return null;
    this.ended = this.problem = null;
    let call: Call | null = null;
    await this.#try(async () => {
      await this.#holdAll(null);
      call = await client.call(number, { variables, ...options });
    });
    return call;
  }

  /** Answers a call, with the camera where asked for; a call under way is put on hold first. */
  answer(call: Call, options: { readonly video?: boolean } = {}): Promise<void> {
    this.ended = this.problem = null;
    return this.#try(async () => {
      await this.#holdAll(call);
      await call.answer(options);
    });
  }

  /** Ends the call under way and answers another. */
  answerInstead(call: Call): Promise<void> {
    const { current } = this;
    return this.#try(async () => {
      if (current && current !== call) await current.hangup();
      this.ended = this.problem = null;
      await call.answer();
    });
  }

  /** Goes on with a call; another one under way is put on hold first. */
  resume(call: Call): Promise<void> {
    return this.#try(async () => {
      await this.#holdAll(call);
      await call.unhold();
    });
  }

  /** Does something with a call; what goes wrong is shown. */
  act(work: () => Promise<unknown>): Promise<void> {
    return this.#try(work);
  }

  /** Puts what is shown as ended or wrong away. */
  dismiss(): void {
    this.client?.audio.stopTone();
    this.ended = this.problem = null;
    this.changed();
  }

  get #mine(): readonly Call[] {
    // A check's call is nobody's.
    return this.client?.calls.filter((call) => call.mine && !isCheckCall(call)) ?? [];
  }

  async #try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const error = thrown as RingdownError;
      // A call that ended while something was asked of it shows its own end.
      // One explanation is enough: the error's where there never was a call, else how the call ended.
      const unplaced = this.ended?.end.reason === 'media-failed';
      if (unplaced) this.ended = null;
      if (!this.ended && error.name !== 'call-ended' && error.name !== 'no-such-call') this.problem = error;
    }
    this.changed();
  }

  async #holdAll(except: Call | null): Promise<void> {
    const talking = this.#mine.filter((call) => call !== except && call.state === 'active' && !call.held);
    await Promise.all(talking.map((call) => call.hold()));
  }

  /** Goes on with the session of the page before this one, if its user is the one the page now has a token for. */
  async #connectAgain(token: () => Promise<string>): Promise<void> {
    const settings = this.#settings;
    this.busy = true;
    this.changed();
    let first: string | null = await token().catch(() => null);
    if (this.#settings !== settings) return;
    forgetOthersSessions(first === null ? '' : userOfToken(first));
    await this.#connect(() => {
      const given = first;
      first = null;
      return given === null ? token() : Promise.resolve(given);
    });
  }

  async #connect(token: () => Promise<string>): Promise<void> {
    const settings = this.#settings;
    if (!settings) return;
    const off = !settings.rawAudio;
    this.client?.destroy();
    const client = new RingdownClient({
      server: settings.server,
      token,
      clientName: 'ringdown-phone',
      ...(settings.sharesTabs ? { tabs: new Tabs(`ringdown ${settings.server}`) } : {}),
      logLevel: settings.logLevel,
      callTones: settings.callTones,
      audioConstraints: { echoCancellation: off, noiseSuppression: off, autoGainControl: off },
    });
    this.client = client;
    this.busy = true;
    this.#listen(client);
    for (const begin of registered.begins) begin(this);
    this.changed();
    try {
      await client.connect();
    } catch (error) {
      if (this.client === client) this.problem = error as RingdownError;
    }
    if (this.client === client) this.busy = false;
    this.changed();
  }

  #listen(client: RingdownClient): void {
    const redraw = (): void => this.changed();
    for (const event of ['state', 'presence', 'directory', 'switch', 'reconnecting', 'parked', 'room', 'settings'] as const) client.on(event, redraw);
    for (const event of ['devices', 'sound', 'permission'] as const) client.audio.on(event, redraw);
    client.on('ready', () => this.#events.onReady());
    client.on('offline', (error) => this.#handleOffline(client, error));
    client.on('error', (error) => {
      this.problem = error;
      this.#events.onError(error);
      redraw();
    });
    // What the library has no event for: whether the call is recorded, whether a PIN is asked for.
    client.on('push', ({ event }) => { if (event === 'call.state') redraw(); });
    client.on('call', (call) => this.#handleCall(call));
    client.on('incoming', (call) => {
      this.#ring();
      this.#events.onIncoming(call);
    });
    client.on('callEnded', (call, end) => this.#handleEnd(call, end));
  }

  #handleOffline(client: RingdownClient, error: RingdownError | null): void {
    if (this.client !== client) return;
    // A refused sign-in leads back to the form, with the reason beside it.
    if (error && this.#signIn) {
      queueMicrotask(() => {
        client.destroy();
        if (this.client === client) this.client = null;
        this.problem = error;
        this.changed();
      });
    }
    this.#events.onOffline(error);
    this.changed();
  }

  #handleCall(call: Call): void {
    if (isCheckCall(call)) return;
    for (const event of ['held', 'remoteHold', 'peerLost', 'mute', 'video', 'reconnecting', 'reconnected', 'quality'] as const) {
      call.on(event, () => this.changed());
    }
    call.on('state', () => {
      this.#ring();
      this.changed();
    });
    call.once('answered', () => this.#events.onAnswered(call));
    let seen = call.video;
    call.on('video', (video) => {
      if (video.remoteScreen && !seen.remoteScreen) this.#events.onShown(call, 'screen');
      else if (video.remoteCamera && !seen.remoteCamera) this.#events.onShown(call, 'camera');
      seen = video;
    });
    if (call.mine) {
      this.minimised = false;
      this.settingsOpen = null;
    }
    call.on('error', (error) => {
      // A microphone or camera that was lost; the call goes on.
      this.problem = error;
      this.changed();
    });
    this.#events.onCall(call);
    this.changed();
  }

  #handleEnd(call: Call, end: CallEnd): void {
    if (isCheckCall(call)) return;
    if (this.dialog?.belongsTo === call) this.closeDialog();
    if (call.mine) this.ended = { call, end };
    // What went wrong within the call was shown there.
    if (call.mine && call.answeredAt !== null) this.problem = null;
    this.#ring();
    this.#events.onEnded(call, end);
    this.changed();
  }

  /** Rings while somebody calls and the user is not talking; an answered call stops it at the click. */
  #ring(): void {
    const { client } = this;
    if (!client) return;
    const calling = this.ringing.some(({ state }) => state === 'ringing');
    if (calling && !this.current) client.audio.startRinging();
    else client.audio.stopRinging();
  }
}

/** Whether a call waits for the user's answer. */
const waits = ({ direction, answeredAt }: Call): boolean => direction === 'inbound' && answeredAt === null;
