import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { database, ledger } from '@tollgate/postgres';
import { clientOf, type Fixture, fill, mounted, startAdmin } from './admin-fixture.js';

let one: Fixture;
beforeAll(async () => {
  one = await startAdmin();
  await fill(one);
}, 150_000);
afterAll(() => one.end(), 60_000);

describe('while stores fail', () => {
  const away = database({ connectionString: 'postgres://root@127.0.0.1:1/test', maxConnections: 1 });
  afterAll(() => away.end());

  it('the switch works without the database, and says that the audit trail has no entry', async () => {
    const { app, router } = mounted({ ...one.tg, ledger: ledger({ database: away }), registry: undefined });
    const client = clientOf(app, { name: 'x', role: 'operator' });
    const off = await client.post('/switch/off', { kind: 'model', name: 'gpt-5', reason: 'x' });
    expect([off.status, off.body.audited, off.body.confirmed_by.length]).toEqual([200, false, 1]);
    expect((await client.post('/switch/on', { kind: 'model', name: 'gpt-5' })).status).toBe(200);
    router.close();
  });

  it('a new secret is answered though nothing can be read after it was made', async () => {
    const { registry } = one.tg;
    const { keyId } = await registry.keys.create({ tenant: 'acme', plan: 'pro', scopes: ['chat'] });
    let reads = 0;
    const keys = {
      ...registry.keys,
      list: async (filter?: object) => {
        reads += 1;
        if (reads > 1) throw new Error('away');
        return registry.keys.list(filter);
      },
    };
    const people = { ...registry, keys, as: (name: string) => registry.as(name) };
    // Nor is there a ledger, whose database knows the processes.
    const { app, router } = mounted({ ...one.tg, registry: people, ledger: undefined });
    const client = clientOf(app, { name: 'x', role: 'operator' });
    const rotated = await client.post(`/keys/${keyId}/rotate`, { overlap_ms: 0 });
    expect([rotated.status, rotated.body]).toEqual([
      200,
      {
        confirmed_by: expect.any(Array),
        secret: expect.stringMatching(/^tg_live_/),
        key: expect.objectContaining({ key_id: keyId, scopes: ['chat'] }),
      },
    ]);
    const made = await client.post('/keys', { tenant: 'acme', plan: 'pro', user: 'ann' });
    expect([made.status, made.body]).toEqual([
      201,
      {
        confirmed_by: expect.any(Array),
        secret: expect.stringMatching(/^tg_live_/),
        key: expect.objectContaining({
          tenant: 'acme',
          user: 'ann',
          status: 'active',
          created_at: expect.any(String),
        }),
      },
    ]);
    router.close();
  });

  it('a change that fails is not called undone', async () => {
    const broken = {
      ...one.tg.registry,
      as: () => ({ ...one.tg.registry, tenants: { create: () => Promise.reject(new Error('cut off')) } }),
    };
    const { app, router } = mounted({ ...one.tg, registry: broken as never });
    const { status, body } = await clientOf(app, { name: 'x', role: 'operator' }).post('/tenants', {
      tenant: 'cut',
    });
    expect([status, body.error.message]).toEqual([
      503,
      expect.stringContaining('The change may have been made'),
    ]);
    router.close();
  });
});

describe('requests', () => {
  it('whose path has a broken escape get a 400 in JSON, without a stack', async () => {
    const { status, text } = await one.as('operator').post('/keys/%E0%A4%A/rotate');
    expect([status, JSON.parse(text).error.code, text.includes('at ')]).toEqual([
      400,
      'invalid_value',
      false,
    ]);
  });

  it('for files that are left half way, or not begun, free their places', async () => {
    const client = one.as('finance');
    for (let turn = 0; turn < 6; turn += 1) {
      const left = client.get('/export?format=csv').timeout({ response: 1 });
      await left.then(
        () => undefined,
        () => undefined,
      );
    }
    let status = 429;
    while (status === 429) ({ status } = await client.get('/export?format=csv'));
    expect(status).toBe(200);
  });
});
