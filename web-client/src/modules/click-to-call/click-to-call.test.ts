import { expect, test } from 'vitest';
import { telephoneNumber } from './index.js';

test('a tel: address is a number without separators and parameters', () => {
  expect(telephoneNumber('tel:+49-30-123.45(6);ext=7')).toBe('+4930123456');
  expect(telephoneNumber('TEL:%2B49%20301')).toBe('+49301');
  expect(telephoneNumber('tel:')).toBe('');
  expect(telephoneNumber('tel:%ZZ')).toBe('%ZZ');
});
