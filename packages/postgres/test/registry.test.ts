import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createKey, newId, parseKey, sha256Hex } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import { databases, type TestDatabase } from '@tollgate/testkit/databases';
import { type Database, database, type Registry, registry } from '../src/index.js';

const hostile = [
  `O'Reilly "quoted" \\ ; drop table api_keys; --`,
  `'); delete from tollgate.api_keys; select ('`,
  '=cmd|/c calc!A1',
  '🤑 \u202Eright to left',
  'x'.repeat(256),
];
const refused = ['a\0b', 'line\nbreak', 'half \ud800 pair', 'x'.repeat(10_000), ''];

describe.each(databases)('the registry on $name', ({ name: databaseName, start }) => {
  const clock = createManualClock();
  let server: TestDatabase;
  let shared: Database;
  let books: Registry;
  let other: Registry;

  beforeAll(async () => {
    server = await start();
    shared = database(server.options);
    books = registry({ database: shared, actor: 'ann', now: clock.now });
    other = databaseName === 'PostgreSQL' ? registry({ ...server.options, now: clock.now }) : books;
    await shared.ready();
  }, 150_000);

  afterAll(async () => {
    await other.close();
    await shared.end();
    await server.end();
  }, 90_000);

  it('finds a key that it made, with all that it stands for, and holds no secret', async () => {
    const facts = {
      tenant: 'acme',
      team: 'data',
      user: 'u1',
      plan: 'pro',
      scopes: ['chat'],
      models: ['gpt-5*'],
      labels: { app: 'support' },
      expiresAtMs: clock.now() + 60_000,
    };
    const { key, keyId } = await books.keys.create({ ...facts, name: 'Support Bot' });
    const secret = parseKey(key)?.secret ?? '';
    expect(await other.keys.find(keyId)).toEqual({
      ...facts,
      keyId,
      secrets: [{ sha256: sha256Hex(secret) }],
      revokedAtMs: undefined,
    });
    const listed = await books.keys.list({ tenant: 'acme' });
    expect(listed).toMatchObject([{ keyId, name: 'Support Bot', tenant: 'acme', createdAtMs: clock.now() }]);
    for (const text of [JSON.stringify(listed), JSON.stringify(await books.audit())]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(sha256Hex(secret));
    }
    expect(await books.keys.find(createKey().keyId)).toBeUndefined();
    expect(await books.keys.find(`' or 1=1 --`)).toBeUndefined();
  });

  it('rotates once during an overlap where that is asked, also for several at the same moment', async () => {
    const { keyId } = await books.keys.create({ tenant: 'acme', plan: 'pro' });
    const once = () => books.keys.rotate(keyId, { overlapMs: 1_000, once: true });
    const made = await Promise.allSettled([
      once(),
      other.keys.rotate(keyId, { overlapMs: 1_000, once: true }),
      once(),
    ]);
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(once()).rejects.toThrow(RangeError);
    expect((await books.keys.find(keyId))?.secrets).toHaveLength(2);
    clock.advance(1_000);
    await once();
  });

  it('rotates with an overlap, disables and enables, expires, and revokes for good', async () => {
    const { key, keyId } = await books.keys.create({ tenant: 'turns', plan: 'free' });
    const rotated = await books.keys.rotate(keyId, { overlapMs: 1_000 });
    expect(rotated).toMatchObject({ keyId, key: expect.not.stringContaining(key) });
    const [first, second] = (await books.keys.find(keyId))?.secrets ?? [];
    expect(first).toEqual({ sha256: sha256Hex(parseKey(rotated.key)?.secret ?? '') });
    expect(second).toEqual({
      sha256: sha256Hex(parseKey(key)?.secret ?? ''),
      expiresAtMs: clock.now() + 1_000,
    });
    await books.keys.disable(keyId);
    expect((await books.keys.find(keyId))?.revokedAtMs).toBe(clock.now());
    await books.keys.enable(keyId);
    expect((await books.keys.find(keyId))?.revokedAtMs).toBeUndefined();
    await books.keys.expire(keyId, clock.now() + 5);
    expect((await books.keys.find(keyId))?.expiresAtMs).toBe(clock.now() + 5);
    await books.keys.revoke(keyId);
    await expect(books.keys.enable(keyId)).rejects.toThrow('the key is revoked, which is for good');
    expect((await books.keys.find(keyId))?.revokedAtMs).toBe(clock.now());
    await expect(books.keys.rotate(keyId, { overlapMs: 0 })).rejects.toThrow('is revoked');
    await expect(books.keys.revoke('nobody00')).rejects.toThrow('there is no such key');
    await expect(books.keys.revoke(`' or 1=1 --`)).rejects.toThrow('there is no such key');
  });

  it('makes rotations at once of one key one after the other: the newest and the one before it are left', async () => {
    const { keyId } = await books.keys.create({ tenant: 'turns', plan: 'free' });
    const made = await Promise.all([1, 2, 3].map(() => books.keys.rotate(keyId, { overlapMs: 1_000 })));
    const secrets = (await books.keys.find(keyId))?.secrets.map(({ sha256 }) => sha256) ?? [];
    const hashes = made.map(({ key }) => sha256Hex(parseKey(key)?.secret ?? ''));
    expect(secrets).toHaveLength(2);
    expect(hashes).toEqual(expect.arrayContaining(secrets));
  });

  it('refuses every key of a tenant that is disabled', async () => {
    const { keyId } = await books.keys.create({ tenant: 'off', plan: 'free' });
    await books.tenants.disable('off');
    expect((await books.keys.find(keyId))?.revokedAtMs).toBe(clock.now());
    await books.tenants.enable('off');
    expect((await books.keys.find(keyId))?.revokedAtMs).toBeUndefined();
    await expect(books.tenants.disable('nobody')).rejects.toThrow('no such tenant');
  });

  it('lists tenants with their teams and the number of their keys', async () => {
    await books.tenants.create('globex', { name: 'Globex Corp.', teams: ['ops', 'data'] });
    const { keyId } = await books.keys.create({ tenant: 'globex', team: 'ops', plan: 'free' });
    await books.keys.create({ tenant: 'globex', plan: 'free' });
    await books.keys.revoke(keyId);
    const found = (await books.tenants.list()).find(({ tenant }) => tenant === 'globex');
    expect(found).toMatchObject({
      name: 'Globex Corp.',
      teams: ['data', 'ops'],
      keys: 1,
      disabledAtMs: undefined,
    });
  });

  it('keeps one override of a subject, unit, period and scope, and takes them back', async () => {
    const { overrides } = books;
    await overrides.set({ tenant: 'caps', kind: 'spend', limit: '$5/d' });
    await overrides.set({ tenant: 'caps', kind: 'spend', limit: '$6/day' });
    await overrides.set({ tenant: 'caps', kind: 'spend', limit: '$60/month', by: 'key' });
    await overrides.set({ tenant: 'caps', team: 'data', kind: 'tokens', limit: '1M/month' });
    expect(await other.overrides.find('caps')).toEqual([
      { tenant: 'caps', kind: 'spend', limit: '$6/day' },
      { tenant: 'caps', kind: 'spend', limit: '$60/month', by: 'key' },
      { tenant: 'caps', team: 'data', kind: 'tokens', limit: '1M/month' },
    ]);
    expect(await overrides.clear({ tenant: 'caps', kind: 'spend' })).toBe(2);
    expect(await overrides.clear({ tenant: 'caps' })).toBe(0);
    expect(await overrides.list({ tenant: 'caps' })).toHaveLength(1);
    await expect(overrides.set({ tenant: 'caps', kind: 'spend', limit: '5/day' })).rejects.toThrow(
      'overrides: spend',
    );
  });

  it('knows revoked child credentials, one by one and by their parent', async () => {
    const { revocations } = books;
    const [one, two] = [newId(clock.now()), newId(clock.now())];
    const parentId = 'parent00';
    await revocations.revoke(one);
    expect(await revocations.isRevoked({ id: one, parentId })).toBe(true);
    expect(await revocations.isRevoked({ id: two, parentId })).toBe(false);
    await revocations.revokeAllOf(parentId);
    expect(await revocations.isRevoked({ id: two, parentId })).toBe(true);
    expect(await revocations.isRevoked({ id: newId(clock.now() + 5_001), parentId })).toBe(false);
    await expect(revocations.revoke(`'; --`)).rejects.toThrow('not the id');
  });

  it('says who changed what, newest first', async () => {
    const { keyId } = await books.keys.create({ tenant: 'trail', plan: 'free' });
    await books.as('bob').keys.revoke(keyId);
    await books.overrides.set({ tenant: 'trail', keyId, kind: 'spend', limit: '$1/day' });
    const trail = await books.audit({ tenant: 'trail' });
    expect(trail.map(({ actor, action, subject }) => [actor, action, subject]).sort()).toEqual([
      ['ann', 'key.create', keyId],
      ['ann', 'override.set', `key ${keyId}`],
      ['bob', 'key.revoke', keyId],
    ]);
    expect(trail.every(({ at }) => at.getTime() === clock.now())).toBe(true);
    expect(await books.audit({ limit: 1 })).toHaveLength(1);
  });

  it('writes nothing of a change that fails half way', async () => {
    const before = (await books.audit({ limit: 10_000 })).length;
    await expect(books.keys.rotate('nobody00', { overlapMs: 0 })).rejects.toThrow();
    expect(await books.audit({ limit: 10_000 })).toHaveLength(before);
  });

  it('keeps hostile names as they are', async () => {
    for (const text of hostile) {
      const facts = { tenant: text, team: text, user: text, plan: text, labels: { [text]: text } };
      const { keyId } = await books.as(text).keys.create({ ...facts, name: text });
      expect(await books.keys.find(keyId)).toMatchObject(facts);
      await books.overrides.set({ tenant: text, team: text, kind: 'spend', limit: '$5/day' });
      expect(await books.overrides.find(text)).toMatchObject([{ tenant: text, team: text }]);
      expect(await books.audit({ tenant: text, limit: 2 })).toHaveLength(2);
    }
    expect((await books.keys.list()).length).toBeGreaterThan(hostile.length);
  });

  it('refuses names that no counter or column can keep, and says which', async () => {
    for (const text of refused) {
      await expect(books.keys.create({ tenant: text, plan: 'free' })).rejects.toThrow(/"tenant" must be/);
      await expect(books.keys.create({ tenant: 'acme', team: text, plan: 'free' })).rejects.toThrow(
        /"team" must be/,
      );
      await expect(books.tenants.create(text)).rejects.toThrow(/"tenant" must be/);
      await expect(
        books.overrides.set({ tenant: 'acme', user: text, kind: 'spend', limit: '$5/day' }),
      ).rejects.toThrow(/"user" must be/);
      expect(() => books.as(text)).toThrow(/"actor" must be/);
    }
    await expect(
      books.keys.create({ tenant: 'acme', plan: 'free', labels: { note: 'a\0b' } }),
    ).rejects.toThrow(/"labels.note" must be/);
  });

  if (databaseName === 'PostgreSQL') {
    it('does without hints on a pool of one connection, which it leaves to everything else', async () => {
      const narrow = registry({ ...server.options, maxConnections: 1 });
      narrow.keys.onChange(() => undefined);
      const { keyId } = await narrow.keys.create({ tenant: 'narrow', plan: 'free' });
      expect(await narrow.keys.find(keyId)).toBeDefined();
      await narrow.close();
    });

    it('tells another process of changes at once', async () => {
      const heard: string[] = [];
      const until = (text: string) =>
        new Promise<void>((resolve) => {
          const look = (): void => (heard.includes(text) ? resolve() : void setTimeout(look, 5));
          look();
        });
      other.keys.onChange((id) => heard.push(`key ${id}`));
      other.overrides.onChange((id) => heard.push(`tenant ${id}`));
      other.revocations.onChange?.((id) => heard.push(`child ${id}`));
      const { keyId } = await books.keys.create({ tenant: 'hints', plan: 'free' });
      // The connection that listens is opened behind the scenes: changes are made until one is heard.
      const ring = setInterval(() => void books.keys.expire(keyId, 1), 50);
      await until(`key ${keyId}`);
      clearInterval(ring);
      await books.overrides.set({ tenant: 'hints', kind: 'spend', limit: '$5/day' });
      await books.revocations.revokeAllOf(keyId);
      await until('tenant hints');
      await until(`child ${keyId}`);
    }, 20_000);
  }
});

describe('options of the registry', () => {
  it.each([
    [{}, 'exactly one of "pool", "connectionString" and "directory" is required'],
    [{ directory: 'a', actor: '' }, '"actor" must be a non-empty string'],
    [{ directory: 'a', actor: 'a\nb' }, '"actor" must be 1 to 256 characters'],
    [{ directroy: 'a' }, 'unknown option "directroy"'],
    [{ database: {} }, '"database" must be an object with ready()'],
  ])('%j is refused at start', (options, message) => {
    expect(() => registry(options as never)).toThrow(message);
  });
});
