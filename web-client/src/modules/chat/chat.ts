// The chat of a client: keeps conversations in step with the server, and says what reached the user and what they read.
import { Emitter, type Unsubscribe } from '../../emitter.js';
import { asRingdownError, clientError } from '../../errors.js';
import type { ChatFound, ChatMessage, ChatOpenParams, ChatOpened, FileInfo } from '../../protocol/generated.js';
import type { Push } from '../../protocol/messages.js';
import type { ChatClient, ChatEvents, ChatOptions } from './chat-client.js';
import { Conversation, randomId, type Outgoing } from './conversation.js';
import { readAll, readAround, readNewer, readNewest, readOlder } from './reading.js';
import { post, type UploadOptions } from './upload.js';

/** The chat of a client. Make one for each client, and `close()` it with the client. */
export class Chat {
  readonly #client: ChatClient;
  readonly #options: ChatOptions;
  readonly #events = new Emitter<ChatEvents>(() => undefined);
  readonly #conversations = new Map<string, Conversation>();
  readonly #stops: Unsubscribe[];
  readonly #delivered = new Set<string>();
  /** Conversations that miss changes, and the revision those are asked for from: what comes meanwhile is newer. */
  readonly #behind = new Map<string, number>();
  #timers: ReturnType<typeof setTimeout>[] = [];
  #elsewhere = 0;
  #cursor: string | null = null;
  #isListed = false;
  #typedAt = 0;
  #blocked: ReadonlySet<string> = new Set();

  /** The messages of the person who is signed in at `client`. */
  constructor(client: ChatClient, options: ChatOptions = {}) {
    this.#client = client;
    this.#options = options;
    this.#stops = [client.on('push', (push) => this.#handlePush(push)), client.on('ready', () => this.#refresh())];
    if (client.state === 'ready') this.#refresh();
  }

  /** Listens; returns what stops it. */
  on<E extends keyof ChatEvents>(event: E, listener: (...args: ChatEvents[E]) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** The conversations that were read so far, the one last written in first. */
  get conversations(): readonly Conversation[] {
    return [...this.#conversations.values()].filter(({ info }) => info.kind !== 'direct' || info.lastSeq > 0).sort((a, b) => b.info.updatedAt - a.info.updatedAt);
  }

  /** Whether there are more conversations than those. */
  get hasMore(): boolean { return this.#cursor !== null; }
  /** Whether the first page of conversations was read. */
  get isListed(): boolean { return this.#isListed; }
  /** Messages the user has not read, in all conversations. */
  get unread(): number { return this.#elsewhere + [...this.#conversations.values()].reduce((sum, { unread }) => sum + unread, 0); }

  /** Accounts the user takes no messages from. */
  get blocked(): ReadonlySet<string> { return this.#blocked; }

  /** A conversation that was read or opened. */
  get(id: string): Conversation | null { return this.#conversations.get(id) ?? null; }

  /** Reads the next conversations. */
  async more(): Promise<void> {
    await this.#list(this.#cursor);
  }

  /** Opens the conversation with a number or account, of one of the user's calls, or by its id, with its newest messages. */
  async open(target: ChatOpenParams): Promise<Conversation> {
    const conversation = this.#take(await this.#client.request('chat.open', target));
    if (!conversation.isLoaded) await this.older(conversation.id);
    return conversation;
  }

  /** Makes a group of the user and these numbers or accounts. */
  async createGroup(title: string, members: readonly string[]): Promise<Conversation> {
    return this.#take(await this.#client.request('chat.create', { title, members: [...members] }));
  }

  /** Gives a group another title, takes people in (numbers or accounts) or out (accounts). */
  async change(id: string, change: { readonly title?: string; readonly add?: readonly string[]; readonly remove?: readonly string[] }): Promise<void> {
    const { title, add = [], remove = [] } = change;
    this.#take(await this.#client.request('chat.change', { conversation: id, add: [...add], remove: [...remove], ...(title === undefined ? {} : { title }) }));
  }

  /** Leaves a group. */
  async leave(id: string): Promise<void> {
    await this.#client.request('chat.leave', { conversation: id });
    this.#drop(id);
  }

  /** Reads older messages; the newest at first. */
  async older(id: string): Promise<void> {
    await this.#read(id, (conversation) => readOlder(this.#client, conversation));
  }

  /** Reads the messages around one, in place of those that were read: it may be long ago. */
  async around(id: string, seq: number): Promise<void> {
    await this.#read(id, (conversation) => readAround(this.#client, conversation, seq));
  }

  /** Reads the messages after those of an older place. */
  async newer(id: string): Promise<void> {
    await this.#read(id, (conversation) => readNewer(this.#client, conversation));
  }

  /** Reads the newest messages, in place of those of an older place. */
  async newest(id: string): Promise<void> {
    await this.#read(id, (conversation) => readNewest(this.#client, conversation));
  }

  /** All messages of a conversation, the newest first, page by page. */
  all(id: string): AsyncGenerator<readonly ChatMessage[]> {
    return readAll(this.#client, id);
  }

  /** Writes. The message stands in `outgoing` until it is kept; where that fails it stays there as `failed`. */
  async send(id: string, text: string, file?: FileInfo): Promise<void> {
    const outgoing: Outgoing = { id: randomId(), text, file, at: this.#now(), failed: false };
    await this.#post(id, outgoing);
  }

  /** Sends a file, with words. It stands in `outgoing` with its progress; `discard` stops it. */
  async sendFile(id: string, file: Blob & { readonly name?: string }, text = ''): Promise<void> {
    await this.#post(id, { id: randomId(), text, upload: { file, progress: 0, stop: new AbortController() }, at: this.#now(), failed: false });
  }

  /** Sends again what failed. */
  async retry(id: string, messageId: string): Promise<void> {
    const outgoing = this.#conversations.get(id)?.outgoing.find((one) => one.id === messageId);
    if (outgoing) await this.#post(id, outgoing);
  }

  /** Forgets what failed, and stops a file on its way. */
  discard(id: string, messageId: string): void {
    const conversation = this.#conversations.get(id);
    conversation?.outgoing.find((one) => one.id === messageId)?.upload?.stop.abort();
    if (conversation) conversation.outgoing = conversation.outgoing.filter((one) => one.id !== messageId);
    this.#changed();
  }

  /** Changes an own message. */
  async edit({ conversation, seq }: ChatMessage, text: string): Promise<void> {
    this.#takeMessage((await this.#client.request('chat.edit', { conversation, seq, text })).message);
  }

  /** Gives a message the user's sign, an emoji; null for none any more. */
  async react({ conversation, seq }: ChatMessage, emoji: string | null): Promise<void> {
    this.#takeMessage((await this.#client.request('chat.react', { conversation, seq, ...(emoji === null ? {} : { emoji }) })).message);
  }

  /** Takes no messages of an account, or takes them again. */
  async block(user: string, isBlocked: boolean): Promise<void> {
    await this.#client.request('chat.block', { user, isBlocked });
    this.#takeBlocked([...this.#blocked].filter((other) => other !== user).concat(isBlocked ? [user] : []));
  }

  /** Deletes a message: an own one, or in a group one of others with the right. */
  async delete({ conversation, seq }: ChatMessage): Promise<void> {
    this.#takeMessage((await this.#client.request('chat.delete', { conversation, seq })).message);
  }

  /** The user has read a conversation to its end. */
  read(id: string): void {
    const conversation = this.#conversations.get(id);
    if (!conversation || conversation.unread === 0) return;
    const read = conversation.info.lastSeq;
    conversation.info = { ...conversation.info, read };
    this.#delivered.delete(id);
    this.#client.request('chat.mark', { conversation: id, read }).catch(() => undefined);
    this.#changed();
  }

  /** The user types: call it with every key, it is told every few seconds. */
  typing(id: string): void {
    if (this.#now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = this.#now();
    this.#client.request('chat.typing', { conversation: id }).catch(() => undefined);
  }

  /** Finds messages that hold all words, newest first. */
  search(query: string, more: { readonly conversation?: string; readonly cursor?: string } = {}): Promise<ChatFound> {
    return this.#client.request('chat.search', { query, ...more });
  }

  /** Sends a file to the server, to be given to `send`. */
  async upload(file: Blob & { readonly name?: string }, options: UploadOptions = {}): Promise<FileInfo> {
    const { path } = await this.#client.request('file.place', {});
    return post(`${this.#options.server ?? ''}${path}&name=${encodeURIComponent(file.name ?? 'file')}`, file, options, this.#options.fetch);
  }

  /** Where a file is had for an hour, without a token: for an `<img>` or a link. */
  async fileUrl(id: string): Promise<string> { return (await this.fileLink(id)).url; }

  /** Where a file is had without a token, and for how many seconds. */
  async fileLink(id: string): Promise<{ readonly url: string; readonly expiresIn: number }> {
    const { path, expiresIn } = await this.#client.request('file.link', { file: id });
    return { url: `${this.#options.server ?? ''}${path}`, expiresIn };
  }

  /** Ends it: no listener and no timer is left. */
  close(): void {
    for (const stop of this.#stops) stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#events.clear();
  }

  #refresh(tries = 0): void {
    void this.#list(null).catch(() => {
      // The next connection reads it anyway.
      this.#later(Math.min(RETRY_AFTER_MS * 2 ** tries, RETRY_AT_MOST_MS), () => {
        if (this.#client.state === 'ready') this.#refresh(tries + 1);
      });
    });
  }

  async #list(cursor: string | null): Promise<void> {
    const page = await this.#client.request('chat.list', cursor === null ? {} : { cursor });
    this.#blocked = new Set(page.blocked);
    for (const info of page.conversations) {
      const known = this.#conversations.get(info.id);
      const missed = known?.isLoaded === true && (known.info.revision < info.revision || this.#behind.has(info.id));
      if (known) known.takeInfo(info);
      else this.#conversations.set(info.id, new Conversation(info));
      // What changed while nobody told is read anew, where somebody may be looking at it.
      if (known && missed) await this.#catchUp(known);
      this.#received(info.id);
    }
    if (cursor === null) {
      this.#isListed = true;
      this.#elsewhere = 0;
      this.#elsewhere = Math.max(0, page.unread - this.unread);
    } else {
      this.#elsewhere = Math.max(0, this.#elsewhere - page.conversations.reduce((sum, { lastSeq, read }) => sum + lastSeq - read, 0));
    }
    this.#cursor = page.cursor ?? null;
    this.#changed();
  }

  async #read(id: string, read: (conversation: Conversation) => Promise<void>): Promise<void> {
    const conversation = this.#conversations.get(id);
    if (!conversation) return;
    await read(conversation);
    this.#changed();
  }

  async #catchUp(conversation: Conversation): Promise<void> {
    const { id } = conversation;
    const since = this.#behind.get(id) ?? conversation.messages.reduce((newest, { revision }) => Math.max(newest, revision), 0);
    this.#behind.set(id, since);
    try {
      const { messages, more } = await this.#client.request('chat.history', { conversation: id, since, limit: 100 });
      if (more) {
        conversation.forget();
        await this.older(id);
      } else {
        conversation.takeChanges(messages);
      }
      this.#behind.delete(id);
      this.#changed();
    } catch {
      this.#later(RETRY_AFTER_MS, () => {
        if (this.#client.state === 'ready' && this.#behind.has(id) && this.#conversations.get(id) === conversation) void this.#catchUp(conversation);
      });
    }
  }

  async #post(id: string, outgoing: Outgoing): Promise<void> {
    const conversation = this.#conversations.get(id);
    if (!conversation) throw clientError('bad-argument', { message: 'The conversation is not open.' });
    outgoing.failed = false;
    conversation.outgoing = [...conversation.outgoing.filter((one) => one !== outgoing), outgoing];
    this.#changed();
    try {
      await this.#bring(outgoing);
      const { message } = await this.#client.request('chat.send', {
        conversation: id, text: outgoing.text, id: outgoing.id, ...(outgoing.file ? { file: outgoing.file.id } : {}),
      });
      this.#takeMessage(message);
    } catch (thrown) {
      // Who took it back knows that it was not sent.
      if (outgoing.upload?.stop.signal.aborted) return;
      outgoing.failed = true;
      outgoing.problem = asRingdownError(thrown);
      this.#changed();
      throw outgoing.problem;
    }
  }

  /** Brings a message's file to the server, unless it is there. */
  async #bring(outgoing: Outgoing): Promise<void> {
    const { upload } = outgoing;
    if (!upload || outgoing.file) return;
    const onProgress = (progress: number): void => {
      upload.progress = progress;
      this.#changed();
    };
    outgoing.file = await this.upload(upload.file, { onProgress, signal: upload.stop.signal });
    upload.stop.signal.throwIfAborted();
  }

  #takeBlocked(users: readonly string[]): void {
    this.#blocked = new Set(users);
    this.#changed();
  }

  #handlePush(push: Push): void {
    switch (push.event) {
      case 'chat.message':
        this.#takeMessage(push.data.message);
        return;
      case 'chat.conversation':
        this.#take(push.data.opened);
        return;
      case 'chat.blocked':
        this.#takeBlocked(push.data.users);
        return;
      case 'chat.gone':
        this.#drop(push.data.conversation);
        return;
      case 'chat.marks': {
        const { conversation, userId, delivered, read } = push.data;
        this.#conversations.get(conversation)?.takeMarks(userId, this.#client.me?.userId, delivered, read);
        this.#changed();
        return;
      }
      case 'chat.typing': {
        const { conversation, from } = push.data;
        if (from.userId === null) return;
        this.#conversations.get(conversation)?.takeTyping(from.userId, from.name, this.#now() + TYPING_FOR_MS);
        this.#later(TYPING_FOR_MS, () => this.#changed());
        this.#changed();
        return;
      }
      default:
        // The rest is the client's.
    }
  }

  #takeMessage(message: ChatMessage): void {
    const mine = message.from.userId === this.#client.me?.userId;
    const conversation = this.#conversations.get(message.conversation);
    if (!conversation) {
      void this.#client.request('chat.open', { conversation: message.conversation }).then((opened) => {
        this.#tell(message, this.#take(opened), mine);
      }, () => undefined);
      return;
    }
    if (conversation.takeMessage(message, mine)) this.#tell(message, conversation, mine);
    this.#changed();
  }

  #tell(message: ChatMessage, conversation: Conversation, mine: boolean): void {
    if (mine) return;
    this.#received(conversation.id);
    this.#events.emit('message', message, conversation);
  }

  /** Says that what is there reached this device: once for all that comes within a moment. */
  #received(id: string): void {
    const conversation = this.#conversations.get(id);
    if (!conversation || conversation.unread === 0 || this.#delivered.has(id)) return;
    this.#delivered.add(id);
    this.#later(DELIVERED_AFTER_MS, () => {
      if (!this.#delivered.delete(id)) return;
      this.#client.request('chat.mark', { conversation: id, delivered: conversation.info.lastSeq }).catch(() => undefined);
    });
  }

  #take({ conversation: info, members }: ChatOpened): Conversation {
    const conversation = this.#conversations.get(info.id) ?? new Conversation(info);
    this.#conversations.set(info.id, conversation);
    conversation.takeInfo(info, members);
    this.#changed();
    return conversation;
  }

  #drop(id: string): void {
    this.#conversations.delete(id);
    this.#behind.delete(id);
    this.#changed();
  }

  #later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers = this.#timers.filter((other) => other !== timer);
      run();
    }, ms);
    this.#timers.push(timer);
  }

  #changed(): void { this.#events.emit('changed'); }

  #now(): number { return (this.#options.now ?? Date.now)(); }
}

/** How long a sign of typing holds, and how often it is given. */
const TYPING_FOR_MS = 6000;
const TYPING_EVERY_MS = 3000;
/** Longer saves requests where many messages come at once; shorter shows a message as delivered sooner. */
const DELIVERED_AFTER_MS = 300;
/** What could not be read is asked for again, ever more rarely. */
const RETRY_AFTER_MS = 3000;
const RETRY_AT_MOST_MS = 60_000;
