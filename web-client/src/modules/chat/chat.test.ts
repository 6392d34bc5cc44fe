import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChatConversation, ChatMessage } from '../../protocol/generated.js';
import { Chat } from './chat.js';
import type { ChatClient } from './chat-client.js';
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

describe('a server that fails for a moment', () => {
  afterEach(() => { vi.useRealTimers(); });
  /** A client whose answers are `answer`'s, and how it says that it is ready again. */
  const started = (answer: (method: string, params: unknown) => unknown, send?: typeof fetch): { chat: Chat; ready: () => void } => {
    vi.useFakeTimers();
    let ready: () => void = () => undefined;
    const client = {
      me: null, state: 'ready', on: (event: string, listener: () => void) => {
        if (event === 'ready') ready = listener;
        return () => undefined;
      },
      request: (method: string, params: unknown) => new Promise((resolve) => { resolve(answer(method, params)); }),
    };
    const chat = new Chat(client as unknown as ChatClient, send ? { fetch: send } : {});
    return { chat, ready: () => ready() };
  };

  it('is asked again for the conversations', async () => {
    let asked = 0;
    const { chat } = started((method) => {
      if (method !== 'chat.list') return {};
      asked += 1;
      if (asked < 3) throw new Error('busy');
      return { conversations: [info], unread: 2 };
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(chat.isListed).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([chat.isListed, asked]).toEqual([true, 3]);
    chat.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('shows an older place, goes on from there, and comes back to the newest', async () => {
    const all = Array.from({ length: 200 }, (_, index) => message(index + 1));
    const { chat } = started((method, params) => {
      const { before, after, limit = 50 } = params as { before?: number; after?: number; limit?: number };
      if (method === 'chat.open') return { conversation: { ...info, lastSeq: 200, revision: 200, read: 200 }, members: [] };
      if (method === 'chat.list') return { conversations: [], unread: 0, blocked: [] };
      if (method !== 'chat.history') return {};
      if (after !== undefined) return { messages: all.slice(after, after + limit), more: after + limit < 200 };
      const end = (before ?? 201) - 1;
      return { messages: all.slice(Math.max(0, end - limit), end), more: end > limit };
    });
    const conversation = await chat.open({ conversation: 'c' });
    await chat.around('c', 60);
    expect([seqs(conversation).at(0), seqs(conversation).at(-1), conversation.hasOlder, conversation.hasNewer]).toEqual([31, 90, true, true]);
    conversation.takeMessage(message(201), false);
    expect(seqs(conversation).at(-1)).toBe(90);
    await chat.newer('c');
    await chat.older('c');
    expect(seqs(conversation)).toEqual(Array.from({ length: 140 }, (_, index) => index + 1));
    await chat.newest('c');
    expect([seqs(conversation).at(0), seqs(conversation).at(-1), conversation.hasNewer]).toEqual([151, 200, false]);
    const copied: number[] = [];
    for await (const page of chat.all('c')) copied.push(...page.map(({ seq }) => seq));
    expect([copied.length, copied[0], copied.at(-1)]).toEqual([200, 200, 1]);
    chat.close();
  });

  it('keeps a file that was refused to be sent again, and forgets one that was taken back', async () => {
    let answers = ['refused', 'kept'];
    const sent: unknown[] = [];
    const { chat } = started((method, params) => {
      if (method === 'chat.open') return { conversation: info, members: [] };
      if (method === 'file.place') return { path: '/api/v1/files?place=x', expiresIn: 600 };
      if (method === 'chat.send') {
        sent.push(params);
        return { message: message(4, { id: (params as { id: string }).id }) };
      }
      return { conversations: [], messages: [], more: false, unread: 0, blocked: [] };
    }, async (_url, init) => {
      const [answer] = answers;
      answers = answers.slice(1);
      if (answer === 'kept') return Response.json({ id: 'f1', name: 'plan.txt', mediaType: 'text/plain', size: 4 });
      if (answer === 'refused') return Response.json({ detail: 'your files have no room left' }, { status: 507 });
      return new Promise((_, reject) => { init?.signal?.addEventListener('abort', () => { reject(new Error('aborted')); }); });
    });
    const conversation = await chat.open({ conversation: 'c' });
    const file = Object.assign(new Blob(['plan']), { name: 'plan.txt' });
    await expect(chat.sendFile('c', file, 'see')).rejects.toMatchObject({ name: 'upload-failed', message: 'your files have no room left' });
    const [failed] = conversation.outgoing;
    expect([failed?.failed, failed?.problem?.name]).toEqual([true, 'upload-failed']);
    await chat.retry('c', failed?.id ?? '');
    expect([sent, conversation.outgoing]).toEqual([[{ conversation: 'c', text: 'see', id: failed?.id, file: 'f1' }], []]);
    const stopped = chat.sendFile('c', file);
    await vi.advanceTimersByTimeAsync(0);
    chat.discard('c', conversation.outgoing[0]?.id ?? '');
    await stopped;
    expect([sent.length, conversation.outgoing]).toEqual([1, []]);
    chat.close();
  });

  it('lists what it can, and reads what was missed later, without a hole', async () => {
    let [revision, fails] = [3, true];
    const { chat, ready } = started((method, params) => {
      if (method === 'chat.open') return { conversation: info, members: [] };
      if (method === 'chat.list') return { conversations: [{ ...info, revision, lastSeq: revision }], unread: 0 };
      if (method !== 'chat.history') return {};
      if (!('since' in (params as object))) return { messages: [message(3)], more: false };
      if (fails) throw new Error('busy');
      expect(params).toMatchObject({ since: 3 });
      return { messages: [message(4), message(5)], more: false };
    });
    const conversation = await chat.open({ conversation: 'c' });
    await vi.advanceTimersByTimeAsync(0);
    revision = 5;
    ready();
    await vi.advanceTimersByTimeAsync(0);
    expect([chat.isListed, seqs(conversation)]).toEqual([true, [3]]);
    conversation.takeMessage(message(6), false);
    fails = false;
    await vi.advanceTimersByTimeAsync(4000);
    expect(seqs(conversation)).toEqual([3, 4, 5, 6]);
    chat.close();
  });
});
