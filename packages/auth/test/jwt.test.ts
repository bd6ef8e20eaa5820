import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createManualClock, type ManualClock } from '@tollgate/testkit';
import { SignJWT } from 'jose';
import request from 'supertest';
import { memoryKeys } from '../src/index.js';
import { appWith, versions } from './app.js';
import { audience, issuerName, startIssuer, type TestIssuer } from './issuer.js';

let issuer: TestIssuer;
let clock: ManualClock;

beforeEach(async () => {
  issuer = await startIssuer();
  clock = createManualClock();
});
afterEach(() => issuer.close());

const seconds = (): number => clock.now() / 1_000;
const claims = () => ({ iss: issuerName, aud: audience, sub: 'ada', iat: seconds(), exp: seconds() + 600 });
const jwt = (more = {}) => ({ issuer: issuerName, audience, jwksUrl: issuer.jwksUrl, ...more });
const app = (more = {}, options = {}) => appWith({ jwt: jwt(more), now: clock.now, ...options });
const send = (to: ReturnType<typeof appWith>, token: string) =>
  request(to).get('/v1').set('Authorization', `Bearer ${token}`);

async function refused(to: ReturnType<typeof appWith>, token: string, message = 'The token is not valid.') {
  const answer = await send(to, token).expect(401);
  expect(answer.body.error).toMatchObject({ code: 'invalid_token', message });
  expect(answer.headers['www-authenticate']).toBe(
    `Bearer realm="tollgate", error="invalid_token", error_description="${message}"`,
  );
}

describe('tokens for the client itself', () => {
  const forms: [provider: string, claims: () => Record<string, unknown>, expected: object][] = [
    [
      'Auth0',
      () => ({
        ...claims(),
        sub: 'client-1@clients',
        azp: 'client-1',
        gty: 'client-credentials',
        scope: 'read:x summarize',
      }),
      { id: 'client-1@clients', tenant: 'client-1', scopes: ['read:x', 'summarize'] },
    ],
    [
      'Auth0 with permissions',
      () => ({
        ...claims(),
        sub: 'client-1@clients',
        azp: 'client-1',
        permissions: ['read:x'],
        org_id: 'org_9',
      }),
      { id: 'client-1@clients', tenant: 'org_9', scopes: ['read:x'] },
    ],
    [
      'Okta',
      () => ({ ...claims(), ver: 1, jti: 'AT.1', cid: '0oa1', sub: '0oa1', scp: ['chat', 'summarize'] }),
      { id: '0oa1', tenant: '0oa1', scopes: ['chat', 'summarize'] },
    ],
    [
      'Keycloak',
      () => ({
        ...claims(),
        typ: 'Bearer',
        aud: ['account', audience],
        sub: '1f0c2a34-0000-4000-8000-000000000001',
        azp: 'billing-job',
        client_id: 'billing-job',
        preferred_username: 'service-account-billing-job',
        scope: 'email profile',
        realm_access: { roles: ['summarize', 'email'] },
      }),
      {
        id: '1f0c2a34-0000-4000-8000-000000000001',
        tenant: 'billing-job',
        scopes: ['email', 'profile', 'summarize'],
      },
    ],
  ];
  for (const [version, create] of versions) {
    for (const [provider, form, expected] of forms) {
      it(`from ${provider} make a caller on ${version}`, async () => {
        const to = appWith({ jwt: jwt(), now: clock.now }, create);
        const answer = await send(to, await issuer.sign(form())).expect(200);
        expect(answer.body).toEqual({
          caller: { ...expected, plan: 'default', labels: {} },
          sameUser: true,
        });
      });
    }
  }
});

describe('tokens for users', () => {
  it('make each user a tenant of its own where the token names none', async () => {
    const token = await issuer.sign({ ...claims(), azp: 'web-app', scope: 'chat', plan: 'pro' });
    const answer = await send(app(), token).expect(200);
    expect(answer.body.caller).toMatchObject({ id: 'ada', tenant: 'ada', user: 'ada', plan: 'pro' });
  });

  it('are not taken for a client that names itself so', async () => {
    const named = { ...claims(), azp: 'billing-job', preferred_username: 'service-account-billing-job' };
    const answer = await send(app(), await issuer.sign(named)).expect(200);
    expect(answer.body.caller.tenant).toBe('ada');
  });

  it('are read by a mapping of names, paths and functions', async () => {
    const mapping = {
      tenant: 'https://example.com/tenant',
      team: ['squad', 'resource_access.api.team'],
      plan: (all: Readonly<Record<string, unknown>>) => (all.staff === true ? 'staff' : undefined),
      scopes: 'resource_access.api.roles',
      models: 'models',
    };
    const token = await issuer.sign({
      ...claims(),
      staff: true,
      'https://example.com/tenant': 'acme',
      resource_access: { api: { team: 'red', roles: ['chat'] } },
      models: ['gpt-5-mini'],
    });
    const answer = await send(app({ claims: mapping }), token).expect(200);
    expect(answer.body.caller).toEqual({
      id: 'ada',
      tenant: 'acme',
      team: 'red',
      user: 'ada',
      plan: 'staff',
      scopes: ['chat'],
      models: ['gpt-5-mini'],
      labels: {},
    });
  });

  it('without the tenant that the mapping asks for are refused', async () => {
    const message = 'The token does not say which tenant its bearer belongs to.';
    await refused(app({ claims: { tenant: 'org' } }), await issuer.sign(claims()), message);
    for (const org of ['', 7.5, {}, ['acme'], 'a\nb', 'x'.repeat(257)]) {
      await refused(app({ claims: { tenant: 'org' } }), await issuer.sign({ ...claims(), org }), message);
    }
  });

  it('do not become another caller by claims named like parts of an object', async () => {
    const token = await issuer.sign({ ...claims(), 'a.b': 1, constructor: { name: 'x' } });
    await refused(
      app({ claims: { tenant: '__proto__.x' } }),
      token,
      'The token does not say which tenant its bearer belongs to.',
    );
  });
});

describe('tokens that are refused', () => {
  it('for their issuer, audience, times and missing claims, and say so', async () => {
    const to = app();
    await refused(
      to,
      await issuer.sign({ ...claims(), iss: 'https://evil.example/' }),
      `The token's iss is not accepted here.`,
    );
    await refused(
      to,
      await issuer.sign({ ...claims(), aud: 'other' }),
      `The token's aud is not accepted here.`,
    );
    await refused(to, await issuer.sign({ ...claims(), exp: seconds() - 6 }), 'The token has expired.');
    await refused(
      to,
      await issuer.sign({ ...claims(), nbf: seconds() + 6 }),
      `The token's nbf is not accepted here.`,
    );
    for (const claim of ['iss', 'aud', 'exp']) {
      const token = await issuer.sign({ ...claims(), [claim]: undefined });
      await refused(to, token, `The token lacks the claim ${claim}.`);
    }
    await refused(
      app({ requiredClaims: ['jti'] }),
      await issuer.sign(claims()),
      'The token lacks the claim jti.',
    );
  });

  it('within the tolerance of clocks are let in', async () => {
    await send(app(), await issuer.sign({ ...claims(), exp: seconds() - 4 })).expect(200);
    await send(app(), await issuer.sign({ ...claims(), nbf: seconds() + 4 })).expect(200);
    await refused(
      app({ clockToleranceSeconds: 0 }),
      await issuer.sign({ ...claims(), exp: seconds() }),
      'The token has expired.',
    );
  });

  it('because they are signed with the public key as if it were a secret', async () => {
    const forged = async (alg: string) =>
      new SignJWT(claims())
        .setProtectedHeader({ alg, kid: 'key-1' })
        .sign(new TextEncoder().encode(await issuer.publicPem()));
    for (const alg of ['HS256', 'HS384', 'HS512']) await refused(app(), await forged(alg));
  });

  it('because they are not signed at all', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const alg of ['none', 'None', 'NONE', '', undefined]) {
      const head = `${part({ alg, typ: 'JWT', kid: 'key-1' })}.${part(claims())}`;
      for (const token of [`${head}.`, `${head}.AAAA`, head]) await refused(app(), token);
    }
    const [header, , signature] = (await issuer.sign(claims())).split('.');
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
    await refused(to, await issuer.sign(claims()));
    await refused(app(), token);
  });

  it('work with a key set that is given instead of fetched, also for tokens that name no key', async () => {
    await issuer.rotate('key-2');
    const to = app({ keys: await issuer.jwks(), jwksUrl: undefined });
    for (const kid of ['key-1', 'key-2']) {
      const token = await issuer.sign({ ...claims(), jti: kid }, { kid });
      await send(to, token).expect(200);
    }
    const nameless = await issuer.sign(claims(), { kid: undefined });
    await send(to, nameless).expect(200);
    expect(issuer.fetches).toBe(0);
  });
});

describe('the keys of an issuer', () => {
  it('are fetched once for many tokens, also at the same time', async () => {
    const to = app();
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map((jti) => issuer.sign({ ...claims(), jti })));
    await Promise.all(tokens.map((token) => send(to, token).expect(200)));
    expect(issuer.fetches).toBe(1);
  });

  it('are fetched again for a key that is new, at most every 30 seconds', async () => {
    const to = app();
    await send(to, await issuer.sign(claims())).expect(200);
    await issuer.rotate('key-2');
    await refused(to, await issuer.sign(claims()));
    expect(issuer.fetches).toBe(1);
    clock.advance(30_000);
    await send(to, await issuer.sign(claims())).expect(200);
    await refused(to, await issuer.sign(claims(), { kid: 'invented' }));
    expect(issuer.fetches).toBe(2);
  });

  for (const how of ['fail', 'hang', 'redirect'] as const) {
    it(`cannot be had when the server does this: ${how}; that is 503 and not 401`, async () => {
      issuer.behave(how);
      const to = app({}, { storeTimeoutMs: 50 });
      const answer = await send(to, await issuer.sign(claims())).expect(503);
      expect(answer.body.error.code).toBe('store_unavailable');
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.headers['www-authenticate']).toBeUndefined();
    });
  }

  it('that were fetched once go on to be used while the issuer is away, for an hour', async () => {
    const to = app();
    const long = { ...claims(), exp: seconds() + 7_200 };
    await send(to, await issuer.sign(long)).expect(200);
    issuer.behave('fail');
    clock.advance(3_500_000);
    await send(to, await issuer.sign({ ...long, jti: '2' })).expect(200);
    clock.advance(100_000);
    await send(to, await issuer.sign({ ...long, jti: '3' })).expect(503);
    issuer.behave('answer');
    clock.advance(1_000);
    await send(to, await issuer.sign({ ...long, jti: '3' })).expect(200);
  });

  it('are not asked for again and again while they cannot be had', async () => {
    issuer.behave('fail');
    const to = app();
    for (let round = 0; round < 10; round += 1) {
      await send(to, await issuer.sign({ ...claims(), jti: String(round) })).expect(503);
    }
    expect(issuer.fetches).toBe(3);
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
      .set('x-api-key', await issuer.sign(claims()))
      .expect(200);
    await refused(to, 'a.b.c');
    const answer = await send(to, 'tg_live_wrong').expect(401);
    expect(answer.body.error.code).toBe('invalid_api_key');
  });

  it('let a remembered token in until it expires, and no longer', async () => {
    const to = app({}, { rememberMs: 60_000 });
    const token = await issuer.sign({ ...claims(), exp: seconds() + 20 });
    await send(to, token).expect(200);
    clock.advance(24_000);
    await send(to, token).expect(200);
    clock.advance(1_000);
    await refused(to, token, 'The token has expired.');
  });
});
