import type { Caller } from '@tollgate/core';

/** The claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The location of a value in a token: the name of a claim (`org_id`, `https://example.com/plan`), a path into one (`realm_access.roles`),
 * several of them of which the first present one counts, or a function of all claims.
 */
export type ClaimSource = string | readonly string[] | ((claims: Claims) => unknown);

/** The claims from which a caller is made. Claims that are not given are read where Auth0, Okta and Keycloak put them. */
export interface ClaimMapping {
  /** @defaultValue `sub`, else the client's id */
  id?: ClaimSource;
  /**
   * Where given, a token without it is refused.
   * @defaultValue `tenant`, `tenant_id` or `org_id`; else the client's id (`azp`, `client_id`, `cid`) for client credentials, `sub` for users
   */
  tenant?: ClaimSource;
  /** @defaultValue `team` or `team_id` */
  team?: ClaimSource;
  /** @defaultValue `sub`; none for client credentials */
  user?: ClaimSource;
  /** @defaultValue `plan`, else `defaultPlan` */
  plan?: ClaimSource;
  /** Lists, or texts with spaces between. @defaultValue all of `scope`, `scp`, `permissions` and `realm_access.roles` */
  scopes?: ClaimSource;
  /** Models the token is narrowed to. @defaultValue none: all that the plan allows */
  models?: ClaimSource;
  /** Claims that become labels of the caller's usage events, by label: `{ cost_centre: 'cc' }`. Absent claims give no label. @defaultValue none */
  labels?: Readonly<Record<string, ClaimSource>>;
}

/** How claims are read. */
export interface ClaimSettings {
  readonly mapping: ClaimMapping;
  readonly defaultPlan: string;
}

/** The caller described by verified claims; an error text where claims are missing. */
export function callerOfClaims(claims: Claims, { mapping, defaultPlan }: ClaimSettings): Caller | string {
  const client = textAt(claims, ['azp', 'client_id', 'cid']);
  const subject = textAt(claims, 'sub');
  const machine = isClientCredentials(claims, client, subject);
  const id = mapping.id === undefined ? (subject ?? client) : textAt(claims, mapping.id);
  if (id === undefined) return 'The token does not say who its bearer is.';
  const tenant =
    mapping.tenant === undefined
      ? (textAt(claims, ['tenant', 'tenant_id', 'org_id']) ?? (machine ? client : (subject ?? id)))
      : textAt(claims, mapping.tenant);
  if (tenant === undefined) return 'The token does not say which tenant its bearer belongs to.';
  const models = mapping.models === undefined ? undefined : listAt(claims, mapping.models);
  return Object.freeze({
    id,
    tenant,
    team: textAt(claims, mapping.team ?? ['team', 'team_id']),
    user: mapping.user === undefined ? (machine ? undefined : subject) : textAt(claims, mapping.user),
    plan: textAt(claims, mapping.plan ?? 'plan') ?? defaultPlan,
    scopes: Object.freeze(
      mapping.scopes === undefined ? usualScopes(claims) : listAt(claims, mapping.scopes),
    ),
    ...(models && { models: Object.freeze(models) }),
    labels: labelsOf(claims, mapping.labels, machine ? client : undefined),
  });
}

/** Labels from claims; `service` is the client of a token without a user, which the event would not name otherwise. */
function labelsOf(
  claims: Claims,
  sources: ClaimMapping['labels'] = {},
  service: string | undefined,
): Readonly<Record<string, string>> {
  const entries = Object.entries(sources).flatMap(([label, source]) => {
    const text = textAt(claims, source);
    return text === undefined ? [] : [[label, text] as const];
  });
  return Object.freeze({ ...(service !== undefined && { service }), ...Object.fromEntries(entries) });
}

/**
 * Whether the token was issued to a client and not to a person: Auth0 sets `gty` and appends `@clients`, Okta and RFC 9068 repeat the
 * client's id in `sub`, Keycloak names its service account.
 */
function isClientCredentials(
  claims: Claims,
  client: string | undefined,
  subject: string | undefined,
): boolean {
  if (client === undefined) return false;
  if (claims.gty === 'client-credentials') return true;
  if (subject === undefined || subject === client || subject === `${client}@clients`) return true;
  const serviceAccount = textAt(claims, ['client_id', 'clientId']) === client;
  return serviceAccount && claims.preferred_username === `service-account-${client.toLowerCase()}`;
}

function usualScopes(claims: Claims): string[] {
  const all = ['scope', 'scp', 'permissions', 'realm_access.roles'].flatMap((source) =>
    listAt(claims, source),
  );
  return [...new Set(all)];
}

/** A text that can be a part of a counter's key; numbers are converted. Any other value counts as absent. */
function textAt(claims: Claims, source: ClaimSource): string | undefined {
  for (const value of valuesAt(claims, source)) {
    const text = Number.isSafeInteger(value) ? String(value) : value;
    if (typeof text === 'string' && /^[^\p{Cc}]{1,256}$/u.test(text)) return text;
  }
  return undefined;
}

function listAt(claims: Claims, source: ClaimSource): string[] {
  const [value] = valuesAt(claims, source);
  const list: unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return list.filter((item): item is string => typeof item === 'string' && item !== '');
}

/** The values that are there, in the order of the source. */
function valuesAt(claims: Claims, source: ClaimSource): unknown[] {
  const values =
    typeof source === 'function'
      ? [source(claims)]
      : (typeof source === 'string' ? [source] : source).map((name) => valueAt(claims, name));
  return values.filter((value) => value !== undefined && value !== null);
}

/** A claim of that very name, else a path: names of claims may contain dots (`https://example.com/plan`). */
function valueAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}
