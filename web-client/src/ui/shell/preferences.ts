// How this browser's user likes the widget: language and colours, kept in `localStorage`.
import { chooseLanguage, setLanguage, type Language } from '../messages/index.js';

/** Light, dark, or as the page has it. */
export type Theme = 'auto' | 'light' | 'dark';

/** The language the user chose; null where they chose none. */
export const chosenLanguage = (): Language | null => {
  const kept = read('language');
  return kept === null ? null : chooseLanguage([kept]);
};

/** What the widget speaks: as the user chose, as the page asks (`lang`), or as the browser does. */
export const preferredLanguage = (lang: string): Language =>
  chosenLanguage() ?? chooseLanguage(lang === '' ? navigator.languages : [lang, ...navigator.languages]);

/** Speaks a language from now on; null to do as the page or the browser says. */
export const keepLanguage = (chosen: Language | null, lang = ''): Promise<void> => {
  write('language', chosen);
  return setLanguage(preferredLanguage(lang));
};

/** The colours the user chose. */
export const theme = (): Theme => {
  const kept = read('theme');
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
};

/** Shows other colours from now on, in `phone`, and wherever a widget begins. */
export const keepTheme = (chosen: Theme, phone: Element | null): void => {
  write('theme', chosen === 'auto' ? null : chosen);
  if (chosen !== 'auto') phone?.setAttribute('theme', chosen);
  else phone?.removeAttribute('theme');
};

/** Begins as the user likes it. Attributes are set once the element is made: a constructor may not. */
export const applyPreferences = (phone: HTMLElement): void => {
  const kept = theme();
  queueMicrotask(() => { if (kept !== 'auto') phone.setAttribute('theme', kept); });
  void setLanguage(preferredLanguage(''));
};

/** A page may forbid the store: nothing is kept then. */
const read = (name: string): string | null => {
  try {
    return localStorage.getItem(`ringdown.${name}`);
  } catch {
    return null;
  }
};

const write = (name: string, value: string | null): void => {
  try {
    if (value === null) localStorage.removeItem(`ringdown.${name}`);
    else localStorage.setItem(`ringdown.${name}`, value);
  } catch {
    // The choice holds until the page is left.
  }
};
