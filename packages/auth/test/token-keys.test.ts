import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { memoryKeys } from '../src/index.js';
import { tokenWorld } from './token-world.js';

const world = tokenWorld('ES256');
const { seconds, claims, app, send, refused } = world;

describe('the keys of an issuer', () => {
  it('are fetched once for many tokens, also at the same time', async () => {
    const to = app();
    const tokens = await Promise.all(
      ['a', 'b', 'c', 'd'].map((jti) => world.issuer.sign({ ...claims(), jti })),
    );
    await Promise.all(tokens.map((token) => send(to, token).expect(200)));
    expect(world.issuer.fetches).toBe(1);
  });

  it('are fetched again for a key that is new, at most every 30 seconds', async () => {
    const to = app();
    await send(to, await world.issuer.sign(claims())).expect(200);
    await world.issuer.rotate('key-2');
    await refused(to, await world.issuer.sign(claims()));
    expect(world.issuer.fetches).toBe(1);
    world.clock.advance(30_000);
    await send(to, await world.issuer.sign(claims())).expect(200);
    await refused(to, await world.issuer.sign(claims(), { kid: 'invented' }));
    expect(world.issuer.fetches).toBe(2);
  });

  for (const how of ['fail', 'hang', 'redirect'] as const) {
    it(`cannot be had when the server does this: ${how}; that is 503 and not 401`, async () => {
      world.issuer.behave(how);
      const to = app({}, { storeDeadlineMs: 50 });
      const answer = await send(to, await world.issuer.sign(claims())).expect(503);
      expect(answer.body.error.code).toBe('store_unavailable');
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.headers['www-authenticate']).toBeUndefined();
    });
  }

  it('that were fetched once go on to be used while the issuer is away, for an hour', async () => {
    const to = app();
    const long = { ...claims(), exp: seconds() + 7_200 };
    await send(to, await world.issuer.sign(long)).expect(200);
    world.issuer.behave('fail');
    world.clock.advance(3_500_000);
    await send(to, await world.issuer.sign({ ...long, jti: '2' })).expect(200);
    world.clock.advance(100_000);
    await send(to, await world.issuer.sign({ ...long, jti: '3' })).expect(503);
    world.issuer.behave('answer');
    world.clock.advance(1_000);
    await send(to, await world.issuer.sign({ ...long, jti: '3' })).expect(200);
  });

  it('are not asked for again and again while they cannot be had', async () => {
    world.issuer.behave('fail');
    const to = app();
    for (let round = 0; round < 10; round += 1) {
      await send(to, await world.issuer.sign({ ...claims(), jti: String(round) })).expect(503);
    }
    expect(world.issuer.fetches).toBe(3);
  });
});

describe('keys and tokens together', () => {
  it('are told apart by their look', async () => {
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
    const to = app({}, { keys });
    await send(to, key).expect(200);
    await request(to)
      .get('/v1')
      .set('x-api-key', await world.issuer.sign(claims()))
      .expect(200);
    await refused(to, 'a.b.c');
    const answer = await send(to, 'tg_live_wrong').expect(401);
    expect(answer.body.error.code).toBe('invalid_api_key');
  });

  it('let a remembered token in until it expires, and no longer', async () => {
    const to = app({}, { rememberMs: 60_000 });
    const token = await world.issuer.sign({ ...claims(), exp: seconds() + 20 });
    await send(to, token).expect(200);
    world.clock.advance(24_000);
    await send(to, token).expect(200);
    world.clock.advance(1_000);
    await refused(to, token, 'The token has expired.');
  });
});
