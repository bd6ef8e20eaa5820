import { describe, expect, it } from '@jest/globals';
import { issuers, type JwtOptions } from '../src/index.js';
import { appWith } from './app.js';
import { tokenWorld } from './token-world.js';

const world = tokenWorld('ES256');
const guid = '11111111-2222-3333-4444-555555555555';
const app = '99999999-2222-3333-4444-555555555555';
const directory = 'aaaaaaaa-2222-3333-4444-555555555555';

interface Case {
  readonly name: string;
  readonly jwt: JwtOptions;
  readonly keysAt: string;
  /** A token as the provider issues it, without times. */
  readonly token: Readonly<Record<string, unknown>>;
  readonly caller: Readonly<Record<string, unknown>>;
  /** Tokens of the same issuer that were not made for this API. */
  readonly foreign: Readonly<Record<string, unknown>>;
}

const cases: readonly Case[] = [
  {
    name: 'Auth0',
    jwt: issuers.auth0({ domain: 'acme.eu.auth0.com', audience: 'https://api.acme.test' }),
    keysAt: 'https://acme.eu.auth0.com/.well-known/jwks.json',
    token: {
      iss: 'https://acme.eu.auth0.com/',
      sub: 'auth0|507f1f77bcf86cd799439011',
      aud: ['https://api.acme.test', 'https://acme.eu.auth0.com/userinfo'],
      azp: 'my_client_id',
      scope: 'openid profile chat',
      permissions: ['read:usage'],
      org_id: 'org_9ybsU1dN2dKfDkBi',
    },
    caller: {
      id: 'auth0|507f1f77bcf86cd799439011',
      tenant: 'org_9ybsU1dN2dKfDkBi',
      user: 'auth0|507f1f77bcf86cd799439011',
      scopes: ['openid', 'profile', 'chat', 'read:usage'],
    },
    foreign: { aud: 'https://other.acme.test' },
  },
  {
    name: 'Okta',
    jwt: issuers.okta({ domain: 'acme.okta.com' }),
    keysAt: 'https://acme.okta.com/oauth2/default/v1/keys',
    token: {
      ...{
        ver: 1,
        jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
        iss: 'https://acme.okta.com/oauth2/default',
      },
      ...{ aud: 'api://default', cid: '0oa5jjyi2oOsBjWTs0x7', uid: '00u5t60iloOHN9pBi0h7' },
      ...{ scp: ['openid', 'chat'], sub: 'ann@acme.test' },
    },
    caller: {
      id: 'ann@acme.test',
      tenant: 'ann@acme.test',
      user: 'ann@acme.test',
      scopes: ['openid', 'chat'],
    },
    foreign: { aud: 'https://acme.okta.com' },
  },
  {
    name: 'Clerk, version 2',
    jwt: issuers.clerk({ domain: 'clerk.acme.test', authorizedParties: ['https://app.acme.test'] }),
    keysAt: 'https://clerk.acme.test/.well-known/jwks.json',
    token: {
      ...{
        iss: 'https://clerk.acme.test',
        azp: 'https://app.acme.test',
        sid: 'sess_1',
        sub: 'user_2f',
        v: 2,
      },
      ...{ sts: 'active', pla: 'o:pro', fea: 'o:chat,o:reports', fva: [4, -1] },
      o: { id: 'org_2f', rol: 'admin', slg: 'acme', per: 'read', fpm: '1' },
    },
    caller: { id: 'user_2f', tenant: 'org_2f', user: 'user_2f', plan: 'pro', scopes: ['chat', 'reports'] },
    foreign: { azp: 'https://evil.test' },
  },
  {
    name: 'Clerk, version 1',
    jwt: issuers.clerk({ domain: 'acme.clerk.accounts.dev', authorizedParties: 'https://app.acme.test' }),
    keysAt: 'https://acme.clerk.accounts.dev/.well-known/jwks.json',
    token: {
      ...{
        iss: 'https://acme.clerk.accounts.dev',
        azp: 'https://app.acme.test',
        sid: 'sess_1',
        sub: 'user_2f',
      },
      ...{ org_id: 'org_2f', org_role: 'org:admin', org_slug: 'acme', org_permissions: ['org:chat:use'] },
    },
    caller: { id: 'user_2f', tenant: 'org_2f', user: 'user_2f', scopes: ['org:chat:use'] },
    foreign: { sts: 'pending' },
  },
  {
    name: 'WorkOS',
    jwt: issuers.workos({ clientId: 'client_01HXYZ' }),
    keysAt: 'https://api.workos.com/sso/jwks/client_01HXYZ',
    token: {
      ...{ iss: 'https://api.workos.com/user_management/client_01HXYZ', client_id: 'client_01HXYZ' },
      ...{ sub: 'user_01H', sid: 'session_01H', jti: '01H', org_id: 'org_01H', role: 'member' },
      ...{ permissions: ['chat:use'], entitlements: ['audit-logs'] },
    },
    caller: { id: 'user_01H', tenant: 'org_01H', user: 'user_01H', scopes: ['chat:use'] },
    foreign: { client_id: 'client_02OTHER' },
  },
  {
    name: 'Supabase',
    jwt: issuers.supabase({ domain: 'abcdefgh.supabase.co', defaultPlan: 'free' }),
    keysAt: 'https://abcdefgh.supabase.co/auth/v1/.well-known/jwks.json',
    token: {
      ...{
        iss: 'https://abcdefgh.supabase.co/auth/v1',
        sub: guid,
        aud: 'authenticated',
        role: 'authenticated',
      },
      ...{ email: 'ann@acme.test', session_id: app, is_anonymous: false, aal: 'aal1' },
      app_metadata: { provider: 'email', org_id: 'acme', team_id: 'red', plan: 'pro', scopes: ['chat'] },
      user_metadata: { tenant_id: 'victim', plan: 'enterprise' },
    },
    caller: { id: guid, tenant: 'acme', team: 'red', user: guid, plan: 'pro', scopes: ['chat'] },
    foreign: { aud: 'anon' },
  },
  {
    name: 'Firebase',
    jwt: issuers.firebase({ projectId: 'acme-prod' }),
    keysAt: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
    token: {
      ...{ iss: 'https://securetoken.google.com/acme-prod', aud: 'acme-prod', auth_time: 1_700_000_000 },
      ...{ user_id: 'Xyz', sub: 'Xyz', email_verified: true, plan: 'pro' },
      firebase: { identities: {}, sign_in_provider: 'google.com', tenant: 'tenant-a1' },
    },
    caller: { id: 'Xyz', tenant: 'tenant-a1', user: 'Xyz', plan: 'pro', scopes: [] },
    foreign: { aud: 'acme-dev' },
  },
  {
    name: 'Keycloak',
    jwt: issuers.keycloak({ url: 'https://id.acme.test/', realm: 'main', authorizedParties: 'web' }),
    keysAt: 'https://id.acme.test/realms/main/protocol/openid-connect/certs',
    token: {
      ...{ iss: 'https://id.acme.test/realms/main', aud: 'account', sub: guid, typ: 'Bearer', azp: 'web' },
      ...{ realm_access: { roles: ['chat'] }, scope: 'openid', preferred_username: 'ann' },
    },
    caller: { id: guid, tenant: guid, user: guid, scopes: ['openid', 'chat'] },
    foreign: { azp: 'another-client' },
  },
  {
    name: 'Cognito',
    jwt: issuers.cognito({ userPoolId: 'eu-central-1_AbCdEfGhI', clientId: ['1example23456789'] }),
    keysAt: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI/.well-known/jwks.json',
    token: {
      iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI',
      ...{
        sub: guid,
        client_id: '1example23456789',
        token_use: 'access',
        scope: 'api/chat',
        username: 'ann',
      },
      'cognito:groups': ['admins'],
    },
    caller: { id: guid, tenant: guid, user: guid, scopes: ['api/chat', 'admins'] },
    // An id token: it names its client in `aud`.
    foreign: { client_id: undefined, aud: '1example23456789', token_use: 'id' },
  },
  {
    name: 'Entra ID, a user',
    jwt: issuers.entra({ tenantId: directory, clientId: app }),
    keysAt: `https://login.microsoftonline.com/${directory}/discovery/v2.0/keys`,
    token: {
      ...{ iss: `https://login.microsoftonline.com/${directory}/v2.0`, aud: app, tid: directory, ver: '2.0' },
      ...{
        azp: guid,
        azpacr: '1',
        oid: guid,
        sub: 'pairwise',
        scp: 'chat usage',
        roles: ['Admin'],
        name: 'Ann',
      },
    },
    caller: { id: guid, tenant: directory, user: guid, scopes: ['chat', 'usage', 'Admin'] },
    foreign: { aud: guid },
  },
  {
    name: 'Entra ID, an app of one of several directories',
    jwt: issuers.entra({ tenantId: [guid, directory], clientId: app }),
    keysAt: 'https://login.microsoftonline.com/common/discovery/v2.0/keys',
    token: {
      ...{ iss: `https://login.microsoftonline.com/${directory}/v2.0`, aud: `api://${app}`, tid: directory },
      ...{ azp: 'job', oid: guid, sub: guid, roles: ['Chat.All'], idtyp: 'app' },
    },
    caller: { id: guid, tenant: directory, scopes: ['Chat.All'], labels: { service: 'job' } },
    foreign: { iss: 'https://login.microsoftonline.com/99999999-0000-0000-0000-000000000000/v2.0' },
  },
];

describe.each(cases)('a token of $name', ({ jwt, keysAt, token, caller, foreign }) => {
  const times = () => ({ iat: world.seconds(), exp: world.seconds() + 600 });
  /** The preset, with the keys of an issuer that runs here. */
  const here = () => appWith({ jwt: { ...jwt, jwksUrl: world.issuer.jwksUrl }, now: world.clock.now });

  it('makes the caller', async () => {
    const answer = await world.send(here(), await world.issuer.sign({ ...token, ...times() })).expect(200);
    const { plan = 'default' } = jwt.defaultPlan ? { plan: jwt.defaultPlan } : {};
    expect(answer.body.caller).toEqual({ plan, labels: {}, ...caller });
    expect(String(jwt.jwksUrl)).toBe(keysAt);
  });

  it.each([
    ['was made for another service or client', foreign],
    ['comes from another issuer', { iss: 'https://evil.test/' }],
    ['does not expire', { exp: undefined }],
  ])('is refused where it %s', async (_name, other) => {
    const changed = { ...token, ...times(), ...other };
    await world.send(here(), await world.issuer.sign(changed)).expect(401);
  });
});

describe('presets', () => {
  it('take options of jwt, which replace theirs, and add claims', () => {
    const claims = { team: 'https://acme.test/team' };
    const jwt = issuers.clerk({
      ...{ domain: 'clerk.acme.test', authorizedParties: 'https://app.acme.test' },
      ...{ defaultPlan: 'free', claims },
    });
    expect(jwt).toMatchObject({
      defaultPlan: 'free',
      claims: { ...claims, tenant: ['o.id', 'org_id', 'sub'] },
    });
  });

  it('verify tokens of a Supabase project with a legacy secret', async () => {
    const jwt = issuers.supabase({ domain: 'abcdefgh.supabase.co', secret: 's'.repeat(32) });
    expect(jwt).toMatchObject({ secret: 's'.repeat(32), audience: 'authenticated' });
    expect(jwt.jwksUrl).toBeUndefined();
  });

  const wrong: readonly [name: string, make: () => unknown, message: string][] = [
    [
      'auth0 with a URL',
      () => issuers.auth0({ domain: 'https://acme.auth0.com', audience: 'x' }),
      'issuers.auth0: "domain" must be a domain without "https://" and path',
    ],
    [
      'auth0 without an audience',
      () => issuers.auth0({ domain: 'acme.auth0.com' } as never),
      'issuers.auth0: "audience" is required',
    ],
    [
      'okta with a path for a server',
      () => issuers.okta({ domain: 'acme.okta.com', server: '../x' }),
      'issuers.okta: "server" must be a name without "/"',
    ],
    [
      'clerk without parties',
      () => issuers.clerk({ domain: 'clerk.acme.test' } as never),
      'issuers.clerk: "authorizedParties" is required',
    ],
    [
      'clerk with an empty list',
      () => issuers.clerk({ domain: 'clerk.acme.test', authorizedParties: [] }),
      'issuers.clerk: "authorizedParties" must be a non-empty string or a list of them',
    ],
    ['workos without a client', () => issuers.workos({} as never), 'issuers.workos: "clientId" is required'],
    [
      'firebase with a URL',
      () => issuers.firebase({ projectId: 'https://x.firebaseio.com' }),
      'issuers.firebase: "projectId" must be a name',
    ],
    [
      'keycloak without a scheme',
      () => issuers.keycloak({ url: 'id.acme.test', realm: 'main' }),
      'issuers.keycloak: "url" must be a URL such as',
    ],
    [
      'cognito with only the name of a pool',
      () => issuers.cognito({ userPoolId: 'AbCdEfGhI', clientId: 'x' }),
      'issuers.cognito: "userPoolId" must be a pool id such as',
    ],
    [
      'entra with any directory',
      () => issuers.entra({ tenantId: 'common', clientId: app }),
      '"common" would accept any directory',
    ],
  ];
  it.each(wrong)('refuse %s at start', (_name, make, message) => {
    expect(make).toThrow(message);
  });

  it('refuse a Keycloak realm without audience and clients', () => {
    const jwt = issuers.keycloak({ url: 'https://id.acme.test', realm: 'main' });
    expect(() => appWith({ jwt })).toThrow('"audience" or "authorizedParties" is required');
  });
});
