// What a chat stands on, and what it tells.
import type { Unsubscribe } from '../../emitter.js';
import type { ChatMessage, Me } from '../../protocol/generated.js';
import type { MethodName, ParamsOf, Push, ResultOf } from '../../protocol/messages.js';
import type { Conversation } from './conversation.js';

/** What the chat needs of a `RingdownClient`. */
export interface ChatClient {
  readonly me: Readonly<Me> | null;
  readonly state: string;
  request<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
  on(event: 'push', listener: (push: Push) => void): Unsubscribe;
  on(event: 'ready', listener: () => void): Unsubscribe;
}

/** How the chat is set up. */
export interface ChatOptions {
  /** Where files are: `https://pbx.example`, or empty for the page's own server. */
  readonly server?: string;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/** What the chat tells. */
export interface ChatEvents {
  /** Something is not as it was: conversations, messages, marks, typing, the number of unread messages. */
  changed: [];
  /** Somebody else wrote. */
  message: [message: ChatMessage, conversation: Conversation];
}
