import { accepts, checkOptions, describeValue, type OptionCheck } from '@tollgate/core/internal';
import type { Claims } from './claims.js';
import type { JwtOptions } from './jwt-options.js';

/** Options of `jwt` that a preset leaves to the app; each replaces the preset's. */
export type IssuerOverrides = Partial<Omit<JwtOptions, 'issuer' | 'jwksUrl' | 'keys'>>;

type Audience = string | readonly string[];

export interface Auth0Issuer extends IssuerOverrides {
  /** The tenant's domain, without `https://`: `example.eu.auth0.com`, or a custom one. */
  domain: string;
  /** The API's identifier. */
  audience: Audience;
}

export interface OktaIssuer extends IssuerOverrides {
  /** The org's domain, without `https://`: `example.okta.com`. */
  domain: string;
  /** Id of the authorization server. @defaultValue 'default' */
  server?: string;
  /** @defaultValue 'api://default', that of the server `default` */
  audience?: Audience;
}

export interface ClerkIssuer extends IssuerOverrides {
  /** The Frontend API, without `https://`: `clerk.example.com`, or `example.clerk.accounts.dev`. */
  domain: string;
  /** Origins of the apps that may use the API, as `azp` has them: `https://app.example.com`. */
  authorizedParties: Audience;
}

export interface WorkosIssuer extends IssuerOverrides {
  /** The application's client id, `client_…`; only tokens that were issued to it are accepted. */
  clientId: string;
}

export interface SupabaseIssuer extends IssuerOverrides {
  /** The project's domain, without `https://`: `abcdefgh.supabase.co`, or a custom one. */
  domain: string;
  /** The legacy JWT secret of projects without signing keys. @defaultValue the published keys */
  secret?: string;
}

export interface FirebaseIssuer extends IssuerOverrides {
  /** The project's id. */
  projectId: string;
}

export interface KeycloakIssuer extends IssuerOverrides {
  /** The server, with its path if it has one: `https://id.example.com`. */
  url: string;
  realm: string;
}

export interface CognitoIssuer extends IssuerOverrides {
  /** E.g. `eu-central-1_AbCdEfGhI`: the region is its first part. */
  userPoolId: string;
  /** The app clients whose access tokens are accepted. */
  clientId: Audience;
}

export interface EntraIssuer extends IssuerOverrides {
  /** The directories whose tokens are accepted, by id (a GUID): each is a tenant of the app. */
  tenantId: Audience;
  /** The API's application id (a GUID); tokens for `api://` and this id are accepted as well. */
  clientId: string;
}

/**
 * `jwt` options for known identity providers: where their keys are, what a token for this API must name, and which claims make the caller.
 * Each takes options of `jwt` as well, which replace the preset's; `claims` are added to it. Throws a `TypeError` for a wrong option.
 */
export const issuers = Object.freeze({
  /** Organizations are tenants (`org_id`); scopes and permissions are scopes. */
  auth0({ domain, ...more }: Auth0Issuer): JwtOptions {
    check('auth0', { domain, audience: more.audience }, { domain: host, audience: texts });
    return presetOf(
      { issuer: `https://${domain}/`, jwksUrl: `https://${domain}/.well-known/jwks.json` },
      more,
    );
  },

  /** A custom authorization server; tokens of the org's own server are not meant for APIs. */
  okta({ domain, server = 'default', audience = 'api://default', ...more }: OktaIssuer): JwtOptions {
    check('okta', { domain, server, audience }, { domain: host, server: segment, audience: texts });
    const issuer = `https://${domain}/oauth2/${server}`;
    return presetOf({ issuer, audience, jwksUrl: `${issuer}/v1/keys` }, more);
  },

  /** Session tokens, which have no audience: the active organization is the tenant, else the user; the plan is that of Clerk Billing. */
  clerk({ domain, ...more }: ClerkIssuer): JwtOptions {
    const { authorizedParties } = more;
    check('clerk', { domain, authorizedParties }, { domain: host, authorizedParties: texts });
    const claims = {
      id: activeOfClerk,
      tenant: ['o.id', 'org_id', 'sub'],
      plan: planOfClerk,
      scopes: permissionsOfClerk,
    };
    return presetOf(
      { issuer: `https://${domain}`, jwksUrl: `https://${domain}/.well-known/jwks.json`, claims },
      more,
    );
  },

  /** AuthKit's access tokens: organizations are tenants, permissions are scopes. */
  workos({ clientId, ...more }: WorkosIssuer): JwtOptions {
    check('workos', { clientId }, { clientId: segment });
    const issuer = ['https://api.workos.com', `https://api.workos.com/user_management/${clientId}`];
    const jwksUrl = `https://api.workos.com/sso/jwks/${clientId}`;
    const claims = { tenant: ['org_id', 'sub'], user: 'sub', scopes: 'permissions' };
    return presetOf({ issuer, authorizedParties: clientId, jwksUrl, claims }, more);
  },

  /** Reads tenant, team and plan from `app_metadata`, never from `user_metadata`, which users write themselves. */
  supabase({ domain, secret, ...more }: SupabaseIssuer): JwtOptions {
    check('supabase', { domain }, { domain: host });
    const issuer = `https://${domain}/auth/v1`;
    const keys = secret === undefined ? { jwksUrl: `${issuer}/.well-known/jwks.json` } : { secret };
    const claims = {
      tenant: ['app_metadata.tenant_id', 'app_metadata.org_id', 'sub'],
      team: 'app_metadata.team_id',
      plan: 'app_metadata.plan',
      scopes: 'app_metadata.scopes',
    };
    return presetOf({ issuer, audience: 'authenticated', ...keys, claims }, more);
  },

  /** Id tokens; custom claims `tenant`, `team`, `plan` and `scopes` are read, else the tenant of Identity Platform. */
  firebase({ projectId, ...more }: FirebaseIssuer): JwtOptions {
    check('firebase', { projectId }, { projectId: segment });
    const issuer = `https://securetoken.google.com/${projectId}`;
    const jwksUrl =
      'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com';
    const claims = { tenant: ['tenant', 'tenant_id', 'org_id', 'firebase.tenant', 'sub'], scopes: 'scopes' };
    return presetOf({ issuer, audience: projectId, jwksUrl, claims }, more);
  },

  /** Needs `audience`, where a mapper adds the API's, or else `authorizedParties`: the clients. Roles of the realm are scopes. */
  keycloak({ url, realm, ...more }: KeycloakIssuer): JwtOptions {
    check('keycloak', { url, realm }, { url: origin, realm: segment });
    const issuer = `${url.replace(/\/$/, '')}/realms/${realm}`;
    return presetOf({ issuer, jwksUrl: `${issuer}/protocol/openid-connect/certs` }, more);
  },

  /** Access tokens, which have no audience; groups are scopes as well. */
  cognito({ userPoolId, clientId, ...more }: CognitoIssuer): JwtOptions {
    check('cognito', { userPoolId, clientId }, { userPoolId: pool, clientId: texts });
    const [region = ''] = userPoolId.split('_');
    const issuer = `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`;
    const claims = { tenant: ['custom:tenant_id', 'tenant_id', 'org_id', 'sub'], scopes: scopesOfCognito };
    return presetOf(
      { issuer, authorizedParties: clientId, jwksUrl: `${issuer}/.well-known/jwks.json`, claims },
      more,
    );
  },

  /** Tokens of version 2.0: the directory is the tenant, `scp` and app roles are scopes. A token of an app itself has no user. */
  entra({ tenantId, clientId, ...more }: EntraIssuer): JwtOptions {
    check('entra', { tenantId, clientId }, { tenantId: guids, clientId: guid });
    const tenants = [tenantId].flat();
    const [own = ''] = tenants;
    const issuer = tenants.map((one) => `https://login.microsoftonline.com/${one}/v2.0`);
    const keysOf = tenants.length === 1 ? own : 'common';
    const jwksUrl = `https://login.microsoftonline.com/${keysOf}/discovery/v2.0/keys`;
    const audience = [clientId, `api://${clientId}`];
    const claims = {
      id: ['oid', 'sub'],
      tenant: 'tid',
      user: userOfEntra,
      scopes: scopesOfEntra,
      labels: { service: appOfEntra },
    };
    return presetOf({ issuer, audience, jwksUrl, claims }, more);
  },
});

function presetOf(preset: JwtOptions, { claims, ...more }: IssuerOverrides): JwtOptions {
  const merged = { ...preset.claims, ...claims };
  const given = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
  return { ...preset, ...given, ...(Object.keys(merged).length > 0 && { claims: merged }) };
}

const texts: OptionCheck = (value) =>
  ([value].flat().length > 0 && accepts.arrayOf(accepts.string)([value].flat()) === true) ||
  'a non-empty string or a list of them';
const matching =
  (pattern: RegExp, expected: string): OptionCheck =>
  (value) =>
    (typeof value === 'string' && pattern.test(value)) || expected;
const host = matching(
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i,
  'a domain without "https://" and path',
);
const segment = matching(/^[\w.~-]+$/, 'a name without "/" and spaces');
const pool = matching(/^[a-z]{2}(?:-[a-z]+)+-\d_\w+$/, 'a pool id such as "eu-central-1_AbCdEfGhI"');
const guidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const guid = matching(guidForm, 'an id such as "11111111-2222-3333-4444-555555555555"');
const guids: OptionCheck = (value) =>
  ([value].flat().length > 0 && [value].flat().every((one) => guid(one) === true)) ||
  'a directory’s id (a GUID), or a list of them; "common" would accept any directory';
const origin: OptionCheck = (value) =>
  (typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) ||
  'a URL such as "https://id.example.com"';

function check(name: string, given: object, checks: Readonly<Record<string, OptionCheck>>): void {
  const values: Record<string, unknown> = { ...given };
  for (const option of Object.keys(checks)) {
    if (values[option] !== undefined) continue;
    throw new TypeError(`issuers.${name}: "${option}" is required, received ${describeValue(undefined)}`);
  }
  checkOptions(`issuers.${name}`, values, checks);
}

const textsIn = (value: unknown): string[] =>
  (typeof value === 'string' ? value.split(/[ ,]/) : Array.isArray(value) ? value : []).filter(
    (one): one is string => typeof one === 'string' && one !== '',
  );

/** A session with an open task, such as choosing an organization, is not signed in yet. */
const activeOfClerk = ({ sub, sts }: Claims): unknown => (sts === 'pending' ? undefined : sub);

/** `pla` is `u:pro` for a user's plan and `o:pro` for an organization's. */
const planOfClerk = ({ pla }: Claims): unknown =>
  typeof pla === 'string' ? pla.slice(pla.indexOf(':') + 1) : undefined;

/** Features are scopes, and the custom permissions of tokens of version 1. */
const permissionsOfClerk = (claims: Claims): string[] => [
  ...textsIn(claims.org_permissions),
  ...textsIn(claims.fea).map((feature) => feature.slice(feature.indexOf(':') + 1)),
];

const scopesOfCognito = (claims: Claims): string[] => [
  ...textsIn(claims.scope),
  ...textsIn(claims['cognito:groups']),
];

const scopesOfEntra = ({ scp, roles }: Claims): string[] => [...textsIn(scp), ...textsIn(roles)];

/** A token for an app has no delegated scopes. */
const userOfEntra = ({ scp, oid }: Claims): unknown => (scp === undefined ? undefined : oid);
const appOfEntra = ({ scp, azp }: Claims): unknown => (scp === undefined ? azp : undefined);
