// What the widget says, in the user's language. `t('calls.mute')` is checked against `<area>/en.json` by the compiler;
// messages.test.ts checks that every language says the same things.
import { EN, type Messages, type Texts } from './en.js';

/** A language the widget speaks. */
export type Language = 'en' | 'ru' | 'zh' | 'de';

/** A message's name: `area.name`. */
export type MessageKey = { [A in keyof Messages]: `${A}.${keyof Messages[A] & string}` }[keyof Messages];

/** What is put into a message. `count` also chooses its plural form. */
export type MessageParams = Readonly<Record<string, string | number>>;

/** The languages in their own words. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch', ru: 'Русский', zh: '中文' };

/** English is part of the widget; the others are read when they are wanted. */
const LOAD: Readonly<Record<Exclude<Language, 'en'>, () => Promise<{ readonly texts: Texts }>>> = {
  de: () => import('./de.js'),
  ru: () => import('./ru.js'),
  zh: () => import('./zh.js'),
};

let current: Language = 'en';
let texts: Texts = EN;
let plurals = new Intl.PluralRules('en');
const watchers = new Set<() => void>();

/** The message `key` in the user's language. */
export const t = (key: MessageKey, params: MessageParams = {}): string => {
  const message = lookUp(texts, key) ?? lookUp(EN, key) ?? key;
  const form = typeof message === 'string' ? message : message[plurals.select(Number(params.count))] ?? message.other ?? '';
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
  });
};

/** The message `area.name` where there is one: for names that come from a server, such as those of errors. */
export const maybe = (key: string, params: MessageParams = {}): string | null =>
  lookUp(EN, key) === undefined ? null : t(key as MessageKey, params);

/** The language the widget speaks. */
export const language = (): Language => current;

/** A number as the language writes it. */
export const number = (value: number): string => value.toLocaleString(current);

/** Speaks another language from now on. Where it cannot be read the widget goes on in the language it has. */
export const setLanguage = async (wanted: Language): Promise<void> => {
  if (wanted === current) return;
  const read = wanted === 'en' ? EN : await LOAD[wanted]().then((loaded) => loaded.texts, () => null);
  if (!read) return;
  [current, texts, plurals] = [wanted, read, new Intl.PluralRules(wanted)];
  for (const watcher of watchers) watcher();
};

/** Calls `watcher` when the language changes; returns what ends that. */
export const onLanguage = (watcher: () => void): (() => void) => {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
};

/** The first of these tags (`de-AT`, `zh-Hans`) that the widget speaks; English where it speaks none. */
export const chooseLanguage = (tags: readonly string[]): Language => {
  for (const tag of tags) {
    const [base] = tag.toLowerCase().split('-');
    if (base && base in LANGUAGES) return base as Language;
  }
  return 'en';
};

const lookUp = (from: Texts, key: string): string | Readonly<Record<string, string>> | undefined => {
  const dot = key.indexOf('.');
  return from[key.slice(0, dot)]?.[key.slice(dot + 1)];
};
