// The events of Webitel's library.
import type { WebitelCallInfo, WebitelSession } from './webitel-call.js';
import { WebitelEvent } from './webitel-event.js';
import type { WebitelUserInfo } from './webitel-user.js';
import type { WebitelError, WebitelMessage } from './webitel-words.js';

/** All of them. */
export class WebitelEvents {
  readonly #tell: (thrown: unknown) => void;
  readonly #onFault = (thrown: unknown): void => this.#tell(thrown);
  readonly error = new WebitelEvent<WebitelError>(() => undefined);
  readonly ready = new WebitelEvent<Record<string, unknown>>(this.#onFault);
  readonly connected = new WebitelEvent<Record<string, unknown>>(this.#onFault);
  readonly disconnected = new WebitelEvent<WebitelError | undefined>(this.#onFault);
  readonly login = new WebitelEvent<undefined>(this.#onFault);
  readonly users = {
    status: new WebitelEvent<WebitelUserInfo>(this.#onFault),
    added: new WebitelEvent<WebitelUserInfo>(this.#onFault),
    removed: new WebitelEvent<WebitelUserInfo>(this.#onFault),
    changed: new WebitelEvent<WebitelUserInfo>(this.#onFault),
  };
  readonly call = {
    added: new WebitelEvent<WebitelCallInfo>(this.#onFault),
    accepted: new WebitelEvent<WebitelCallInfo>(this.#onFault),
    bridged: new WebitelEvent<WebitelCallInfo>(this.#onFault),
    unbridged: new WebitelEvent<WebitelCallInfo>(this.#onFault),
    held: new WebitelEvent<WebitelCallInfo>(this.#onFault),
    unheld: new WebitelEvent<WebitelCallInfo>(this.#onFault),
    dtmf: new WebitelEvent<{ call: WebitelCallInfo; digits: string }>(this.#onFault),
    recording: new WebitelEvent<WebitelCallInfo>(this.#onFault),
    recorded: new WebitelEvent<WebitelCallInfo>(this.#onFault),
    renamed: new WebitelEvent<{ call: WebitelCallInfo; newId: string }>(this.#onFault),
    ended: new WebitelEvent<WebitelCallInfo>(this.#onFault),
  };
  readonly message = new WebitelEvent<WebitelMessage>(this.#onFault);
  readonly web = {
    session: new WebitelEvent<WebitelSession>(this.#onFault),
    started: new WebitelEvent<WebitelSession>(this.#onFault),
    video: new WebitelEvent<WebitelSession>(this.#onFault),
    videoChanged: new WebitelEvent<{ call: WebitelCallInfo; remoteVideoEnabled: boolean }>(this.#onFault),
    destroyed: new WebitelEvent<WebitelSession>(this.#onFault),
    registered: new WebitelEvent<undefined>(this.#onFault),
    unregistered: new WebitelEvent<undefined>(this.#onFault),
  };

  /** `onFault` gets what a handler throws. */
  constructor(onFault: (thrown: unknown) => void) {
    this.#tell = onFault;
  }
}
