// What pages give Webitel's library and get from it, beside calls and people.
import { WebitelCommandResponseTypes } from './constants.js';

/** How it is set up, in the words of Webitel's library. */
export interface WebitelParameters {
  /** Where the server is: `wss://pbx.example:10022`, or any address of it. */
  readonly server: string;
  /** A sign-in name or number, with or without `@domain`. */
  readonly account?: string;
  /** Its password. Better give `getToken`. */
  readonly secret?: string;
  /** An access token in place of a password. */
  readonly token?: string;
  /** Gives an access token whenever a session begins: not of Webitel's library, and the way not to keep a password in a page. */
  readonly getToken?: () => Promise<string>;
  /** Said back as the users' domain. */
  readonly domain?: string;
  /** Whether lines go to the console. */
  readonly debug?: boolean;
  /** Passed over: the sound of calls is always the page's own. */
  readonly webrtc?: unknown;
  /** Passed over: reconnecting needs no asking for. */
  readonly reconnect?: number;
}

/** What a command's callback gets. */
export interface WebitelResponse {
  readonly status: number;
  readonly response: { readonly response: string };
}

/** An error as `onError` tells it. */
export interface WebitelError {
  readonly errorType: string;
  readonly message: string;
}

/** A message of a colleague, as `onNewMessage` tells it. */
export interface WebitelMessage {
  /** The colleague's number, with the domain. */
  readonly from: string;
  /** The own number, with the domain. */
  readonly to: string;
  /** The text. */
  readonly body: string;
}

/** What a command is told by. */
export type Callback = (response: WebitelResponse) => void;

/** A command went well. */
export const DONE: WebitelResponse = { status: WebitelCommandResponseTypes.Success, response: { response: '+OK' } };

/** An error for a page. Pages know the names the browser gives to what is missing. */
export const asError = (errorType: string, thrown: unknown): WebitelError => {
  const name = typeof thrown === 'object' && thrown !== null && 'name' in thrown ? thrown.name : '';
  if (name === 'mic-missing' || name === 'camera-missing') return { errorType, message: 'DevicesNotFoundError' };
  return { errorType, message: thrown instanceof Error ? thrown.message : String(thrown) };
};

