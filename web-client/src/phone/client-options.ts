// How a client is set up, and what it stands on.
import type { LogLevel, LogSink } from '../logging.js';
import type { AudioProcessing, MediaEngine, OpenMedia } from '../media/port.js';
import type { Clock } from '../platform/clock.js';
import type { WatchPage } from '../platform/page.js';
import type { SessionStorage } from '../signaling/kept-session.js';
import type { OpenSocket } from '../signaling/socket.js';
import type { RingdownClient } from './client.js';

/** How a client is set up. */
export interface RingdownOptions {
  /** The server: `https://pbx.example`, `wss://pbx.example/ws`, or empty for the page's own. */
  readonly server: string;
  /** Gives an access token; asked for whenever a session begins. */
  readonly token: () => Promise<string>;
  /** How the microphone is processed; everything is on unless switched off. */
  readonly audioConstraints?: AudioProcessing;
  /** Busy and congestion tones after calls that were not answered; on unless `false`. */
  readonly callTones?: boolean;
  /** Whether intercom calls and calls of `originate` are answered at once where they ask for it; on unless `false`. */
  readonly autoAnswer?: boolean;
  /** How much is logged; `warn` unless given. */
  readonly logLevel?: LogLevel;
  /** Where lines go; the console unless given. */
  readonly logSink?: LogSink;
  /**
   * What a reload or a crash of the page does to its calls: `session` (the default) goes on with them, `off` ends them when
   * the page goes away.
   */
  readonly resume?: 'session' | 'off';
  /** Who is to be signed in, in words of the page's own: a session kept for somebody else is not gone on with. */
  readonly account?: string;
  /** Makes one phone of the browser's tabs: a `Tabs` of the module `tabs`. Each tab is a phone of its own unless given. */
  readonly tabs?: TabSharing;
  /** Whether the browser asks before a page in a call is closed; on unless `false`. */
  readonly warnOnLeave?: boolean;
  /** What the server's logs call this application. */
  readonly clientName?: string;
}

/** Makes one phone of several tabs. */
export interface TabSharing {
  /** Whether this tab has the connection and the audio. */
  readonly leads: boolean;
  /** @internal The media of this tab as it may be used. */
  media(real: MediaEngine): MediaEngine;
  /** @internal The connection of this tab: its own, or the leading tab's. */
  socket(open: OpenSocket): OpenSocket;
  /** @internal The client it is for. */
  attach(client: RingdownClient): void;
  /** @internal */
  destroy(): void;
}

/** What a client stands on; tests give fakes. */
export interface ClientPorts {
  readonly openSocket: OpenSocket;
  readonly openMedia: OpenMedia;
  readonly clock: Clock;
  readonly watchPage: WatchPage;
  /** Where a tab keeps what a reload needs. */
  readonly storage: SessionStorage | null;
}
