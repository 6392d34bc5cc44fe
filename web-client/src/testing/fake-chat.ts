// The chat of the fake server: conversations in memory, pushes to members.
import type { Clock } from '../platform/clock.js';
import type { ChatBlockParams, ChatConversation, ChatHistoryParams, ChatMember, ChatMessage, ChatOpened, ChatReactParams, FileInfo, PeerInfo } from '../protocol/generated.js';
import type { Push } from '../protocol/messages.js';
import { FakeFault, type FakeAccount } from './fake-people.js';
import type { FakeSession } from './fake-session.js';

/** What the chat needs of its desk. */
export interface FakeChatPorts {
  readonly people: readonly FakeAccount[];
  readonly clock: Clock;
  /** A person's own file, to be given to a conversation. */
  readonly give: (userId: string, file: string) => FileInfo;
  readonly sessionsOf: (userId: string) => FakeSession[];
  readonly tell: (session: FakeSession, push: Push) => void;
}

interface Marks { owner: boolean; joined: number; delivered: number; read: number }

interface Room {
  readonly id: string;
  readonly kind: ChatConversation['kind'];
  title: string;
  revision: number;
  updatedAt: number;
  readonly members: Map<string, Marks>;
  readonly messages: ChatMessage[];
}

/** The conversations of a fake server. */
export class FakeChat {
  readonly #ports: FakeChatPorts;
  readonly #rooms = new Map<string, Room>();
  /** Conversations of conference rooms, by the room. */
  readonly #ofCalls = new Map<string, string>();
  /** By account, whom they take no messages from. */
  readonly #blocks = new Map<string, Set<string>>();
  #next = 1;

  constructor(ports: FakeChatPorts) {
    this.#ports = ports;
  }

  list({ account: { userId } }: FakeSession): { conversations: ChatConversation[]; unread: number; blocked: string[] } {
    const rooms = [...this.#rooms.values()].filter(({ kind, members, messages }) => members.has(userId) && (kind !== 'direct' || messages.length > 0));
    const conversations = rooms.map((room) => this.#shown(room, userId)).sort((a, b) => b.updatedAt - a.updatedAt);
    return { conversations, unread: conversations.reduce((sum, { lastSeq, read }) => sum + lastSeq - read, 0), blocked: this.#blockedBy(userId) };
  }

  /** The conversation with somebody, or one by its id. */
  open(session: FakeSession, { to, conversation }: { to?: string; conversation?: string }): ChatOpened {
    const room = to === undefined ? this.#of(session, conversation ?? '') : this.#direct(session.account.userId, this.#person(to).userId);
    return this.#opened(room, session.account.userId);
  }

  /** The conversation of a conference room, with whoever is in it; who was stays. */
  openRoom(session: FakeSession, call: string, users: readonly string[]): ChatOpened {
    const known = this.#rooms.get(this.#ofCalls.get(call) ?? '');
    const room = known ?? this.#begin('room', 'Conference', users);
    this.#ofCalls.set(call, room.id);
    const seen = room.messages.length;
    for (const user of users) if (!room.members.has(user)) room.members.set(user, { owner: false, joined: seen, delivered: seen, read: seen });
    return this.#opened(room, session.account.userId);
  }

  create(session: FakeSession, title: string, others: readonly string[]): ChatOpened {
    if (title.trim() === '') throw new FakeFault('bad-request', 'a group has a title');
    for (const to of others) this.#checkTakes(session.account.userId, this.#person(to).userId);
    const room = this.#begin('group', title, [session.account.userId, ...others.map((to) => this.#person(to).userId)]);
    this.#tellRoom(room, session);
    return this.#opened(room, session.account.userId);
  }

  change(session: FakeSession, { conversation, title, add = [], remove = [] }: { conversation: string; title?: string; add?: readonly string[]; remove?: readonly string[] }): ChatOpened {
    const room = this.#of(session, conversation);
    if (room.kind !== 'group') throw new FakeFault('bad-request', 'only a group has a title and members that are chosen');
    if (remove.length > 0 && room.members.get(session.account.userId)?.owner !== true) throw new FakeFault('forbidden', 'only who made the group takes others out of it');
    room.title = title ?? room.title;
    room.revision += 1;
    const seen = room.messages.length;
    for (const to of add) room.members.set(this.#person(to).userId, { owner: false, joined: seen, delivered: seen, read: seen });
    for (const userId of remove) this.#quit(room, userId);
    this.#tellRoom(room, session);
    return this.#opened(room, session.account.userId);
  }

  leave(session: FakeSession, conversation: string): void {
    const room = this.#of(session, conversation);
    this.#quit(room, session.account.userId, session);
    this.#tellRoom(room, session);
  }

  history(session: FakeSession, { conversation, before, after, since, limit = 50 }: ChatHistoryParams): { messages: ChatMessage[]; more: boolean } {
    const room = this.#of(session, conversation);
    const joined = room.members.get(session.account.userId)?.joined ?? 0;
    const seen = room.messages.filter(({ seq }) => seq > joined);
    if (since !== undefined) {
      const changed = seen.filter(({ revision }) => revision > since).sort((a, b) => a.revision - b.revision);
      return { messages: changed.slice(0, limit), more: changed.length > limit };
    }
    if (after !== undefined) {
      const newer = seen.filter(({ seq }) => seq > after);
      return { messages: newer.slice(0, limit), more: newer.length > limit };
    }
    const older = seen.filter(({ seq }) => seq < (before ?? Infinity));
    return { messages: older.slice(-limit), more: older.length > limit };
  }

  /** Whether a person is in a conversation that shows a file. */
  shows(userId: string, file: string): boolean {
    return [...this.#rooms.values()].some(({ members, messages }) => {
      const joined = members.get(userId)?.joined;
      return joined !== undefined && messages.some((message) => message.seq > joined && message.file?.id === file);
    });
  }

  send(session: FakeSession, { conversation, to, text, file, id }: { conversation?: string; to?: string; text: string; file?: string; id?: string }): ChatMessage {
    const bytes = new TextEncoder().encode(text).length;
    if ((bytes < 1 && file === undefined) || bytes > 4096) throw new FakeFault('bad-request', 'a message is 1 to 4,096 bytes of text');
    const { userId } = session.account;
    const room = to === undefined ? this.#of(session, conversation ?? '') : this.#direct(userId, this.#person(to).userId);
    const known = room.messages.find((message) => message.id === id);
    if (known) return known;
    if (room.kind === 'direct') for (const other of room.members.keys()) this.#checkTakes(userId, other);
    const given = file === undefined ? {} : { file: this.#ports.give(userId, file) };
    room.revision += 1;
    room.updatedAt = this.#ports.clock.now();
    const seq = room.messages.length + 1;
    const message: ChatMessage = {
      id: id ?? this.#id(), conversation: room.id, seq, revision: room.revision, from: this.#party(userId), text, at: room.updatedAt, isDeleted: false, ...given,
    };
    room.messages.push(message);
    this.mark(session, room.id, seq, seq);
    this.#tell(room, { event: 'chat.message', data: { message } }, session);
    return message;
  }

  /** Changes an own message; without a text it is deleted. */
  edit(session: FakeSession, conversation: string, seq: number, text?: string): ChatMessage {
    const room = this.#of(session, conversation);
    const { userId } = session.account;
    const mayAll = text === undefined && room.kind !== 'direct' && room.members.get(userId)?.owner === true;
    return this.#change(room, seq, session, (before) => {
      if (before.from.userId !== userId && !mayAll) throw new FakeFault('bad-request', 'you have no such message');
      const { id, conversation: of, revision, from, at } = before;
      const editedAt = this.#ports.clock.now();
      return text === undefined ? { id, conversation: of, seq, revision, from, text: '', at, editedAt, isDeleted: true } : { ...before, text, editedAt };
    });
  }

  /** Gives a message the user's sign, or none. */
  react(session: FakeSession, { conversation, seq, emoji }: ChatReactParams): ChatMessage {
    const { userId } = session.account;
    return this.#change(this.#of(session, conversation), seq, session, (before) => {
      const others = (before.reactions ?? []).map((one) => ({ ...one, users: one.users.filter((user) => user !== userId) })).filter(({ users }) => users.length > 0);
      const same = others.find((one) => one.emoji === emoji);
      same?.users.push(userId);
      if (!same && emoji) others.push({ emoji, users: [userId] });
      return { ...before, reactions: others.sort((a, b) => b.users.length - a.users.length) };
    });
  }

  block(session: FakeSession, { user, isBlocked }: ChatBlockParams): void {
    const { userId } = session.account;
    const blocked = this.#blocks.get(userId) ?? new Set<string>();
    this.#blocks.set(userId, blocked);
    if (isBlocked) blocked.add(this.#person(user).userId);
    else blocked.delete(user);
    for (const other of this.#ports.sessionsOf(userId)) {
      if (other !== session) this.#ports.tell(other, { event: 'chat.blocked', data: { users: this.#blockedBy(userId) } });
    }
  }

  #blockedBy(userId: string): string[] {
    return [...(this.#blocks.get(userId) ?? [])];
  }

  #checkTakes(from: string, to: string): void {
    if (this.#blocks.get(to)?.has(from)) throw new FakeFault('forbidden', 'this person takes no messages from you');
    if (this.#blocks.get(from)?.has(to)) throw new FakeFault('forbidden', 'you take no messages from this person: take them again to write');
  }

  #change(room: Room, seq: number, session: FakeSession, change: (before: ChatMessage) => ChatMessage): ChatMessage {
    const before = room.messages.find((message) => message.seq === seq && !message.isDeleted);
    if (!before) throw new FakeFault('bad-request', 'you have no such message');
    const message = { ...change(before), revision: room.revision + 1 };
    room.revision += 1;
    room.messages[seq - 1] = message;
    this.#tell(room, { event: 'chat.message', data: { message } }, session);
    return message;
  }

  mark(session: FakeSession, conversation: string, delivered = 0, read = 0): void {
    const room = this.#of(session, conversation);
    const { userId } = session.account;
    const marks = room.members.get(userId);
    if (!marks || (marks.delivered >= delivered && marks.read >= read)) return;
    const last = room.messages.length;
    marks.read = Math.min(last, Math.max(marks.read, read));
    marks.delivered = Math.min(last, Math.max(marks.delivered, delivered, read));
    this.#tell(room, { event: 'chat.marks', data: { conversation, userId, delivered: marks.delivered, read: marks.read } }, session);
  }

  typing(session: FakeSession, conversation: string): void {
    const room = this.#of(session, conversation);
    const { userId } = session.account;
    for (const member of [...room.members.keys()].filter((other) => other !== userId)) {
      for (const other of this.#ports.sessionsOf(member)) {
        this.#ports.tell(other, { event: 'chat.typing', data: { conversation, from: this.#party(userId) } });
      }
    }
  }

  search({ account: { userId } }: FakeSession, query: string, conversation?: string): { messages: ChatMessage[] } {
    const words = folded(query).split(/\s+/).filter((word) => word !== '');
    if (words.length === 0 || words.length > 8) throw new FakeFault('bad-request', 'a search is 1 to 8 words of at most 100 characters');
    const messages = [...this.#rooms.values()].filter(({ id, members }) => members.has(userId) && (conversation ?? id) === id)
      .flatMap((room) => room.messages.filter(({ seq }) => seq > (room.members.get(userId)?.joined ?? 0)));
    const found = messages.filter(({ text }) => words.every((word) => folded(text).includes(word)));
    return { messages: found.sort((a, b) => b.at - a.at).slice(0, 30) };
  }

  /** Forgets every conversation and whom anybody blocked. */
  clear(): void {
    this.#rooms.clear();
    this.#blocks.clear();
  }

  #person(to: string): FakeAccount {
    const found = this.#ports.people.find(({ extension, userId }) => [extension, userId].includes(to));
    if (!found) throw new FakeFault('bad-request', 'nobody in the directory has this number or account');
    return found;
  }

  #of(session: FakeSession, id: string): Room {
    const room = this.#rooms.get(id);
    if (!room?.members.has(session.account.userId)) throw new FakeFault('forbidden', 'you are in no such conversation');
    return room;
  }

  #direct(one: string, other: string): Room {
    if (one === other) throw new FakeFault('bad-request', 'that is you');
    const known = [...this.#rooms.values()].find(({ kind, members }) => kind === 'direct' && members.has(one) && members.has(other));
    return known ?? this.#begin('direct', '', [one, other]);
  }

  #begin(kind: Room['kind'], title: string, members: readonly string[]): Room {
    const marks = members.map((userId, index): [string, Marks] => [userId, { owner: kind === 'group' && index === 0, joined: 0, delivered: 0, read: 0 }]);
    const room: Room = { id: this.#id(), kind, title, revision: 0, updatedAt: this.#ports.clock.now(), members: new Map(marks), messages: [] };
    this.#rooms.set(room.id, room);
    return room;
  }

  #quit(room: Room, userId: string, except?: FakeSession): void {
    room.members.delete(userId);
    for (const session of this.#ports.sessionsOf(userId)) {
      if (session !== except) this.#ports.tell(session, { event: 'chat.gone', data: { conversation: room.id } });
    }
  }

  #tell(room: Room, push: Push, except: FakeSession): void {
    for (const session of [...room.members.keys()].flatMap((userId) => this.#ports.sessionsOf(userId))) {
      if (session !== except) this.#ports.tell(session, push);
    }
  }

  #tellRoom(room: Room, except: FakeSession): void {
    for (const userId of room.members.keys()) {
      for (const session of this.#ports.sessionsOf(userId)) {
        if (session !== except) this.#ports.tell(session, { event: 'chat.conversation', data: { opened: this.#opened(room, userId) } });
      }
    }
  }

  #opened(room: Room, userId: string): ChatOpened {
    const members = [...room.members].map(([of, { owner, delivered, read }]): ChatMember => ({ party: this.#party(of), isOwner: owner, delivered, read }));
    return { conversation: this.#shown(room, userId), members };
  }

  #shown(room: Room, userId: string): ChatConversation {
    const others = [...room.members].filter(([of]) => of !== userId);
    const lowest = (mark: 'delivered' | 'read'): number => (others.length === 0 ? 0 : Math.min(...others.map(([, marks]) => marks[mark])));
    const last = room.messages.at(-1);
    const peer = room.kind === 'direct' ? others[0]?.[0] : undefined;
    return {
      id: room.id, kind: room.kind, title: room.title, memberCount: room.members.size, lastSeq: room.messages.length, revision: room.revision,
      read: room.members.get(userId)?.read ?? 0, othersDelivered: lowest('delivered'), othersRead: lowest('read'), updatedAt: room.updatedAt,
      ...(peer === undefined ? {} : { peer: this.#party(peer) }),
      ...(last ? { last } : {}),
    };
  }

  #party(userId: string): PeerInfo {
    const person = this.#ports.people.find((one) => one.userId === userId);
    return { userId, name: person?.name ?? '', number: person?.extension ?? '' };
  }

  #id(): string {
    return (this.#next++).toString(16).padStart(32, '0');
  }
}

const folded = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/ß/g, 'ss');
