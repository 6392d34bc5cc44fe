// People beyond the client's directory: favourites, search, presence of whom a page shows, missed calls, voicemail.
import { Emitter, type Unsubscribe } from '../../emitter.js';
import { clientError } from '../../errors.js';
import type { RingdownClient } from '../../phone/client.js';
import type {
  Activity, Contact, DirectoryEntry, FileInfo, HistoryEntry, Mailbox, State, VoicemailCount,
} from '../../protocol/generated.js';
import type { Push } from '../../protocol/messages.js';

/** What somebody says of themselves: ready for calls, or what they do. */
export type Word = Ready | Activity;
/** Says nothing in particular. */
export type Ready = 'ready';

/** What a word is said with. */
export interface Said {
  /** In one's own words. */
  readonly note?: string;
  /** Until when, Unix time in milliseconds; then nothing is said any more. */
  readonly until?: number;
}

interface PeopleEvents {
  /** Something here changed: draw again. */
  change: [];
  /** A call of the user's is over and in the history. */
  history: [entry: HistoryEntry];
  /** The server told everything anew after an interruption: what was read of history and mailbox may be old. */
  refresh: [];
}

/** What a client knows of people. Make one for each client before it connects; `destroy()` ends it. */
export class People {
  readonly #client: RingdownClient;
  readonly #events = new Emitter<PeopleEvents>((thrown) => { throw thrown; });
  readonly #off: readonly Unsubscribe[];
  /** Whom the directory lacks and somebody shows. */
  readonly #watched = new Map<string, { entry: DirectoryEntry; shows: number }>();
  #state: State | null = null;
  #complete = true;
  #favourites: readonly string[] = [];
  #missed = 0;
  #voicemail: VoicemailCount = { new: 0, saved: 0 };

  /** The colleagues of the person who is signed in at `client`. */
  constructor(client: RingdownClient) {
    this.#client = client;
    this.#off = [client.on('directory', () => this.#take()), client.on('push', (push) => this.#handle(push))];
    this.#take();
  }

  /** Whether the client's directory is everybody; in a large company it is whom the user has to do with. */
  get complete(): boolean { return this.#complete; }
  /** The user's favourites, in the order they were taken in. */
  get favourites(): readonly DirectoryEntry[] {
    return this.#favourites.map((user) => this.get(user)).filter((entry) => entry !== undefined);
  }
  /** Missed calls the user has not seen. */
  get missed(): number { return this.#missed; }
  /** How many messages the user's mailbox has. */
  get voicemail(): Readonly<VoicemailCount> { return this.#voicemail; }
  /** The user as others see them. */
  get me(): DirectoryEntry | undefined { return this.get(this.#client.me?.userId ?? ''); }

  /** Calls `listener` on every `event`. */
  on<E extends keyof PeopleEvents>(event: E, listener: (...args: PeopleEvents[E]) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /** Somebody by their account or number, as they are now. */
  get(user: string): DirectoryEntry | undefined {
    const { directory } = this.#client;
    return directory.byUser(user) ?? directory.byNumber(user) ?? this.#watched.get(user)?.entry;
  }

  /** Whether somebody is a favourite. */
  isFavourite(user: string): boolean {
    return this.#favourites.includes(user);
  }

  /** Takes somebody among the favourites, in every tab, or out of them. */
  async setFavourite(user: string, on: boolean): Promise<void> {
    await this.#client.request('directory.favourite', { user, on });
  }

  /** Says what the user does. */
  async say(word: Word, { note, until }: Said = {}): Promise<void> {
    await this.#client.request('presence.set', {
      ...(word === 'ready' ? {} : { activity: word }), ...(note ? { note } : {}), ...(until === undefined ? {} : { until }),
    });
  }

  /** People found by words of names, numbers and departments, best match first; a slip of the finger is forgiven. */
  search(query: string): Promise<readonly DirectoryEntry[]> {
    return this.#client.directory.search(query);
  }

  /**
   * Keeps people current that a page shows, found by a search for example: `get` tells them as they are. Call what it
   * resolves with when they are shown no more.
   */
  async watch(users: readonly string[]): Promise<Unsubscribe> {
    const wanted = users.filter((user) => !this.#client.directory.byUser(user));
    const unknown = wanted.filter((user) => !this.#watched.has(user));
    if (unknown.length > 0) {
      for (const entry of (await this.#client.request('presence.watch', { users: unknown })).entries) {
        if (!this.#watched.has(entry.userId)) this.#watched.set(entry.userId, { entry, shows: 0 });
      }
      this.#events.emit('change');
    }
    const shown = wanted.map((user) => this.#watched.get(user)).filter((seen) => seen !== undefined);
    for (const seen of shown) seen.shows += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      for (const seen of shown) seen.shows -= 1;
      const gone = shown.filter(({ shows }) => shows === 0).map(({ entry }) => entry.userId);
      for (const user of gone) this.#watched.delete(user);
      // Without a connection nothing is watched any more.
      if (gone.length > 0) this.#client.request('presence.unwatch', { users: gone }).catch(() => undefined);
    };
  }

  /** People of the company's address book, best match first; the first of the book for an empty query. */
  async contacts(query: string): Promise<readonly Contact[]> {
    return (await this.#client.request('contact.search', { query })).contacts;
  }

  /**
   * Gives the user another photo: a JPEG, PNG, GIF or WebP picture of at most 512 KiB, best a square of 512 pixels; null
   * takes it away. `server` is where the client is connected to, empty for the page's own.
   */
  async setPhoto(picture: Blob | null, server = ''): Promise<void> {
    let file: string | null = null;
    if (picture) {
      const { path } = await this.#client.request('file.place', {});
      const response = await fetch(`${server}${path}&name=photo`, { method: 'POST', body: picture });
      if (!response.ok) {
        const problem = (await response.json().catch(() => null)) as { detail?: string; solutions?: string[] } | null;
        throw clientError('upload-failed', { message: problem?.detail ?? 'The picture was refused.', solutions: problem?.solutions ?? ['Choose a smaller picture.'] });
      }
      file = ((await response.json()) as FileInfo).id;
    }
    await this.#client.request('directory.photo', { file });
  }

  /** The user has seen the missed calls. */
  async seeMissed(): Promise<void> {
    if (this.#missed > 0) await this.#client.request('history.seen', {});
  }

  /** The messages in the user's mailbox, oldest first. */
  mailbox(): Promise<Mailbox> {
    return this.#client.request('voicemail.list', {});
  }

  /** Where a message can be listened to: a path on the server for an `<audio>` element, good for half an hour. */
  async listen(message: string): Promise<string> {
    return (await this.#client.request('voicemail.link', { message })).path;
  }

  /** Marks a message as heard, or as new. */
  async mark(message: string, isHeard: boolean): Promise<void> {
    await this.#client.request('voicemail.mark', { message, isHeard });
  }

  /** Deletes a message. */
  async deleteMessage(message: string): Promise<void> {
    await this.#client.request('voicemail.delete', { message });
  }

  /** Listens no more. */
  destroy(): void {
    for (const off of this.#off) off();
    this.#events.clear();
  }

  /** A new state of the server: what was watched is forgotten there, and watched anew. */
  #take(): void {
    const { state } = this.#client.directory;
    const isAnew = state !== undefined && this.#state !== null && state !== this.#state;
    if (state && state !== this.#state) {
      this.#state = state;
      this.#complete = state.directoryComplete;
      ({ favourites: this.#favourites, missed: this.#missed, voicemail: this.#voicemail } = state);
      const users = [...this.#watched.keys()];
      if (users.length > 0) {
        this.#client.request('presence.watch', { users }).then(({ entries }) => this.#refresh(entries)).catch(() => undefined);
      }
    }
    this.#events.emit('change');
    if (isAnew) this.#events.emit('refresh');
  }

  #handle(push: Push): void {
    switch (push.event) {
      case 'presence':
        this.#refresh(push.data.entries);
        return;
      case 'directory.changed':
        this.#complete = push.data.complete;
        break;
      case 'favourites':
        this.#favourites = push.data.users;
        break;
      case 'history':
        this.#missed = push.data.missed;
        if (push.data.entry) this.#events.emit('history', push.data.entry);
        break;
      case 'voicemail':
        this.#voicemail = push.data.count;
        break;
      default:
        return;
    }
    this.#events.emit('change');
  }

  #refresh(entries: readonly (Pick<DirectoryEntry, 'userId' | 'presence'> & Partial<DirectoryEntry>)[]): void {
    for (const change of entries) {
      const seen = this.#watched.get(change.userId);
      if (!seen) continue;
      // What somebody says no more is left out of the push.
      const kept = { ...seen.entry };
      delete kept.activity;
      delete kept.note;
      delete kept.until;
      delete kept.cannotRing;
      seen.entry = { ...kept, ...change };
    }
    this.#events.emit('change');
  }
}
