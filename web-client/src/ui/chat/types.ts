// What the views of the chat are given.
export type { Chat, ChatMessage, Conversation, Outgoing } from '../../modules/chat/index.js';

/** Which conversation is shown: see `Chat.open`. */
export interface ChatOpenedTarget {
  readonly to?: string;
  readonly call?: string;
  readonly conversation?: string;
}
