import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { adminRoutes } from '../src/admin.js';
import { admin } from '../src/index.js';
import { type Client, clientOf, type Fixture, fill, mounted, nowMs, startAdmin } from './admin-fixture.js';
import { bodies } from './admin-requests.js';

let one: Fixture;
let acmeKey: string;
let betaKey: string;

beforeAll(async () => {
  one = await startAdmin();
  await fill(one);
  const { keys, overrides } = one.tg.registry;
  ({ keyId: acmeKey } = await keys.create({ tenant: 'acme', plan: 'pro' }));
  ({ keyId: betaKey } = await keys.create({ tenant: 'beta', plan: 'pro' }));
  await overrides.set({ tenant: 'acme', kind: 'spend', limit: '$9/month' });
  await overrides.set({ tenant: 'beta', kind: 'spend', limit: '$8/month' });
  await one.tg.switch.turnOff({
    ...{ kind: 'user', name: 'acme/ann', reason: 'r', by: 'b', sinceMs: nowMs, cutsRunning: false },
  });
  await one.tg.switch.mitigations?.put({
    ...{ id: '01a13a44-f480-7446-8959-5d5c167b18a5', atMs: nowMs, untilMs: Date.now() + 60_000 },
    ...{ action: 'suspend', outcome: 'done', target: 'key k1', tenant: 'acme', reason: 'x', process: 'p:1' },
  });
}, 150_000);
afterAll(() => one.end(), 60_000);

describe('roles', () => {
  it('viewers cannot write, and see no bills; finance does; operators may do all', async () => {
    const needed = { viewer: 0, finance: 1, operator: 2 } as const;
    for (const role of ['viewer', 'finance', 'operator'] as const) {
      for (const { method, path, role: least } of adminRoutes) {
        const where = path.replace(/\{\w+\}/, 'x');
        const { status } =
          method === 'get' ? await one.as(role).get(where) : await one.as(role).post(where, { nope: 1 });
        expect([role, path, status === 403]).toEqual([role, path, needed[role] < needed[least]]);
      }
    }
  });

  it.each([
    [null, 401],
    [undefined, 401],
    [{ name: 'x' }, 500],
    [{ name: 'x', role: 'admin' }, 500],
    [{ name: '', role: 'operator' }, 500],
    [{ name: 'x', role: 'operator', tenant: '' }, 500],
    [{ name: 'x', role: 'operator', tenant: 5 }, 500],
    ['operator', 500],
  ])('a caller that authorize() describes as %j gets %i, and nothing else', async (who, status) => {
    const { app, router } = mounted(one.tg);
    const { body, status: answered } = await clientOf(app, who as object).get('/keys');
    router.close();
    expect([answered, JSON.stringify(body).includes(acmeKey)]).toEqual([status, false]);
  });
});

describe('access that is limited to a tenant', () => {
  it('is not widened by the values that a breakdown names', async () => {
    const asked = `by=day,tenant&values=${encodeURIComponent('["acme","beta"]')}&from=2026-10-01`;
    const tenantsOf = async (client: Client, more = '') =>
      new Set(
        (await client.get(`/usage?${asked}${more}`)).body.data.map(
          ({ by }: { by: { tenant: string } }) => by.tenant,
        ),
      );
    expect(await tenantsOf(one.as('viewer', 'beta'))).toEqual(new Set(['beta']));
    expect(await tenantsOf(one.as('viewer'))).toEqual(new Set(['acme', 'beta']));
    expect(await tenantsOf(one.as('viewer'), '&tenant=acme')).toEqual(new Set(['acme']));
    const { status, body } = await one.as('viewer').get('/usage?by=tenant&values=acme');
    expect([status, body.error.message]).toEqual([400, expect.stringContaining('must be a JSON array')]);
  });

  it('sees nothing of others, whatever it reads', async () => {
    const client = one.as('operator', 'beta');
    for (const { method, path, query } of adminRoutes) {
      if (method !== 'get') continue;
      const needed: Record<string, string> = { '/bills': '?month=2026-10', '/outcomes': '?outcome=x' };
      const curve = '?tenant=beta&unit=usd&from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z';
      const asked = needed[path] ?? { '/prices': '?model=gpt-5', '/caps/curve': curve }[path] ?? '';
      const { text, status } = await client.get(path + asked);
      expect([path, [200, 403]]).toEqual([path, expect.arrayContaining([status])]);
      expect([path, text.includes('acme')]).toEqual([path, false]);
      const by = 'by' in query.shape ? `${asked === '' ? '?' : '&'}by=tenant,key` : '';
      if (by !== '')
        expect([path, (await client.get(path + asked + by)).text.includes('acme')]).toEqual([path, false]);
    }
    expect((await client.get('/usage?by=tenant')).body.data).toMatchObject([{ by: { tenant: 'beta' } }]);
    expect((await client.get('/keys')).body.data).toMatchObject([{ key_id: betaKey }]);
    expect((await client.get('/overview')).body).toMatchObject({
      process: null,
      month: { cost_usd: '3.00' },
    });
  });

  it.each([
    '/usage',
    '/attempts',
    '/keys',
    '/caps',
    '/bills',
    '/overrides',
    '/unresolved',
    '/audit',
    '/incidents',
  ])('cannot ask %s for another tenant', async (path) => {
    const month = path === '/bills' ? 'month=2026-10&' : '';
    const { status, body } = await one.as('operator', 'beta').get(`${path}?${month}tenant=acme`);
    expect([status, body.error.code]).toEqual([403, 'insufficient_scope']);
  });

  it('changes nothing of others', async () => {
    const client = one.as('operator', 'beta');
    const eventId = (await one.as('viewer').get('/unresolved')).body.data[0].event_id;
    const before = await one.as('viewer').get('/keys');
    const attempts: readonly (readonly [string, object])[] = [
      ['/tenants', { tenant: 'acme', name: 'mine' }],
      ['/tenants/acme/disable', {}],
      ['/tenants/beta/disable', {}], // not for itself either: it could not be undone with its keys
      ['/keys', { tenant: 'acme', plan: 'pro' }],
      ['/keys', { tenant: 'beta', plan: 'pro', scopes: ['admin'] }], // it could open more than its tenant
      ['/overrides', { tenant: 'acme', kind: 'spend', limit: '$900/month' }],
      ['/overrides/clear', { tenant: 'acme' }],
      ['/switch/off', { kind: 'everything', reason: 'x' }],
      ['/switch/off', { kind: 'tenant', name: 'acme', reason: 'x' }],
      ['/switch/off', { kind: 'model', name: 'gpt-5', reason: 'x' }],
      ['/switch/off', { kind: 'key', name: acmeKey, reason: 'x' }],
      ['/switch/off', { kind: 'user', name: 'acme/bob', reason: 'x' }],
      ['/switch/on', { kind: 'user', name: 'acme/ann' }],
      ['/reconciliation', bodies['/reconciliation'] ?? {}],
      ...['rotate', 'disable', 'enable', 'revoke'].map(
        (action) => [`/keys/${acmeKey}/${action}`, {}] as const,
      ),
      ['/incidents/01a13a44-f480-7446-8959-5d5c167b18a5/undo', {}],
      [`/unresolved/${eventId}/accept`, { as: 'zero' }],
    ];
    for (const [path, body] of attempts) {
      const { status } = await client.post(path, body);
      expect([path, body, status === 403 || status === 404]).toEqual([path, body, true]);
    }
    expect((await one.as('viewer').get('/keys')).body).toEqual(before.body);
    expect((await one.as('viewer').get('/switch')).body.data).toHaveLength(1);
    expect((await one.as('viewer').get('/overrides?tenant=acme')).body.data).toMatchObject([
      { limit: '$9/month' },
    ]);
    expect((await one.as('viewer').get('/audit?tenant=acme')).body.data).toHaveLength(2);
  });

  it('gets no secret of a key that opens more than its tenant, also not by rotation', async () => {
    const { keyId } = await one.tg.registry.keys.create({ tenant: 'beta', plan: 'pro', scopes: ['admin'] });
    const { status, body } = await one.as('operator', 'beta').post(`/keys/${keyId}/rotate`);
    expect([status, body.secret]).toEqual([403, undefined]);
    expect((await one.as('operator').post(`/keys/${keyId}/rotate`)).status).toBe(200);
  });

  it('cannot lower its own bill', async () => {
    const { body } = await one.as('viewer').get('/unresolved');
    const [{ event_id: eventId, tenant }] = body.data;
    const { status } = await one.as('operator', tenant).post(`/unresolved/${eventId}/accept`, { as: 'zero' });
    expect(status).toBe(403);
    expect((await one.as('viewer').get('/unresolved')).body).toEqual(body);
  });

  it('may give scopes that the app lets it give', async () => {
    const { app, router } = mounted(one.tg, { grantableScopes: ['chat'] });
    const client = clientOf(app, { name: 'x', role: 'operator', tenant: 'beta' });
    for (const [scopes, status] of [
      [['chat'], 201],
      [['chat', 'admin'], 403],
      [[], 201],
    ] as const) {
      expect((await client.post('/keys', { tenant: 'beta', plan: 'pro', scopes })).status).toBe(status);
    }
    router.close();
  });

  it('may switch off its own key and user', async () => {
    const client = one.as('operator', 'beta');
    for (const [kind, name] of [
      ['key', betaKey],
      ['user', 'beta/bo'],
      ['tenant', 'beta'],
    ]) {
      expect((await client.post('/switch/off', { kind, name, reason: 'x' })).status).toBe(200);
      expect((await client.post('/switch/on', { kind, name })).status).toBe(200);
    }
  });
});

describe('changes', () => {
  it.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a page of another port or subdomain', { 'sec-fetch-site': 'same-site' }, 403],
    ['an address typed by hand', { 'sec-fetch-site': 'none' }, 403],
    ['another origin, without fetch metadata', { origin: 'https://evil.example' }, 403],
    ['an opaque origin', { origin: 'null' }, 403],
    ['cookies from nowhere', { cookie: 'tollgate_session=1' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a text', { 'content-type': 'text/plain' }, 415],
    ['no content type', { 'content-type': '' }, 415],
    ['the page itself', { 'sec-fetch-site': 'same-origin', cookie: 'a=b' }, 201],
    ['a program', {}, 201],
  ])('from %s get %s', async (_, headers: Record<string, string>, status) => {
    const { status: answered } = await request(one.app)
      .post('/admin/tenants')
      .set({ 'content-type': 'application/json', 'x-who': '{"name":"x","role":"operator"}', ...headers })
      .send('{"tenant":"from-there"}');
    expect(answered).toBe(status);
  });

  it('are in the audit trail with the name of who made them', async () => {
    const client = one.as('operator');
    const { body } = await client.post('/keys', { tenant: 'audited', plan: 'pro' });
    await client.post(`/keys/${body.key.key_id}/disable`);
    await client.post('/overrides', { tenant: 'audited', kind: 'spend', limit: '$1/day' });
    await client.post('/switch/off', { kind: 'tenant', name: 'audited', reason: 'testing' });
    await client.post('/switch/on', { kind: 'tenant', name: 'audited' });
    const { data } = (await client.get('/audit?tenant=audited')).body;
    const entries = data.map(
      ({ actor, action }: { actor: string; action: string }) => `${action} by ${actor}`,
    );
    expect(entries.sort()).toEqual(
      ['key.create', 'key.disable', 'override.set', 'switch.off', 'switch.on'].map(
        (action) => `${action} by the operator`,
      ),
    );
    expect(JSON.stringify(data)).not.toContain(body.secret);
  });

  it('show a secret once: when it is made', async () => {
    const client = one.as('operator');
    const { body } = await client.post('/keys', { tenant: 'secretive', plan: 'pro' });
    const rotated = await client.post(`/keys/${body.key.key_id}/rotate`, { overlap_ms: 0 });
    for (const path of ['/keys', '/audit', '/tenants', '/attempts']) {
      const { text } = await client.get(path);
      expect([text.includes(body.secret), text.includes(rotated.body.secret)]).toEqual([false, false]);
    }
    expect(rotated.body.secret).not.toBe(body.secret);
  });
});

describe('admin()', () => {
  it.each([
    [{}, 'admin: "tg" is required'],
    [{ tg: 5, authorize: () => undefined }, 'admin: "tg" must be the result of tollgate(), received 5'],
    [{ tg: { plans: {}, store: { read: () => 1, reserve: () => 1 } } }, 'admin: "authorize" is required'],
    [
      { tg: { plans: {}, store: { read: () => 1, reserve: () => 1 } }, authorize: true },
      'admin: "authorize" must be a function',
    ],
    [{ authorise: () => undefined }, 'admin: unknown option "authorise"'],
  ])('refuses to start with %j', (options, message) => {
    expect(() => admin(options as never)).toThrow(message);
  });
});
