import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createKey } from '@tollgate/core/internal';
import { type DashboardApp, startDashboardApp } from './dashboard-app.js';

let app: DashboardApp;
beforeAll(async () => {
  app = await startDashboardApp();
}, 120_000);
afterAll(() => app.close(), 150_000);

function logIn(key: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${app.page}session`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: '{}',
  });
}

const cookieOf = (answer: Response): string => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
const ask = (cookie: string, path = 'api/keys'): Promise<Response> =>
  fetch(app.page + path, { headers: { cookie } });

describe('the login of the dashboard', () => {
  it('takes a key with the scope admin, and no other', async () => {
    const { keys } = app.tg.registry;
    const plain = await keys.create({ tenant: 'acme', plan: 'pro' });
    const expired = await keys.create({ tenant: 'acme', plan: 'pro', scopes: ['admin'], expiresAtMs: 1 });
    for (const [key, status] of [
      [app.adminKey, 204],
      [plain.key, 403],
      [expired.key, 401],
      [createKey().key, 401],
      ['', 401],
    ] as const) {
      const answer = await logIn(key);
      expect([answer.status, cookieOf(answer) !== '']).toEqual([status, status === 204]);
    }
  });

  it('takes an admin also while everything is switched off, so that it can be switched on again', async () => {
    const cookie = cookieOf(await logIn(app.adminKey));
    const change = (path: string, body: object) =>
      fetch(`${app.page}api/${path}`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify(body),
      });
    expect((await change('switch/off', { kind: 'everything', reason: 'trying' })).status).toBe(200);
    const again = await logIn(app.adminKey);
    expect(again.status).toBe(204);
    const { key } = await app.tg.registry.keys.create({ tenant: 'acme', plan: 'pro' });
    const call = await fetch(`${app.url}/office/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(call.status).toBe(403);
    expect((await change('switch/on', { kind: 'everything' })).status).toBe(200);
  });

  it('refuses an admin key that is switched off itself, and its tenant', async () => {
    const { key, keyId } = await app.tg.registry.keys.create({
      tenant: 'stolen',
      plan: 'admin',
      scopes: ['admin'],
    });
    for (const entry of [
      { kind: 'key', name: keyId },
      { kind: 'tenant', name: 'stolen' },
    ] as const) {
      expect((await logIn(key)).status).toBe(204);
      await app.tg.switch?.turnOff({
        ...entry,
        reason: 'r',
        by: 'b',
        sinceMs: Date.now(),
        cutsRunning: false,
      });
      expect((await logIn(key)).status).toBe(403);
      await app.tg.switch?.turnOn(entry.kind, entry.name);
    }
  });

  it('ends the sessions of a key that is switched off or disabled meanwhile: a thief does not stay', async () => {
    const { keys } = app.tg.registry;
    const ends: readonly ((keyId: string) => Promise<unknown> | undefined)[] = [
      (name) =>
        app.tg.switch?.turnOff({
          kind: 'key',
          name,
          reason: 'r',
          by: 'b',
          sinceMs: Date.now(),
          cutsRunning: false,
        }),
      (keyId) => keys.disable(keyId),
    ];
    for (const end of ends) {
      const { key, keyId } = await keys.create({ tenant: 'stolen', plan: 'admin', scopes: ['admin'] });
      const cookie = cookieOf(await logIn(key));
      expect((await ask(cookie)).status).toBe(200);
      await end(keyId);
      expect(await app.tg.isKeyValid(keyId)).toBe(false);
      while ((await ask(cookie)).status !== 401) await new Promise((resolve) => setTimeout(resolve, 100)); // within 5 s
    }
    expect(await app.tg.isKeyValid('unknown')).toBe(false);
  }, 90_000);

  it('gives each login its own session: a cookie that someone has planted is worth nothing', async () => {
    const planted = `tollgate_session=${'A'.repeat(43)}`;
    const answer = await logIn(app.adminKey, { cookie: planted, 'sec-fetch-site': 'same-origin' });
    expect(cookieOf(answer)).not.toBe(planted);
    expect((await ask(planted)).status).toBe(401);
    expect((await ask(cookieOf(answer))).status).toBe(200);
  });

  it('cannot be guessed by trying: after some wrong keys the network waits, and the right key of others still works', async () => {
    const own = await startDashboardApp();
    const attempt = (key: string) =>
      fetch(`${own.page}session`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: '{}',
      });
    const session = cookieOf(await attempt(own.adminKey));
    const statuses: number[] = [];
    for (let tried = 0; tried < 200 && statuses.at(-1) !== 429; tried += 1) {
      statuses.push((await attempt(createKey().key)).status);
    }
    expect(statuses.at(-1)).toBe(429);
    expect(statuses.length).toBeLessThan(200);
    expect((await fetch(`${own.page}api/me`, { headers: { cookie: session } })).status).toBe(200); // a session is no guess
    await own.close();
  }, 120_000);
});
