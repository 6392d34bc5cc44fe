import { expect, test } from 'vitest';
import { EmbedSignIn } from './embed-sign-in.js';

/** A server that signs in whomever a token names, and counts what it hands out. */
const world = () => {
  const kept = new Map<string, string>();
  const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) };
  const families = new Map<string, string>();
  const log: string[] = [];
  let count = 0;
  let asked = 0;
  const tokens = (user: string, family: string) => {
    const refreshToken = `${family}-${++count}`;
    families.set(refreshToken, user);
    return { accessToken: `v1.${btoa(JSON.stringify({ u: user, f: family }))}.tag`, expiresIn: 600, refreshToken };
  };
  const send: typeof fetch = (input, init) => {
    const path = (input as string).replace('/api/v1/', '');
    const body = JSON.parse((init?.body as string | undefined) ?? '{}') as { token?: string; refreshToken?: string };
    const answer = (status: number, value: unknown = null): Promise<Response> => Promise.resolve(new Response(value === null ? null : JSON.stringify(value), { status }));
    log.push(`${path} ${body.token ?? body.refreshToken ?? ''}`);
    if (path === 'login/token') return answer(200, tokens(body.token ?? '', `f${++count}`));
    const user = families.get(body.refreshToken ?? '');
    families.delete(body.refreshToken ?? '');
    if (path === 'logout') return answer(204);
    return user === undefined ? answer(401, {}) : answer(200, tokens(user, 'same'));
  };
  const open = (user: string | null) => new EmbedSignIn({ store, fetch: send, ask: () => { asked += 1; return Promise.resolve(user); } });
  return { open, log, store, families, asked: () => asked };
};

const userOf = (token: string): unknown => (JSON.parse(atob(token.split('.')[1] ?? '')) as { u: unknown }).u;

test('the same person goes on with the sign-in they had, and leaves no other behind', async () => {
  const { open, families } = world();
  expect(userOf(await open('alice').token())).toBe('alice');
  const next = open('alice');
  expect(userOf(await next.token())).toBe('alice');
  expect(userOf(await next.token())).toBe('alice');
  expect([...families.values()]).toEqual(['alice']);
});

test('whoever comes after somebody else in the same tab is not them, and signs them out', async () => {
  const { open, log, families } = world();
  await open('alice').token();
  expect(userOf(await open('bob').token())).toBe('bob');
  expect(log.filter((line) => line.startsWith('logout'))).toHaveLength(1);
  expect([...families.values()]).toEqual(['bob']);
});

test('a page that knows nobody any more has no phone', async () => {
  const { open } = world();
  await open('alice').token();
  await expect(open(null).token()).rejects.toThrow('The page gave no token.');
});

test('a page is asked once, and again where the sign-in is over', async () => {
  const { open, asked, families } = world();
  const phone = open('alice');
  await phone.token();
  await phone.token();
  expect(asked()).toBe(1);
  families.clear();
  await phone.token();
  expect(asked()).toBe(2);
});

test('several who want a token at once ask the page once', async () => {
  const { open, asked, families } = world();
  const phone = open('alice');
  const tokens = await Promise.all([phone.token(), phone.token(), phone.token()]);
  expect(tokens.map(userOf)).toEqual(['alice', 'alice', 'alice']);
  expect(asked()).toBe(1);
  expect([...families.values()]).toEqual(['alice']);
});
