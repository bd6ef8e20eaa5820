import { describe, expect, it } from '@jest/globals';
import { parseKey } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import request from 'supertest';
import { createKey, envKeys, memoryKeys } from '../src/index.js';
import { appWith } from './app.js';

describe('memoryKeys()', () => {
  it('keeps hashes, never a key or a secret', () => {
    const keys = memoryKeys();
    const { key, keyId } = keys.create({ tenant: 'acme', plan: 'pro', scopes: ['chat'] });
    const rotated = keys.rotate(keyId, { overlapMs: 1_000 });
    const kept = JSON.stringify(keys.list());
    for (const text of [key, rotated.key]) {
      expect(kept).not.toContain(text);
      expect(kept).not.toContain(parseKey(text)?.secret);
    }
    expect(keys.list()).toEqual([
      expect.objectContaining({
        keyId,
        secrets: [
          { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
          { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), expiresAtMs: expect.any(Number) },
        ],
      }),
    ]);
  });

  it('takes records that were kept elsewhere', async () => {
    const { key, keyId, sha256 } = createKey();
    const keys = memoryKeys([{ keyId, secrets: [{ sha256 }], tenant: 'acme', plan: 'pro', scopes: [] }]);
    await request(appWith({ keys })).get('/v1').set('x-api-key', key).expect(200);
  });

  it('never makes an overlap outlive what the secret had left', () => {
    const clock = createManualClock();
    const { keyId, sha256 } = createKey();
    const endsMs = clock.now() + 500;
    const keys = memoryKeys(
      [{ keyId, secrets: [{ sha256, expiresAtMs: endsMs }], tenant: 'a', plan: 'p', scopes: [] }],
      { now: clock.now },
    );
    keys.rotate(keyId, { overlapMs: 60_000 });
    expect(keys.list()[0]?.secrets[1]?.expiresAtMs).toBe(endsMs);
  });

  it('tells of changes until told to stop', () => {
    const keys = memoryKeys();
    const { keyId } = keys.create({ tenant: 'acme', plan: 'pro' });
    const heard: string[] = [];
    const stop = keys.onChange((changed) => heard.push(changed));
    keys.rotate(keyId, { overlapMs: 0 });
    keys.expire(keyId, 0);
    keys.revoke(keyId);
    stop();
    keys.revoke(keyId);
    expect(heard).toEqual([keyId, keyId, keyId]);
  });

  it('refuses wrong facts, unknown keys, ids given twice, and secrets for a revoked key', () => {
    const keys = memoryKeys();
    const { keyId } = keys.create({ tenant: 'acme', plan: 'pro' });
    const record = keys.list();
    const wrong = (facts: object) => () => keys.create(facts as { tenant: string; plan: string });
    expect(wrong({ plan: 'pro' })).toThrow('memoryKeys: create: "tenant" is required');
    expect(wrong({ tenant: 'acme', plan: 'pro', scope: ['chat'] })).toThrow(
      'memoryKeys: create: unknown option "scope" (did you mean "scopes"?)',
    );
    expect(wrong({ tenant: 'acme', plan: 'pro', scopes: ['a b'] })).toThrow(
      'memoryKeys: create: "scopes" must be',
    );
    expect(() => keys.revoke('nobody')).toThrow('memoryKeys: revoke: there is no such key');
    expect(() => keys.rotate(keyId, { overlapMs: -1 })).toThrow(
      '"overlapMs" must be an integer of 0 or more',
    );
    expect(() => memoryKeys([...record, ...record])).toThrow(
      `memoryKeys: the key id "${keyId}" is given twice`,
    );
    keys.revoke(keyId);
    expect(() => keys.rotate(keyId, { overlapMs: 0 })).toThrow('memoryKeys: rotate: the key is revoked');
  });
});

describe('envKeys()', () => {
  const made = createKey();
  const other = createKey({ live: false });
  const read = (text: string) => envKeys({ env: { TOLLGATE_KEYS: text } });

  it('reads a JSON array, with whole keys or hashes', async () => {
    const keys = read(
      JSON.stringify([
        {
          key: made.key,
          tenant: 'acme',
          plan: 'pro',
          scopes: ['chat'],
          expiresAt: '2027-01-31',
          user: 'ada',
        },
        { key: `${other.keyId}:${other.sha256}`, tenant: 'acme', plan: 'free', labels: { stage: 'test' } },
      ]),
    );
    expect(await keys.find(made.keyId)).toEqual({
      keyId: made.keyId,
      secrets: [{ sha256: made.sha256 }],
      tenant: 'acme',
      user: 'ada',
      plan: 'pro',
      scopes: ['chat'],
      expiresAtMs: Date.UTC(2027, 0, 31),
    });
    for (const { key } of [made, other]) {
      await request(appWith({ keys, now: () => Date.UTC(2026, 0, 1) }))
        .get('/v1')
        .set('x-api-key', key)
        .expect(200);
    }
  });

  it('reads lines, and parts between semicolons', async () => {
    const lines = `# the demo keys
      ${made.key} tenant=acme plan=pro scopes=chat,summarize models=gpt-5*
      ${other.key} tenant=acme plan=free`;
    for (const text of [lines, lines.replace(/\n/g, ';').replace('# the demo keys;', '')]) {
      const keys = read(text);
      expect(await keys.find(made.keyId)).toMatchObject({
        scopes: ['chat', 'summarize'],
        models: ['gpt-5*'],
      });
      expect(await keys.find(other.keyId)).toMatchObject({ plan: 'free', scopes: [] });
      expect(await keys.find('nobody')).toBeUndefined();
    }
  });

  it('reads another variable, from the environment of the process', async () => {
    process.env.MY_KEYS = `${made.key} tenant=acme plan=pro`;
    try {
      expect(await envKeys({ variable: 'MY_KEYS' }).find(made.keyId)).toMatchObject({ tenant: 'acme' });
    } finally {
      delete process.env.MY_KEYS;
    }
  });

  const slips: [what: string, text: string, message: string][] = [
    ['nothing', '  ', 'envKeys: the environment variable TOLLGATE_KEYS is not set'],
    ['an empty list', '[]', 'envKeys: TOLLGATE_KEYS holds no key'],
    ['only a comment', '# later', 'envKeys: TOLLGATE_KEYS holds no key'],
    ['broken JSON', `[{"key":"${made.key}"`, 'begins with [ but is not a JSON array'],
    ['a list of keys', JSON.stringify([made.key]), 'entry 1 must be an object'],
    [
      'the key as the name of a field',
      JSON.stringify([{ [made.key]: { plan: 'pro' } }]),
      'entry 1: the key must be',
    ],
    [
      'the key in a field of its own',
      JSON.stringify([{ key: made.key, tenant: 'a', plan: 'p', [other.key]: 1 }]),
      'entry 1: unknown field; known are key, tenant',
    ],
    [
      'the key as a scope',
      JSON.stringify([{ key: made.key, tenant: 'a', plan: 'p', scopes: other.key }]),
      'entry 1: "scopes" must be',
    ],
    [
      'a list within scopes',
      JSON.stringify([{ key: made.key, tenant: 'a', plan: 'p', scopes: [[other.key]] }]),
      'entry 1: "scopes" must be',
    ],
    [
      'a mistyped key',
      `${made.key.slice(0, -1)}! tenant=a plan=p`,
      'entry 1: the key must be a whole key (tg_live_...)',
    ],
    ['a hash cut short', `${made.keyId}:${made.sha256.slice(1)} tenant=a plan=p`, 'entry 1: the key must be'],
    [
      'two keys on one line',
      `${made.key} ${other.key} tenant=a plan=p`,
      'entry 1: after the key come name=value pairs',
    ],
    ['no plan', `${made.key} tenant=a`, 'entry 1: "tenant" and "plan" are required'],
    ['a field twice', `${made.key} tenant=a tenant=b plan=p`, 'entry 1: "tenant" is given twice'],
    [
      'a date that is none',
      `${made.key} tenant=a plan=p expiresAt=soon`,
      'entry 1: "expiresAt" must be a date',
    ],
    [
      'a key twice',
      `${made.key} tenant=a plan=p;${made.key} tenant=b plan=p`,
      'entry 2: the key id is given twice',
    ],
  ];
  for (const [what, text, message] of slips) {
    it(`says what is wrong with ${what}, and shows no key`, () => {
      let shown = '';
      try {
        read(text);
      } catch (error) {
        shown = error instanceof Error ? `${error.stack}${String(error.cause)}` : '';
      }
      expect(shown).toContain(message);
      for (const { key } of [made, other]) {
        expect(shown).not.toContain(key.slice(0, 30));
        expect(shown).not.toContain(parseKey(key)?.secret.slice(0, 8));
      }
    });
  }
});
