// Every language says everything, with the same values put in and the plural forms it needs.
/// <reference types="vite/client" />
import { expect, test } from 'vitest';
import { chooseLanguage, setLanguage, t } from './index.js';
import { texts as de } from './de.js';
import { EN, type Texts } from './en.js';
import { texts as ru } from './ru.js';
import { texts as zh } from './zh.js';

const ALL: Readonly<Record<string, Texts>> = { en: EN, de, ru, zh };

const flat = (texts: Texts): Map<string, string | Readonly<Record<string, string>>> =>
  new Map(Object.entries(texts).flatMap(([area, messages]) => Object.entries(messages).map(([name, text]) => [`${area}.${name}`, text] as const)));
const forms = (text: string | Readonly<Record<string, string>>): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const slots = (text: string): string => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join(' ');

test.each(Object.keys(ALL))('%s has every message of English and no other', (language) => {
  expect([...flat(ALL[language]!).keys()].sort()).toEqual([...flat(EN).keys()].sort());
});

test.each(Object.keys(ALL))('%s puts the same values into each message', (language) => {
  const english = flat(EN);
  for (const [key, text] of flat(ALL[language]!)) {
    const [wanted] = forms(english.get(key) ?? '').map(slots).sort((one, other) => other.length - one.length);
    // A singular may say "a" where the plural says how many.
    for (const form of forms(text)) expect([wanted, wanted?.replace(/ ?\bcount\b/, '').trim()], key).toContain(slots(form));
    expect(forms(text).every((form) => form.trim() === form && form !== ''), key).toBe(true);
  }
});

test.each(Object.keys(ALL))('%s has the plural forms of its grammar', (language) => {
  const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  for (const [key, text] of flat(ALL[language]!)) {
    if (typeof text !== 'string') expect(Object.keys(text), key).toEqual(expect.arrayContaining(needed));
    expect(typeof text, key).toBe(typeof flat(EN).get(key));
  }
});

test('a message gets its values and its plural form', async () => {
  expect(t('people.found', { count: 1 })).toBe('1 person found');
  await setLanguage('ru');
  expect(t('people.found', { count: 2 })).toBe('Найдено 2 человека');
  expect(t('people.found', { count: 5 })).toBe('Найдено 5 человек');
  await setLanguage('en');
});

test('the first language a user reads that the widget speaks is chosen', () => {
  expect(chooseLanguage(['fr-FR', 'de-AT', 'en'])).toBe('de');
  expect(chooseLanguage(['zh-Hans-CN'])).toBe('zh');
  expect(chooseLanguage(['fi'])).toBe('en');
});

test('every message that is asked for with values has them, and every message is used', () => {
  const files = import.meta.glob<string>(['../**/*.ts', '!../**/*.test.ts'], { query: '?raw', import: 'default', eager: true });
  const code = Object.values(files).join('\n');
  for (const [key, text] of flat(EN)) {
    const wanted = slots(forms(text).at(-1) ?? '');
    // Names made of parts (`errors.${name}`) are looked up by `maybe`.
    if (key.startsWith('errors.')) continue;
    expect(code.includes(`'${key}'`), `${key} is used`).toBe(true);
    if (wanted) expect(code, `${key} needs ${wanted}`).not.toContain(`t('${key}')`);
  }
});
