// The chat, beside the library: conversations, messages, marks, typing, files, search.
export { Chat } from './chat.js';
export type { ChatClient, ChatEvents, ChatOptions } from './chat-client.js';
export { Conversation } from './conversation.js';
export type { Outgoing } from './conversation.js';
export type { UploadOptions } from './upload.js';
export type { ChatConversation, ChatFound, ChatMember, ChatMessage, ChatReaction, FileInfo } from '../../protocol/generated.js';
