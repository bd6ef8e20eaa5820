import { describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import request from 'supertest';
import { startIssuer } from './issuer.js';
import { tokenWorld } from './token-world.js';

const world = tokenWorld('RS256');
const { seconds, claims, app, send, refused } = world;

describe('tokens that are refused', () => {
  it('for their issuer, audience, times and missing claims, and say so', async () => {
    const to = app();
    await refused(
      to,
      await world.issuer.sign({ ...claims(), iss: 'https://evil.example/' }),
      `The token's iss is not accepted here.`,
    );
    await refused(
      to,
      await world.issuer.sign({ ...claims(), aud: 'other' }),
      `The token's aud is not accepted here.`,
    );
    await refused(to, await world.issuer.sign({ ...claims(), exp: seconds() - 6 }), 'The token has expired.');
    await refused(
      to,
      await world.issuer.sign({ ...claims(), nbf: seconds() + 6 }),
      `The token's nbf is not accepted here.`,
    );
    for (const claim of ['iss', 'aud', 'exp']) {
      const token = await world.issuer.sign({ ...claims(), [claim]: undefined });
      await refused(to, token, `The token lacks the claim ${claim}.`);
    }
    await refused(
      app({ requiredClaims: ['jti'] }),
      await world.issuer.sign(claims()),
      'The token lacks the claim jti.',
    );
  });

  it('within the tolerance of clocks are let in', async () => {
    await send(app(), await world.issuer.sign({ ...claims(), exp: seconds() - 4 })).expect(200);
    await send(app(), await world.issuer.sign({ ...claims(), nbf: seconds() + 4 })).expect(200);
    await refused(
      app({ clockToleranceSeconds: 0 }),
      await world.issuer.sign({ ...claims(), exp: seconds() }),
      'The token has expired.',
    );
  });

  it('because they are signed with the public key as if it were a secret', async () => {
    const forged = async (alg: string) =>
      new SignJWT(claims())
        .setProtectedHeader({ alg, kid: 'key-1' })
        .sign(new TextEncoder().encode(await world.issuer.publicPem()));
    for (const alg of ['HS256', 'HS384', 'HS512']) await refused(app(), await forged(alg));
  });

  it('because they are not signed at all', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const alg of ['none', 'None', 'NONE', '', undefined]) {
      const head = `${part({ alg, typ: 'JWT', kid: 'key-1' })}.${part(claims())}`;
      for (const token of [`${head}.`, `${head}.AAAA`, head]) await refused(app(), token);
    }
    const [header, , signature] = (await world.issuer.sign(claims())).split('.');
    await refused(app(), `${header}.${part({ ...claims(), sub: 'root' })}.${signature}`);
  });

  it('because their key is their own, wherever the header says it is', async () => {
    const evil = await startIssuer();
    try {
      const [jwk] = (await evil.jwks()).keys;
      for (const more of [{ jku: evil.jwksUrl }, { x5u: evil.jwksUrl }, { jwk }, {}]) {
        await refused(app(), await evil.sign(claims(), { kid: 'key-1', ...more }));
      }
      expect(evil.fetches).toBe(0);
    } finally {
      await evil.close();
    }
  });

  it('because they use critical extensions that nobody here knows', async () => {
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', crit: ['exp2'], exp2: 1 })
      .sign(new TextEncoder().encode('0'.repeat(32)), { crit: { exp2: false } });
    await refused(app(), token);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    await refused(app(), `${part({ alg: 'RS256', crit: ['b64'], b64: false })}.${part(claims())}.AAAA`);
  });

  it('because they are no tokens at all, however they are put together', async () => {
    const to = app({}, { failures: false });
    for (const token of [
      'a.b.c',
      '..',
      'a.b',
      'a.b.c.d.e',
      `${'A'.repeat(9_000)}.A.A`,
      'e30.e30.e30',
      '.',
      'tg_live_x',
    ]) {
      await refused(to, token);
    }
    for (const text of ['a b.c.d', 'é.b.c', '"a".b.c', 'a,b']) {
      const answer = await request(to)
        .get('/v1')
        .set('Authorization', Buffer.from(`Bearer ${text}`).toString('latin1'));
      expect(answer.status).toBe(401);
    }
  });
});

describe('the algorithms', () => {
  for (const algorithm of ['ES256', 'EdDSA', 'PS256']) {
    it(`${algorithm} is accepted without being named`, async () => {
      const other = await startIssuer(algorithm);
      try {
        await send(app({ jwksUrl: other.jwksUrl }), await other.sign(claims())).expect(200);
        await refused(app({ jwksUrl: other.jwksUrl, algorithms: ['RS256'] }), await other.sign(claims()));
      } finally {
        await other.close();
      }
    });
  }

  it('with a secret are accepted only where the app gives one', async () => {
    const secret = 'a secret of at least thirty-two bytes';
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));
    const to = app({ secret, jwksUrl: undefined });
    await send(to, token).expect(200);
    await refused(to, await world.issuer.sign(claims()));
    await refused(app(), token);
  });

  it('work with a key set that is given instead of fetched, also for tokens that name no key', async () => {
    await world.issuer.rotate('key-2');
    const to = app({ keys: await world.issuer.jwks(), jwksUrl: undefined });
    for (const kid of ['key-1', 'key-2']) {
      const token = await world.issuer.sign({ ...claims(), jti: kid }, { kid });
      await send(to, token).expect(200);
    }
    const nameless = await world.issuer.sign(claims(), { kid: undefined });
    await send(to, nameless).expect(200);
    expect(world.issuer.fetches).toBe(0);
  });
});
