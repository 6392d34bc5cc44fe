// Colleagues and their presence, kept current by pushes.
import type { DirectoryEntry, PresenceEntry, SearchResult, State } from '../protocol/generated.js';

/** Colleagues with their presence, sorted by name. */
export class Directory {
  readonly #search: (query: string) => Promise<SearchResult>;
  #entries: readonly DirectoryEntry[] = [];
  /** The server's last whole state, for modules. @internal */
  state?: State;

  /** @internal */
  constructor(search: (query: string) => Promise<SearchResult>) {
    this.#search = search;
  }

  /** Everybody, sorted by name. */
  get entries(): readonly DirectoryEntry[] {
    return this.#entries;
  }

  /** Whose number it is. */
  byNumber(number: string): DirectoryEntry | undefined {
    return this.#entries.find((entry) => entry.extension === number);
  }

  /** Whose account it is. */
  byUser(userId: string): DirectoryEntry | undefined {
    return this.#entries.find((entry) => entry.userId === userId);
  }

  /** People whose name or number contains `text`, from what is known here; at once. */
  filter(text: string): readonly DirectoryEntry[] {
    const words = fold(text).split(/\s+/).filter(Boolean);
    return this.#entries.filter(({ name, extension }) => {
      const own = `${fold(name)} ${extension}`;
      return words.every((word) => own.includes(word));
    });
  }

  /** People the server finds by name or number. */
  async search(query: string): Promise<readonly DirectoryEntry[]> {
    return (await this.#search(query)).entries;
  }

  /** @internal */
  replace(state: State): void {
    this.state = state;
    this.#entries = sorted(state.directory);
  }

  /** @internal */
  handleChange(entries: readonly DirectoryEntry[], removed: readonly string[]): void {
    const gone = new Set([...removed, ...entries.map(({ userId }) => userId)]);
    this.#entries = sorted([...this.#entries.filter(({ userId }) => !gone.has(userId)), ...entries]);
  }

  /** @internal */
  handlePresence(entries: readonly PresenceEntry[]): void {
    const changed = new Map(entries.map((entry) => [entry.userId, entry]));
    this.#entries = this.#entries.map((entry) => {
      const change = changed.get(entry.userId);
      if (!change) return entry;
      // What somebody says no more is left out of the push.
      // eslint-disable-next-line @typescript-eslint/no-unused-vars
      const { activity, note, until, cannotRing, ...kept } = entry;
      return { ...kept, ...change };
    });
  }
}

const sorted = (entries: readonly DirectoryEntry[]): DirectoryEntry[] =>
  [...entries].sort((one, other) => one.name.localeCompare(other.name));

/** Without case and accents, so that "jose" finds "José". */
const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim();
