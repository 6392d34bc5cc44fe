import { describe, expect, it } from 'vitest';
import type { ChatConversation, ChatMessage } from '../../protocol/generated.js';
import { Conversation } from './conversation.js';

const party = (userId: string) => ({ userId, name: userId, number: '' });
const message = (seq: number, change: Partial<ChatMessage> = {}): ChatMessage =>
  ({ id: `m${seq}`, conversation: 'c', seq, revision: seq, from: party('bob'), text: `text ${seq}`, at: seq, isDeleted: false, ...change });
const info: ChatConversation = { id: 'c', kind: 'direct', title: '', memberCount: 2, lastSeq: 3, revision: 3, read: 1, othersDelivered: 0, othersRead: 0, updatedAt: 3 };
const seqs = (conversation: Conversation) => conversation.messages.map(({ seq }) => seq);

describe('a conversation', () => {
  it('puts pages and what comes meanwhile in order, each message once', () => {
    const conversation = new Conversation(info);
    expect(conversation.takeMessage(message(4), false)).toBe(true);
    conversation.takePage([message(2), message(3)], true);
    conversation.takePage([message(1)], false);
    expect(seqs(conversation)).toEqual([1, 2, 3, 4]);
    expect(conversation.takeMessage(message(4), false)).toBe(false);
    expect([conversation.unread, conversation.hasOlder]).toEqual([3, false]);
  });

  it('takes a change for the message it changes, and not one that is older', () => {
    const conversation = new Conversation(info);
    conversation.takePage([message(2), message(3)], false);
    conversation.takeMessage(message(2, { revision: 9, text: 'new' }), true);
    conversation.takeMessage(message(2, { revision: 8, text: 'late' }), true);
    expect(conversation.messages[0]?.text).toBe('new');
    // A change of what was not read here does not tear a hole.
    conversation.takeMessage(message(1, { revision: 10 }), true);
    expect(seqs(conversation)).toEqual([2, 3]);
  });

  it('shows how far an own message came, by the slowest of the others', () => {
    const conversation = new Conversation({ ...info, kind: 'group' });
    conversation.takeInfo(conversation.info, ['alice', 'bob', 'carol'].map((id) => ({ party: party(id), isOwner: false, delivered: 0, read: 0 })));
    conversation.takeMarks('bob', 'alice', 3, 3);
    expect(conversation.stateOf(message(3))).toBe('sent');
    conversation.takeMarks('carol', 'alice', 3, 2);
    expect(conversation.stateOf(message(3))).toBe('delivered');
    expect(conversation.stateOf(message(2))).toBe('read');
    conversation.takeMarks('alice', 'alice', 3, 3);
    expect(conversation.unread).toBe(0);
  });

  it('forgets who typed when they wrote, or after a while', () => {
    const conversation = new Conversation(info);
    conversation.takeTyping('bob', 'Bob', 6000);
    expect([conversation.typing(5999), conversation.typing(6000)]).toEqual([['Bob'], []]);
    conversation.takeMessage(message(4), false);
    expect(conversation.typing(0)).toEqual([]);
  });
});
