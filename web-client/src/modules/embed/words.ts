// What the dock says itself. All else is said by the phone.

/** What the dock says. */
export interface DockWords {
  readonly phone: string;
  readonly show: string;
  readonly hide: string;
  readonly popOut: string;
}

/** The words of the first language that is known; English where none is. */
export const dockWords = (languages: readonly string[]): DockWords =>
  WORDS[languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((name) => name in WORDS) ?? 'en'] ?? ENGLISH;

const ENGLISH: DockWords = { phone: 'Phone', show: 'Show the phone', hide: 'Hide the phone', popOut: 'Open the phone in its own window' };

const WORDS: Readonly<Record<string, DockWords>> = {
  en: ENGLISH,
  de: { phone: 'Telefon', show: 'Telefon zeigen', hide: 'Telefon ausblenden', popOut: 'Telefon in eigenem Fenster öffnen' },
  ru: { phone: 'Телефон', show: 'Показать телефон', hide: 'Скрыть телефон', popOut: 'Открыть телефон в отдельном окне' },
  zh: { phone: '电话', show: '显示电话', hide: '隐藏电话', popOut: '在独立窗口中打开电话' },
};
