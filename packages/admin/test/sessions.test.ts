import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { type AdminIdentity, type SessionsOptions, sessions } from '../src/index.js';

function appOf(options: Partial<SessionsOptions> = {}) {
  const app = express();
  let nowMs = Date.UTC(2026, 9, 15);
  const logins = sessions({
    identify: (req) => (req.get('x-key') === 'good' ? { name: 'olga', role: 'operator' } : undefined),
    now: () => nowMs,
    ...options,
  });
  app.set('trust proxy', 1);
  const room = express.Router();
  room.post('/session', logins.begin());
  room.post('/logout', logins.end());
  room.get('/me', async (req, res) => void res.json((await logins.authorize(req)) ?? null));
  app.use('/dashboard', room);
  return {
    app,
    pass: (ms: number) => {
      nowMs += ms;
    },
    login: async () => {
      const answer = await request(app).post('/dashboard/session').set('x-key', 'good');
      return { answer, cookie: String(answer.headers['set-cookie']) };
    },
    me: async (cookie: string): Promise<AdminIdentity | null> =>
      (await request(app).get('/dashboard/me').set('cookie', cookie)).body,
  };
}

describe('sessions()', () => {
  it('gives a cookie that scripts cannot read and other sites do not send, with a random id and no key', async () => {
    const { app, login, me } = appOf();
    const { answer, cookie } = await login();
    expect(answer.status).toBe(204);
    expect(cookie).toMatch(/^tollgate_session=[\w-]{43}; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect((await login()).cookie).not.toBe(cookie);
    expect(await me(cookie.split(';')[0] ?? '')).toEqual({ name: 'olga', role: 'operator' });
    const secure = await request(app)
      .post('/dashboard/session')
      .set({ 'x-key': 'good', 'x-forwarded-proto': 'https' });
    expect(String(secure.headers['set-cookie'])).toContain('; Secure');
  });

  it.each([
    ['no cookie', ''],
    ['an empty one', 'tollgate_session='],
    ['a guessed one', `tollgate_session=${'A'.repeat(43)}`],
    ['names of members', 'tollgate_session=__proto__; tollgate_session=constructor'],
    ['very many', 'tollgate_session=x;'.repeat(500)],
  ])('has no identity for %s', async (_, cookie) => {
    const { me, login } = appOf();
    await login();
    expect(await me(cookie)).toBeNull();
  });

  it('ends with a logout, by idleness, after its lifetime, and when its identity is no longer valid', async () => {
    const { app, login, me, pass } = appOf();
    const { cookie } = await login();
    await request(app).post('/dashboard/logout').set({ cookie, 'sec-fetch-site': 'same-origin' }).expect(204);
    expect(await me(cookie)).toBeNull();

    const idle = (await login()).cookie;
    pass(3_599_000);
    expect(await me(idle)).not.toBeNull();
    pass(3_600_000);
    expect(await me(idle)).toBeNull();

    const long = (await login()).cookie;
    for (let hour = 0; hour < 23; hour += 1) {
      pass(1_800_000);
      expect(await me(long)).not.toBeNull();
    }
    pass(1_800_000);
    expect(await me(long)).toBeNull();

    let isValid = true;
    const other = appOf({ isValid: () => isValid });
    const { cookie: revoked } = await other.login();
    isValid = false;
    other.pass(5_000);
    expect(await other.me(revoked)).toBeNull();
    isValid = true;
    expect(await other.me(revoked)).toBeNull();
  });

  it('knows every one of several requests at once, also while its identity is checked', async () => {
    const { login, me, pass } = appOf({
      isValid: () => new Promise((resolve) => setImmediate(resolve, true)),
    });
    const { cookie } = await login();
    pass(5_000);
    const all = await Promise.all(Array.from({ length: 5 }, () => me(cookie)));
    expect(all.map((one) => one?.name)).toEqual(Array(5).fill('olga'));
  });

  it('is not brought back by a request that was checked while it ended', async () => {
    let answer: (isValid: boolean) => void = () => undefined;
    const checked = new Promise<void>((begun) => {
      answer = () => begun();
    });
    let go: (isValid: boolean) => void = () => undefined;
    const { app, login, me, pass } = appOf({
      isValid: () =>
        new Promise((resolve) => {
          go = resolve;
          answer(true);
        }),
    });
    const { cookie } = await login();
    pass(5_000);
    const during = me(cookie);
    await checked;
    await request(app).post('/dashboard/logout').set({ cookie, 'sec-fetch-site': 'same-origin' });
    go(true);
    await during;
    expect(await me(cookie)).toBeNull();
  });

  it('continues while its identity cannot be checked: operators need the switch then', async () => {
    let isValid: () => Promise<boolean> = () => Promise.reject(new Error('the database is away'));
    const { login, me, pass } = appOf({ isValid: () => isValid() });
    const { cookie } = await login();
    pass(5_000);
    expect(await me(cookie)).not.toBeNull();
    isValid = () => new Promise(() => undefined);
    expect(await me(cookie)).not.toBeNull();
    isValid = async () => false;
    pass(5_000);
    expect(await me(cookie)).toBeNull();
  });

  it('does not begin for a credential without access, nor for a page of another site', async () => {
    const { app } = appOf();
    await request(app).post('/dashboard/session').set('x-key', 'bad').expect(403);
    const crossed = await request(app)
      .post('/dashboard/session')
      .set({ 'x-key': 'good', 'sec-fetch-site': 'cross-site' });
    expect([crossed.status, crossed.headers['set-cookie']]).toEqual([403, undefined]);
  });

  it('keeps 1 000 sessions: the one used longest ago ends first', async () => {
    const { login, me } = appOf();
    const first = (await login()).cookie;
    const second = (await login()).cookie;
    for (let index = 0; index < 998; index += 1) await login();
    expect(await me(first)).not.toBeNull();
    await login();
    expect([await me(second), (await me(first)) !== null]).toEqual([null, true]);
  });

  it.each([
    [{}, 'sessions: "identify" is required'],
    [{ identify: () => undefined, idleMs: 5 }, 'sessions: "idleMs" must be an integer from 1000'],
    [{ identify: () => undefined, cookie: 'a b' }, 'sessions: "cookie" must be a name'],
  ])('refuses to start with %j', (options, message) => {
    expect(() => sessions(options as never)).toThrow(message);
  });
});
