import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, parseKey, sha256Hex } from '@tollgate/core/internal';
import { type Registry, registry } from '@tollgate/postgres';
import { createManualClock, type PostgresProcess, startPostgres } from '@tollgate/testkit';
import { terminal } from './terminal.js';

const clock = createManualClock(Date.UTC(2026, 9, 15, 12));
let server: PostgresProcess;
let app: Registry;
let tollgate: ReturnType<typeof terminal>['tollgate'];
let json: ReturnType<typeof terminal>['json'];

beforeAll(async () => {
  server = await startPostgres();
  ({ tollgate, json } = terminal({ DATABASE_URL: server.url }, clock.now));
  await tollgate('migrate');
  // The running app, which takes its keys and limits from there.
  app = registry({ connectionString: server.url });
  app.keys.onChange(() => undefined);
  app.overrides.onChange(() => undefined);
  app.revocations.onChange?.(() => undefined);
}, 150_000);

afterAll(async () => {
  await app.close();
  await server.stop();
});

const byUs = `confirmed by process ${hostname()}:${process.pid}`;

describe('tollgate migrate', () => {
  it('makes the tables, and may be repeated', async () => {
    const { code, out } = await tollgate('migrate');
    expect(code).toBe(0);
    expect(out).toMatch(/^The tables in schema tollgate of 127\.0\.0\.1:\d+\/postgres are up to date\.\n$/);
  });
});

describe('tollgate keys', () => {
  it('makes a key that apps find, and shows it once', async () => {
    const args = [
      '--tenant',
      'acme',
      '--team',
      'data',
      '--plan',
      'pro',
      '--scope',
      'chat',
      '--scope',
      'admin',
    ];
    const made = await json(
      'keys',
      'create',
      ...args,
      '--model',
      'gpt-5*',
      '--label',
      'app=a=b',
      '--expires',
      '30d',
    );
    const parsed = parseKey(made.key);
    expect(parsed).toMatchObject({ live: true, keyId: made.key_id });
    const books = registry({ connectionString: server.url });
    expect(await books.keys.find(made.key_id)).toMatchObject({
      tenant: 'acme',
      team: 'data',
      plan: 'pro',
      scopes: ['chat', 'admin'],
      models: ['gpt-5*'],
      labels: { app: 'a=b' },
      expiresAtMs: clock.now() + 30 * 86_400_000,
      secrets: [{ sha256: sha256Hex(parsed?.secret ?? '') }],
    });
    await books.close();
    const { out } = await tollgate('keys', 'list');
    expect(out).not.toContain(parsed?.secret);
    expect(out).toMatch(/^KEY ID +NAME +TENANT +TEAM /);
    expect(out).toContain(`${made.key_id}  -     acme    data`);
    expect(out).toContain('until 2026-11-14T12:00:00Z');
  });

  it('refuses a plan that no key is on, which may be a typing error, unless told to', async () => {
    const { code, error } = await tollgate('keys', 'create', '--tenant', 'acme', '--plan', 'proo');
    expect([code, error]).toEqual([
      1,
      expect.stringContaining('no key is on a plan "proo" yet (did you mean "pro"?)'),
    ]);
  });

  it('does not say that a revoked key is enabled', async () => {
    const { key_id: id } = await json('keys', 'create', '--tenant', 'revoked', '--plan', 'pro');
    expect((await tollgate('keys', 'revoke', id)).out).toMatch(
      new RegExp(`^${id} is revoked, in \\S+; ${byUs}\\.\n$`),
    );
    const { code, out, error } = await tollgate('keys', 'enable', id);
    expect([code, out]).toEqual([1, '']);
    expect(error).toContain('the key is revoked, which is for good');
  });

  it('rotates, disables, enables, expires and revokes one, and lists how it fares', async () => {
    const { key_id: id } = await json(
      'keys',
      'create',
      '--tenant',
      'globex',
      '--plan',
      'free',
      '--test',
      '--force',
    );
    const rotated = await json('keys', 'rotate', id, '--overlap', '1h');
    expect(rotated).toMatchObject({ key_id: id, overlap_ends_at: '2026-10-15T13:00:00Z' });
    const status = async () => (await json('keys', 'list', '--tenant', 'globex'))[0];
    expect(await status()).toMatchObject({ overlap_ends_at: '2026-10-15T13:00:00Z' });
    await json('keys', 'disable', id);
    expect(await status()).toMatchObject({ disabled_at: '2026-10-15T12:00:00Z' });
    await json('keys', 'enable', id);
    await json('keys', 'expire', id, '2026-12-24');
    const open = await status();
    expect(open).toMatchObject({ expires_at: '2026-12-24T00:00:00Z' });
    expect(open).not.toHaveProperty('disabled_at');
    expect((await tollgate('keys', 'revoke', id)).out).toContain(byUs);
    expect(await status()).toMatchObject({ revoked_at: '2026-10-15T12:00:00Z' });
    const again = await tollgate('keys', 'rotate', id);
    expect(again).toMatchObject({
      code: 1,
      out: '',
      error: `tollgate: keys: rotate: the key ${id} is revoked\n`,
    });
    expect(await tollgate('keys', 'revoke', 'nobody00')).toMatchObject({
      code: 1,
      error: 'tollgate: keys: revoke: there is no such key\n',
    });
  });

  it('revokes child credentials', async () => {
    const id = newId(clock.now());
    expect(await json('children', 'revoke', id)).toMatchObject({ child_id: id, done: 'revoked' });
    const books = registry({ connectionString: server.url });
    expect(await books.revocations.isRevoked({ id, parentId: 'p' })).toBe(true);
    await json('children', 'revoke-all', 'parent00');
    expect(await books.revocations.isRevoked({ id: newId(clock.now()), parentId: 'parent00' })).toBe(true);
    await books.close();
    expect((await tollgate('children', 'revoke', 'x')).code).toBe(2);
  });
});

describe('tollgate tenants', () => {
  it('makes, lists, disables and enables them', async () => {
    await json('tenants', 'create', 'initech', '--name', 'Initech', '--team', 'ops', '--team', 'data');
    const of = async () =>
      (await json('tenants', 'list')).find(({ tenant }: { tenant: string }) => tenant === 'initech');
    expect(await of()).toMatchObject({ name: 'Initech', teams: ['data', 'ops'], keys: 0 });
    await json('tenants', 'disable', 'initech');
    expect(await of()).toHaveProperty('disabled_at', '2026-10-15T12:00:00Z');
    await json('tenants', 'enable', 'initech');
    expect(await of()).not.toHaveProperty('disabled_at');
    expect((await tollgate('tenants', 'disable', 'nobody')).code).toBe(1);
  });
});

describe('tollgate budgets', () => {
  it('sets, lists and takes back limits, for whom they are', async () => {
    const typo = await tollgate('budgets', 'set', 'spend', '$500/month', '--tenant', 'umbrela');
    expect(typo).toMatchObject({
      code: 1,
      error: expect.stringContaining('there is no tenant "umbrela" here'),
    });
    await json('budgets', 'set', 'spend', '$500/month', '--tenant', 'umbrella', '--force');
    await json('budgets', 'set', 'spend', '$600/month', '--tenant', 'umbrella');
    await json('budgets', 'set', 'tokens', '2M/day', '--tenant', 'umbrella', '--by', 'key');
    const { out } = await tollgate(
      'budgets',
      'set',
      'concurrent',
      '5',
      '--tenant',
      'umbrella',
      '--team',
      'data',
    );
    expect(out).toMatch(new RegExp(`^Set, in \\S+; ${byUs}\\.\n\nTENANT `));
    expect(await json('budgets', 'list', '--tenant', 'umbrella')).toEqual([
      { tenant: 'umbrella', kind: 'tokens', limit: '2M/day', by: 'key' },
      { tenant: 'umbrella', kind: 'spend', limit: '$600/month' },
      { tenant: 'umbrella', team: 'data', kind: 'concurrent', limit: '5' },
    ]);
    expect(await json('budgets', 'clear', 'spend', '--tenant', 'umbrella')).toMatchObject({ cleared: 1 });
    expect((await tollgate('budgets', 'clear', 'spend', '--tenant', 'umbrella')).code).toBe(1);
    expect(await json('budgets', 'list', '--tenant', 'umbrella')).toHaveLength(2);
  });

  it('refuses a limit that a shell has eaten into, or that makes no sense', async () => {
    for (const [kind, limit, ...more] of [
      ['spend', '00/month'],
      ['spend', '$x/month'],
      ['spend', '$5/fortnight'],
      ['tokens', '$5/day'],
      ['money', '$5/day'],
      ['spend', '$5/day', '--by', 'tenant', '--key', 'k1'],
    ] as const) {
      const answer = await tollgate('budgets', 'set', kind, limit, '--tenant', 'acme', ...more);
      expect([kind, limit, answer.code, answer.out]).toEqual([kind, limit, 2, '']);
      expect(answer.error).not.toBe('');
    }
    const eaten = await tollgate('budgets', 'set', 'spend', '00/month', '--tenant', 'acme');
    expect(eaten.error).toContain('in a shell, put it in single quotes');
  });
});

describe('tollgate audit', () => {
  it('says who changed what', async () => {
    await json('tenants', 'create', 'trail', '--actor', 'deploy');
    await json('budgets', 'set', 'spend', '$5/day', '--tenant', 'trail');
    const trail = await json('audit', '--tenant', 'trail');
    expect(
      trail.map(({ actor, action }: { actor: string; action: string }) => `${actor} ${action}`).sort(),
    ).toEqual(['cli:ann override.set', 'deploy tenant.create']);
    expect((await tollgate('audit', '--limit', '0')).code).toBe(2);
  });
});

describe('hostile names', () => {
  const names = [
    `'; drop table api_keys; --`,
    '=cmd|calc',
    '🤑 "quoted"',
    '\u202Ereversed',
    '$(touch /tmp/x)',
  ];

  it('are kept as they are, and shown without harm to a terminal', async () => {
    for (const name of names) {
      const { key_id: id } = await json(
        'keys',
        'create',
        '--tenant',
        name,
        '--plan',
        name,
        '--name',
        name,
        '--force',
      );
      expect(await json('keys', 'list', '--tenant', name)).toMatchObject([
        { key_id: id, tenant: name, name },
      ]);
      await json('budgets', 'set', 'spend', '$5/day', '--tenant', name, '--user', name);
      expect(await json('budgets', 'list', '--tenant', name)).toMatchObject([{ tenant: name, user: name }]);
    }
    const { out } = await tollgate('keys', 'list');
    expect(out).toContain('\\u{202e}reversed');
    expect(out).not.toContain('\u202E');
  });

  it('that nothing can keep are refused with what is wrong with them', async () => {
    for (const name of ['a\0b', '\u001b[2Jgone', 'x'.repeat(10_240), '']) {
      const answer = await tollgate('keys', 'create', '--tenant', name, '--plan', 'free', '--force');
      expect(answer).toMatchObject({ code: 2, out: '' });
      expect(answer.error).toMatch(/^tollgate: keys: create: "tenant" must be /);
      expect(answer.error).not.toContain('\u001b');
      expect(answer.error.length).toBeLessThan(300);
    }
  });
});
