// What a call stands on.
import type { LogSink } from '../logging.js';
import type { MediaEngine, VideoKind } from '../media/port.js';
import type { Clock } from '../platform/clock.js';
import type { IceServer } from '../protocol/generated.js';
import type { Call } from './call.js';
import type { MethodName, ParamsOf, ResultOf } from '../protocol/messages.js';

/** What a page goes on with: what it was before a reload or crash, or another tab. */
export type Recovery = 'reload' | 'tab';

/** What a call needs of its client. */
export interface CallContext {
  readonly request: <M extends MethodName>(method: M, params: ParamsOf<M>) => Promise<ResultOf<M>>;
  /** Whether requests reach the server at the moment. */
  readonly reachable: () => boolean;
  /** Places another call. */
  readonly place: (to: string) => Promise<Call>;
  /** Who has the audio of calls that this page finds: the page before it, or another tab; null for neither. */
  readonly recovery: () => Recovery | null;
  /** Whether the call of this id showed the user's camera or screen in the page before this one. */
  readonly had: (kind: VideoKind, id: string) => boolean;
  readonly media: MediaEngine;
  readonly iceServers: () => readonly IceServer[];
  readonly clock: Clock;
  readonly log: LogSink;
}
