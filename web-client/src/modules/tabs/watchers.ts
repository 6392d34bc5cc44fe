// Which tabs watch whose presence: the session they share watches somebody until the last of them does not.

/** The tabs that watch, by the person they watch. */
export class Watchers {
  readonly #tabs = new Map<string, Set<string>>();

  /** A tab asks to be told of these people. */
  watch(tab: string, users: readonly string[]): void {
    for (const user of users) {
      const tabs = this.#tabs.get(user);
      if (tabs) tabs.add(tab);
      else if (this.#tabs.size < MAX_WATCHED) this.#tabs.set(user, new Set([tab]));
    }
  }

  /** It does no more. The result is whom nobody watches any more. */
  unwatch(tab: string, users: readonly string[]): string[] {
    return users.filter((user) => {
      const tabs = this.#tabs.get(user);
      tabs?.delete(tab);
      if (tabs && tabs.size > 0) return false;
      this.#tabs.delete(user);
      return true;
    });
  }

  /** The tab is gone. The result is whom only it watched. */
  leave(tab: string): string[] {
    return this.unwatch(tab, [...this.#tabs].filter(([, tabs]) => tabs.has(tab)).map(([user]) => user));
  }

  /** The session is another tab's. */
  clear(): void {
    this.#tabs.clear();
  }
}

/** People counted; a session watches at most 500, and what is not counted is ended by the first tab that asks. */
const MAX_WATCHED = 1000;
