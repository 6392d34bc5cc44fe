// Pages of a conversation: backwards, forwards, around a place.
import type { ChatHistory, ChatHistoryParams, ChatMessage } from '../../protocol/generated.js';
import type { Conversation } from './conversation.js';

interface Asks { request(method: 'chat.history', params: ChatHistoryParams): Promise<ChatHistory> }

/** Reads older messages; the newest at first. */
export const readOlder = async (client: Asks, conversation: Conversation): Promise<void> => {
  if (!conversation.hasOlder) return;
  const first = conversation.isLoaded ? conversation.messages.at(0)?.seq : undefined;
  const { messages, more } = await client.request('chat.history', { conversation: conversation.id, ...(first === undefined ? {} : { before: first }) });
  conversation.takePage(messages, more);
};

/** Reads the messages around one, in place of those that were read. */
export const readAround = async (client: Asks, conversation: Conversation, seq: number): Promise<void> => {
  if (conversation.messages.some((message) => message.seq === seq)) return;
  const page = (place: { before: number } | { after: number }): Promise<ChatHistory> =>
    client.request('chat.history', { conversation: conversation.id, limit: 30, ...place });
  const [older, newer] = await Promise.all([page({ before: seq + 1 }), page({ after: seq })]);
  conversation.takeWindow(older, newer);
};

/** Reads the messages after those of an older place. */
export const readNewer = async (client: Asks, conversation: Conversation): Promise<void> => {
  if (!conversation.hasNewer) return;
  const { messages, more } = await client.request('chat.history', { conversation: conversation.id, after: conversation.messages.at(-1)?.seq ?? 0 });
  conversation.takeNewer(messages, more);
};

/** Reads the newest messages, in place of those of an older place. */
export const readNewest = async (client: Asks, conversation: Conversation): Promise<void> => {
  if (!conversation.hasNewer) return;
  conversation.forget();
  await readOlder(client, conversation);
};

/** All messages of a conversation, the newest first. */
export async function *readAll(client: Asks, id: string): AsyncGenerator<readonly ChatMessage[]> {
  for (let before: number | undefined, more = true; more;) {
    const page: ChatHistory = await client.request('chat.history', { conversation: id, limit: 100, ...(before === undefined ? {} : { before }) });
    yield [...page.messages].reverse();
    before = page.messages[0]?.seq;
    more = page.more;
  }
}
