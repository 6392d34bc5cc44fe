// What the views of the chat are given.
export type { Chat, ChatMember, ChatMessage, Conversation, Outgoing } from '../../modules/chat/index.js';

/** Which conversation is shown: see `Chat.open`. */
export interface ChatOpenedTarget {
  readonly to?: string;
  readonly call?: string;
  readonly conversation?: string;
  /** The message to show, by its number. */
  readonly at?: number;
  /** The room the call is in: with another one another conversation opens. */
  readonly room?: string;
}
