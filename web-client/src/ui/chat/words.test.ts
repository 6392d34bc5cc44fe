import { describe, expect, it } from 'vitest';
import { linked } from './words.js';

/** Links as `shown → address`, between them what is plain. */
const seen = (text: string): string[] =>
  linked(text).filter((part) => part !== '').map((part) => (typeof part === 'string' ? part : `${String((part).values[1])} → ${String((part).values[0])}`));

describe('links in messages', () => {
  it.each([
    ['see https://crm.example/a?b=1#c.', ['see ', 'https://crm.example/a?b=1#c → https://crm.example/a?b=1#c', '.']],
    ['(www.example.com)', ['(', 'www.example.com → https://www.example.com/', ')']],
    ['https://de.example/Bonn_(Stadt) und mehr', ['https://de.example/Bonn_(Stadt) → https://de.example/Bonn_(Stadt)', ' und mehr']],
    ['看 https://例子.example/页。好', ['看 ', 'https://例子.example/页。好 → https://xn--fsqu00a.example/%E9%A1%B5%E3%80%82%E5%A5%BD']],
  ])('%s', (text, parts) => { expect(seen(text)).toEqual(parts); });

  it.each([
    'javascript:alert(1)', 'data:text/html,<b>', 'file:///etc/passwd', 'https://bank.example@evil.example/', 'https://evil.example/\u202Egpj.exe', 'https://', 'www.', 'x@www.',
  ])('leaves %s alone', (text) => { expect(seen(text)).toEqual([text]); });

  it('takes a long text without a pause', () => {
    const text = 'https://a.example/'.repeat(220) + ')'.repeat(100);
    const before = performance.now();
    linked(text);
    expect(performance.now() - before).toBeLessThan(500);
  });
});
