// The chat, beside the library: conversations, messages, marks, typing, files, search.
export { Chat } from './chat.js';
export type { ChatClient, ChatEvents, ChatOptions } from './chat.js';
export { Conversation } from './conversation.js';
export type { Outgoing } from './conversation.js';
export type { ChatConversation, ChatFound, ChatMember, ChatMessage, FileInfo } from '../../protocol/generated.js';
