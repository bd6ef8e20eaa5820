import { describe, expect, it } from '@jest/globals';
import { appWith, versions } from './app.js';
import { audience } from './issuer.js';
import { tokenWorld } from './token-world.js';

const world = tokenWorld('RS256');
const { claims, jwt, app, send, refused } = world;

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
      {
        id: 'client-1@clients',
        tenant: 'client-1',
        scopes: ['read:x', 'summarize'],
        labels: { service: 'client-1' },
      },
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
      { id: 'client-1@clients', tenant: 'org_9', scopes: ['read:x'], labels: { service: 'client-1' } },
    ],
    [
      'Okta',
      () => ({ ...claims(), ver: 1, jti: 'AT.1', cid: '0oa1', sub: '0oa1', scp: ['chat', 'summarize'] }),
      { id: '0oa1', tenant: '0oa1', scopes: ['chat', 'summarize'], labels: { service: '0oa1' } },
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
        labels: { service: 'billing-job' },
      },
    ],
  ];
  for (const [version, create] of versions) {
    for (const [provider, form, expected] of forms) {
      it(`from ${provider} make a caller on ${version}`, async () => {
        const to = appWith({ jwt: jwt(), now: world.clock.now }, create);
        const answer = await send(to, await world.issuer.sign(form())).expect(200);
        expect(answer.body).toEqual({
          caller: { plan: 'default', ...expected },
          sameUser: true,
        });
      });
    }
  }
});

describe('tokens for users', () => {
  it('make each user a tenant of its own where the token names none', async () => {
    const token = await world.issuer.sign({ ...claims(), azp: 'web-app', scope: 'chat', plan: 'pro' });
    const answer = await send(app(), token).expect(200);
    expect(answer.body.caller).toMatchObject({ id: 'ada', tenant: 'ada', user: 'ada', plan: 'pro' });
  });

  it('are not taken for a client that names itself so', async () => {
    const named = { ...claims(), azp: 'billing-job', preferred_username: 'service-account-billing-job' };
    const answer = await send(app(), await world.issuer.sign(named)).expect(200);
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
    const token = await world.issuer.sign({
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

  it('get labels from claims, and none from those that are absent', async () => {
    const token = await world.issuer.sign({ ...claims(), cc: '4711', org: { unit: 'research' } });
    const labels = { cost_centre: 'cc', unit: 'org.unit', region: 'region' };
    const answer = await send(app({ claims: { labels } }), token).expect(200);
    expect(answer.body.caller.labels).toEqual({ cost_centre: '4711', unit: 'research' });
  });

  it.each([
    ['azp', { azp: 'https://app.example.com' }],
    ['client_id', { client_id: 'https://app.example.com' }],
  ])('without an audience are accepted by their %s, where the app lists it', async (_, party) => {
    const { aud: _aud, ...rest } = claims();
    const accepting = app({ audience: undefined, authorizedParties: ['https://app.example.com'] });
    await send(accepting, await world.issuer.sign({ ...rest, ...party })).expect(200);
  });

  it('of another client, or of none, are refused where the app lists clients', async () => {
    const { aud: _aud, ...rest } = claims();
    const message = 'The token was issued to a client that is not accepted here.';
    const accepting = app({ audience: undefined, authorizedParties: 'mine' });
    for (const party of [
      { azp: 'other' },
      {},
      { azp: ['mine'] },
      { azp: 'other', client_id: 'mine' },
      { aud: 'mine' },
    ]) {
      await refused(accepting, await world.issuer.sign({ ...rest, ...party }), message);
    }
  });

  it('without the tenant that the mapping asks for are refused', async () => {
    const message = 'The token does not say which tenant its bearer belongs to.';
    await refused(app({ claims: { tenant: 'org' } }), await world.issuer.sign(claims()), message);
    for (const org of ['', 7.5, {}, ['acme'], 'a\nb', 'x'.repeat(257)]) {
      await refused(
        app({ claims: { tenant: 'org' } }),
        await world.issuer.sign({ ...claims(), org }),
        message,
      );
    }
  });

  it('do not become another caller by claims named like parts of an object', async () => {
    const token = await world.issuer.sign({ ...claims(), 'a.b': 1, constructor: { name: 'x' } });
    await refused(
      app({ claims: { tenant: '__proto__.x' } }),
      token,
      'The token does not say which tenant its bearer belongs to.',
    );
  });
});
