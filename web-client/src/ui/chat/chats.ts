// The chat of each phone, and how its conversations are named.
import { Chat, type ChatMessage, type Conversation } from '../../modules/chat/index.js';
import { asRingdownError } from '../../errors.js';
import { kitOf } from '../devices/kit.js';
import { errorText } from '../messages/errors.js';
import { t } from '../messages/index.js';
import { nameOf } from '../shared/people.js';
import { register } from '../shell/registry.js';
import type { PhoneModel } from '../shell/phone-model.js';

const chats = new WeakMap<PhoneModel, Chat>();

register.client((model) => {
  chats.get(model)?.close();
  chats.delete(model);
  if (!model.client) return;
  const chat = new Chat(model.client, { server: model.server });
  chats.set(model, chat);
  chat.on('changed', () => {
    kitOf(model)?.attention.setCount('messages', chat.unread);
    model.changed();
  });
  chat.on('message', (message, conversation) => model.announce(t('chat.from', { name: titleOf(conversation), text: textOf(message) })));
});

/** The chat of a phone that is signed in. */
export const chatOf = (model: PhoneModel): Chat | null => chats.get(model) ?? null;

/** Does something in the chat; what goes wrong is said at the lower edge, and nothing else is covered. */
export const attempted = async (model: PhoneModel, work: (chat: Chat) => Promise<unknown> | undefined): Promise<void> => {
  const chat = chatOf(model);
  try {
    if (chat) await work(chat);
  } catch (thrown) {
    model.toast(errorText(asRingdownError(thrown)).title);
  }
};

/** The same, unless something follows. */
export const attempt = (...doing: Parameters<typeof attempted>): void => void attempted(...doing);

const drafts = new WeakMap<Chat, Map<string, string>>();

/** What was begun to be written, by conversation. */
export const draftsOf = (chat: Chat): Map<string, string> => {
  const known = drafts.get(chat) ?? new Map<string, string>();
  drafts.set(chat, known);
  return known;
};

/** What a conversation is called. */
export const titleOf = ({ info: { kind, title, peer } }: Conversation): string => {
  if (kind === 'room') return t('chat.room', { title });
  return peer ? nameOf(peer) : title;
};

/** A message in one line. */
export const textOf = ({ text, file, isDeleted }: ChatMessage): string => (isDeleted ? t('chat.deleted') : text || (file?.name ?? ''));

/** As much text as the server takes. */
const MAX_TEXT_BYTES = 4096;

/** Whether the server takes a text: letters beyond English take several bytes. */
export const fits = (text: string): boolean => text.length <= MAX_TEXT_BYTES && new TextEncoder().encode(text.trim()).length <= MAX_TEXT_BYTES;
