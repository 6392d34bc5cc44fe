// One conversation as it is known here: pages of messages, marks, who types, and what is on its way.
import type { RingdownError } from '../../errors.js';
import type { ChatConversation, ChatMember, ChatMessage, FileInfo } from '../../protocol/generated.js';

/** A message on its way, or one that could not be sent. */
export interface Outgoing {
  /** Its id once it is kept. */
  readonly id: string;
  readonly text: string;
  /** What comes with it, once the server has it. */
  file?: FileInfo | undefined;
  /** What comes with it, as long as it is on its way: `progress` is 0 to 1. */
  upload?: { readonly file: Blob & { readonly name?: string }; progress: number; readonly stop: AbortController } | undefined;
  readonly at: number;
  /** It was refused or not answered: `chat.retry()` sends it again, under its id, so that it is not sent twice. */
  failed: boolean;
  /** Why. */
  problem?: RingdownError;
}

/** A conversation. Its parts are as of the last `changed`. */
export class Conversation {
  /** What the server says of it. */
  info: Readonly<ChatConversation>;
  /** Who is in it; empty until it was opened. */
  members: readonly ChatMember[] = [];
  /** What was read of it, oldest first, without gaps. */
  messages: readonly ChatMessage[] = [];
  /** Whether there are older messages than those. */
  hasOlder = true;
  /** Whether there are newer messages than those: an older place is looked at. */
  hasNewer = false;
  /** Whether a page was read. */
  isLoaded = false;
  /** Own messages on their way. */
  outgoing: readonly Outgoing[] = [];
  readonly #typing = new Map<string, { name: string; until: number }>();

  /** @internal Conversations are made by the chat. */
  constructor(info: ChatConversation) {
    this.info = info;
  }

  /** Names it. */
  get id(): string { return this.info.id; }

  /** Messages the user has not read. */
  get unread(): number { return Math.max(0, this.info.lastSeq - this.info.read); }

  /** The names of those who type at `now`. */
  typing(now: number): readonly string[] {
    return [...this.#typing.values()].filter(({ until }) => until > now).map(({ name }) => name);
  }

  /** How far an own message came: kept, on a device of everybody, read by everybody. */
  stateOf({ seq }: ChatMessage): 'sent' | 'delivered' | 'read' {
    if (this.info.othersRead >= seq) return 'read';
    return this.info.othersDelivered >= seq ? 'delivered' : 'sent';
  }

  /** Takes what the server says of it; a page that was read stays unless messages are missing from it. */
  takeInfo(info: ChatConversation, members?: readonly ChatMember[]): void {
    // What was told meanwhile is newer than an answer that was on its way.
    if (info.revision < this.info.revision) return;
    this.info = { ...info, read: Math.max(info.read, this.info.read) };
    // Of large conversations members are told where they are asked for.
    if (members && (members.length > 0 || info.memberCount === 0)) this.members = members;
  }

  /** Takes a message that was written or changed; whether it is new here. */
  takeMessage(message: ChatMessage, mine: boolean): boolean {
    this.outgoing = this.outgoing.filter(({ id }) => id !== message.id);
    const { info } = this;
    const isNew = message.seq > info.lastSeq;
    this.info = {
      ...info,
      lastSeq: Math.max(info.lastSeq, message.seq),
      revision: Math.max(info.revision, message.revision),
      ...(message.seq >= info.lastSeq ? { last: message } : {}),
      ...(isNew ? { updatedAt: message.at } : {}),
      ...(mine ? { read: Math.max(info.read, message.seq) } : {}),
    };
    if (message.from.userId !== null) this.#typing.delete(message.from.userId);
    this.#place([message], isNew && !this.hasNewer);
    return isNew;
  }

  /** Takes the messages around one, in place of those that were read. */
  takeWindow(older: { readonly messages: readonly ChatMessage[]; readonly more: boolean }, newer: { readonly messages: readonly ChatMessage[]; readonly more: boolean }): void {
    this.messages = [];
    [this.isLoaded, this.hasOlder, this.hasNewer] = [true, older.more, newer.more];
    this.#place([...older.messages, ...newer.messages], true);
  }

  /** Takes the page after what is here. */
  takeNewer(messages: readonly ChatMessage[], more: boolean): void {
    this.hasNewer = more;
    this.#place(messages, true);
  }

  /** Takes a page: the newest, or the one before what is here. */
  takePage(messages: readonly ChatMessage[], more: boolean): void {
    if (!this.isLoaded) this.messages = this.messages.filter(({ seq }) => seq > (messages.at(-1)?.seq ?? 0));
    this.isLoaded = true;
    this.hasOlder = more;
    this.#place(messages, true);
  }

  /** Takes all that changed since a revision: what is older than the pages read here does not tear a hole. */
  takeChanges(messages: readonly ChatMessage[]): void {
    const [oldest, newest] = [this.messages[0]?.seq ?? 0, this.hasNewer ? (this.messages.at(-1)?.seq ?? 0) : Infinity];
    for (const message of messages) this.takeMessage(message, false);
    this.#place(messages.filter(({ seq }) => seq > oldest && seq <= newest), true);
  }

  /** Forgets the messages: too much was missed. */
  forget(): void {
    this.messages = [];
    this.isLoaded = false;
    this.hasOlder = true;
    this.hasNewer = false;
  }

  /** @internal */
  takeMarks(userId: string, me: string | undefined, delivered: number, read: number): void {
    this.members = this.members.map((member) => (member.party.userId === userId ? { ...member, delivered, read } : member));
    if (userId === me) {
      this.info = { ...this.info, read: Math.max(this.info.read, read) };
      return;
    }
    const others = this.members.filter(({ party }) => party.userId !== me);
    const lowest = (mark: 'delivered' | 'read', of: number): number => (others.length > 0 ? Math.min(...others.map((member) => member[mark])) : of);
    const known = others.length > 0 || this.info.kind === 'direct';
    if (known) this.info = { ...this.info, othersDelivered: lowest('delivered', delivered), othersRead: lowest('read', read) };
  }

  /** @internal */
  takeTyping(userId: string, name: string, until: number): void {
    this.#typing.set(userId, { name, until });
  }

  /** Puts messages where their numbers belong; changed ones take the place of what they were. */
  #place(messages: readonly ChatMessage[], mayAdd: boolean): void {
    const bySeq = new Map(this.messages.map((message) => [message.seq, message]));
    for (const message of messages) {
      const known = bySeq.get(message.seq);
      if (known ? known.revision < message.revision : mayAdd) bySeq.set(message.seq, message);
    }
    this.messages = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  }
}

/** A new message's id. */
export const randomId = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
