import { expect, test } from 'vitest';
import { dockWords } from './words.js';

test('the dock speaks the page’s language where it can, else English', () => {
  expect(dockWords(['de-AT']).phone).toBe('Telefon');
  expect(dockWords(['', 'fr', 'zh-Hans']).phone).toBe('电话');
  expect(dockWords(['RU']).hide).toBe('Скрыть телефон');
  expect(dockWords(['fr']).phone).toBe('Phone');
  expect(dockWords(['toString', 'constructor']).phone).toBe('Phone');
});
