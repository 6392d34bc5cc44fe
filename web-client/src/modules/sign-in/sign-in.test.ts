import { describe, expect, it } from 'vitest';
import type { Tokens } from '../../protocol/generated.js';
import { SignIn, type TokenStore } from './sign-in.js';

const tokens = (number: number): Tokens => ({
  accessToken: `access-${number}`, expiresIn: 600, refreshToken: `refresh-${number}`,
  me: { userId: 'u', username: 'alice', name: 'Alice', extension: '101', role: 'user' },
});

const memory = (): TokenStore & { kept: Map<string, string> } => {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => { kept.set(key, value); },
    removeItem: (key) => { kept.delete(key); },
  };
};

const server = (answer: (path: string, body: Record<string, string>) => Response | Error) => {
  const asked: string[] = [];
  const send = (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const path = (url as string).replace('https://pbx.test/api/v1/', '');
    asked.push(path);
    const response = answer(path, JSON.parse(init?.body as string) as Record<string, string>);
    return response instanceof Error ? Promise.reject(response) : Promise.resolve(response);
  };
  return { asked, fetch: send };
};

describe('sign-in', () => {
  it('gives a token once, then a fresh one', async () => {
    let number = 0;
    const { asked, fetch } = server(() => Response.json(tokens(++number)));
    const signIn = new SignIn({ server: 'https://pbx.test', fetch });
    await signIn.signIn('alice', 'secret');
    expect(await signIn.token()).toBe('access-1');
    expect(await signIn.token()).toBe('access-2');
    expect(asked).toEqual(['login', 'refresh']);
  });

  it('uses a refresh token once even when asked twice at a time', async () => {
    const { asked, fetch } = server(() => Response.json(tokens(1)));
    const store = memory();
    store.setItem('ringdown.refresh', 'kept');
    const signIn = new SignIn({ server: 'https://pbx.test', fetch, store });
    expect(signIn.remembered).toBe(true);
    await Promise.all([signIn.token(), signIn.token()]);
    expect(asked).toEqual(['refresh']);
  });

  it('says in words why it failed', async () => {
    const { fetch } = server(() => Response.json({ title: 'Bad credentials', detail: 'The name or the password is wrong.', solutions: [] }, { status: 401 }));
    await expect(new SignIn({ server: 'https://pbx.test', fetch }).signIn('a', 'b'))
      .rejects.toMatchObject({ name: 'sign-in-failed', message: 'The name or the password is wrong.' });
  });

  it('keeps the sign-in through an outage and ends it when refused', async () => {
    let down = true;
    const { fetch } = server(() => (down ? new TypeError('down') : Response.json({}, { status: 401 })));
    const store = memory();
    store.setItem('ringdown.refresh', 'kept');
    const signIn = new SignIn({ server: 'https://pbx.test', fetch, store });
    await expect(signIn.token()).rejects.toMatchObject({ name: 'server-unreachable', fatal: false });
    expect(store.kept.size).toBe(1);
    down = false;
    await expect(signIn.token()).rejects.toMatchObject({ name: 'sign-in-expired', fatal: true });
    expect(store.kept.size).toBe(0);
  });
});
