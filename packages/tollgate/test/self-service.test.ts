import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { databases, type TestDatabase } from '@tollgate/testkit/databases';
import express, { type Express } from 'express';
import request from 'supertest';
import { childCredentials, memoryKeys, tollgate } from '../src/index.js';

const children = childCredentials({ secret: 'a secret of at least thirty-two bytes' });
const nowMs = Date.now();
let server: TestDatabase;
let app: Express;
let close: () => Promise<unknown>;
let create: (scopes: string[], tenant?: string) => Promise<string>;
let actors: () => Promise<readonly { actor: string; action: string }[]>;

beforeAll(async () => {
  server = (await (databases.find(({ name }) => name === 'PGlite') ?? databases[0])?.start()) as TestDatabase;
  const tg = tollgate({
    ...{ plans: { free: { requests: '2/min', spend: '$5/day' } }, database: server.options, children },
    now: () => nowMs,
  });
  app = express();
  app.use('/v1/key', tg.selfService());
  app.get('/v1/usage', tg.usage());
  await tg.ready();
  close = () => tg.close({ graceMs: 0 });
  create = async (scopes, tenant = 'acme') =>
    (await tg.registry.keys.create({ tenant, plan: 'free', scopes })).key;
  actors = () => tg.registry.audit();
}, 150_000);
afterAll(async () => {
  await close();
  await server.end();
}, 150_000);

const post = (path: string, key: string, body: object = {}) =>
  request(app).post(`/v1/key${path}`).set('authorization', `Bearer ${key}`).send(body);
const statusOf = async (key: string): Promise<number> =>
  (await request(app).get('/v1/usage').set('authorization', `Bearer ${key}`)).status;

describe('tg.selfService()', () => {
  it('gives a key a new secret; the one before it works during the overlap, which callers cannot shorten', async () => {
    const key = await create(['self']);
    const { status, body } = await post('/rotate', key, { overlap_ms: 0 });
    expect([status, body.key_id]).toEqual([200, key.split('_')[2]]);
    expect(await statusOf(body.key)).toBe(200);
    expect(await statusOf(key)).toBe(200);
    expect(Date.parse(body.overlap_ends_at) - nowMs).toBe(86_400_000);
    expect(await actors()).toContainEqual(
      expect.objectContaining({ actor: `key ${body.key_id}`, action: 'key.rotate' }),
    );
    // Twice in a row would end the first secret, which the owner may still use.
    const again = await post('/rotate', body.key);
    expect([again.status, again.body.error.code]).toEqual([429, 'quota_exceeded']);
    expect(await statusOf(key)).toBe(200);
  });

  it('rotates once where several ask at the same time: the secret that the owner uses is still accepted', async () => {
    const key = await create(['self']);
    const answers = await Promise.all([1, 2, 3, 4].map(() => post('/rotate', key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429, 429]);
    expect(await statusOf(key)).toBe(200);
  });

  it('refuses keys without the scope, child credentials and unknown keys', async () => {
    const key = await create([]);
    for (const path of ['/rotate', '/children', '/children/revoke']) {
      const { status, body } = await post(path, key);
      expect([path, status, body.error.code]).toEqual([path, 403, 'insufficient_scope']);
      expect((await post(path, 'tg_live_wrong')).status).toBe(401);
    }
    const own = await create(['self']);
    const child = (await post('/children', own)).body.token;
    for (const path of ['/rotate', '/children', '/children/revoke']) {
      expect([path, (await post(path, child)).status]).toEqual([path, 403]);
    }
  });

  it('mints child credentials that are narrower than the key, and refuses wider ones', async () => {
    const key = await create(['self', 'chat']);
    const { status, body } = await post('/children', key, {
      expires_in_ms: 60_000,
      scopes: ['chat'],
      limits: { spend: '$0.10' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ object: 'child_credential', token: expect.stringMatching(/^tg_child_/) });
    expect(Date.parse(body.expires_at) - Date.now()).toBeLessThanOrEqual(61_000);
    expect(await statusOf(body.token)).toBe(200);
    for (const [wrong, param] of [
      [{ scopes: ['admin'] }, null],
      [{ expires_in_ms: 9e9 }, null],
      [{ expires_in: 5 }, 'expiresIn'],
      [{ limits: { spend: 'much' } }, null],
    ] as const) {
      const refused = await post('/children', key, wrong);
      expect([wrong, refused.status, refused.body.error.code, refused.body.error.param]).toEqual([
        wrong,
        400,
        'invalid_value',
        param,
      ]);
    }
  });

  it('revokes a child by its proof, or all of them; never those of another key', async () => {
    const [key, other] = [await create(['self']), await create(['self'], 'globex')];
    const one = (await post('/children', key)).body;
    const two = (await post('/children', key)).body;
    const foreign = (await post('/children', other)).body;
    const guesses = [
      foreign.revocation,
      one.id,
      `${one.id}.`,
      `${foreign.id}.${one.revocation.split('.')[1]}`,
      '',
      5,
      null,
    ];
    for (const revocation of guesses) {
      const { status, body } = await post('/children/revoke', key, { revocation });
      expect([revocation, status, body.error.param]).toEqual([revocation, 400, 'revocation']);
    }
    expect((await post('/children/revoke', key, { revocation: one.revocation })).status).toBe(200);
    expect(await Promise.all([one, two, foreign].map(({ token }) => statusOf(token)))).toEqual([
      401, 200, 200,
    ]);
    expect((await post('/children/revoke', key, { all: true })).body).toEqual({
      object: 'revocation',
      all: true,
    });
    expect(await Promise.all([two, foreign].map(({ token }) => statusOf(token)))).toEqual([401, 200]);
  });

  it('answers 404 where keys are not in the database, and without child credentials', async () => {
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'free', scopes: ['self'] });
    const bare = tollgate({ plans: { free: {} }, keys });
    const plain = express().use('/v1/key', bare.selfService());
    for (const path of ['/rotate', '/children', '/children/revoke']) {
      const { status } = await request(plain)
        .post(`/v1/key${path}`)
        .set('authorization', `Bearer ${key}`)
        .send({ all: true });
      expect([path, status]).toEqual([path, 404]);
    }
    await bare.close({ graceMs: 0 });
  });

  it.each([
    [{ scope: '' }, 'tg.selfService: "scope" must be a non-empty string'],
    [{ overlapMs: 5 }, 'tg.selfService: "overlapMs" must be an integer from 60000'],
    [{ overlap: 5 }, 'tg.selfService: unknown option "overlap"'],
  ])('refuses %j at start', (options, message) => {
    const tg = tollgate({ plans: { free: {} }, keys: memoryKeys() });
    expect(() => tg.selfService(options as never)).toThrow(message);
  });
});
