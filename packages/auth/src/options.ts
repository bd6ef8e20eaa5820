import type { KeyStore, Plans } from '@tollgate/core';
import {
  accepts,
  acceptsPlans,
  checkOptions,
  describeValue,
  type GivenCaller,
  type GuardOptions,
  guardChecks,
  type LimitOverrides,
  type OptionCheck,
  type OptionChecks,
  suggestion,
} from '@tollgate/core/internal';
import type { Request } from 'express';
import type { ChildCredentials } from './child-credentials.js';
import type { FailureLimit } from './failed-credentials.js';
import { checkJwtOptions, type JwtOptions } from './jwt-options.js';
import type { PassportLike } from './passport-like.js';

/** Options shared by the strategies and {@link AuthenticateOptions}. */
export interface CredentialOptions {
  /** `realm` of `WWW-Authenticate`. Printable ASCII without quotes and backslashes. @defaultValue 'tollgate' */
  realm?: string;
  /**
   * How long a verified credential is accepted without verifying it again, in milliseconds, 0 to 60_000. API keys are looked up again after
   * 5 s at the latest, so that a revocation reaches every process in that time; their expiry, and that of tokens, is checked on every
   * request. 0: every request is verified, and none passes while the store is away. @defaultValue 30_000 (30 seconds)
   */
  rememberMs?: number;
  /** Credentials remembered at once; those not used lately go first. Positive integer. @defaultValue 10_000 */
  maxRemembered?: number;
  /** Deadline of one call of the key store, or of fetching an issuer's keys, in milliseconds. Positive integer. @defaultValue 2_000 (2 seconds) */
  storeDeadlineMs?: number;
  /** Limits wrong credentials by network (`req.ip`), before any store is asked. `false`: does not. @defaultValue `{ max: 30, verifiedPerSecond: 10, windowMs: 60_000, ipv6Subnet: 56 }` */
  failures?: FailureLimit | false;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Options of `apiKeyStrategy()`. */
export interface ApiKeyStrategyOptions extends CredentialOptions {
  /** Where keys are looked up: `memoryKeys()`, `envKeys()`, or a store of your own. */
  keys: KeyStore;
}

/** Options of `jwtStrategy()`. */
export interface JwtStrategyOptions extends CredentialOptions {
  /** Whose tokens are accepted, and how they are read. */
  jwt: JwtOptions;
}

/** Options of `authenticate()`. At least one of `keys`, `jwt`, `children` and `caller` is needed. */
export interface AuthenticateOptions extends CredentialOptions, GuardOptions {
  /** Where API keys are looked up: `memoryKeys()`, `envKeys()`, or a store of your own. Absent: no API keys. */
  keys?: KeyStore;
  /** Whose tokens are accepted, and how they are read. Absent: no tokens. */
  jwt?: JwtOptions;
  /** Child credentials, from `childCredentials()`: short-lived ones that are narrower than the key they come from. Absent: none. */
  children?: ChildCredentials;
  /**
   * Identifies requests that the app has authenticated itself, by a passport strategy, a session or a gateway in front: `(req) => ({ tenant, plan })`,
   * from verified facts only. Asked first; `undefined`: not authenticated that way, so that keys and tokens are tried, and without them the request is
   * refused with 401. May be asynchronous. A result that is no caller is an error, as is a rejection. @defaultValue none
   */
  caller?: (req: Request) => GivenCaller | undefined | Promise<GivenCaller | undefined>;
  /** Limits of single tenants, teams, users and keys that change while the app runs, seen within 5 s: `memoryOverrides()`, or a store of your own. */
  overrides?: LimitOverrides;
  /** Plans of `definePlans()`: callers on other plans are refused, and calls of models that the plan does not list. */
  plans?: Plans;
  /** The app's own passport instance, so that its `transformAuthInfo` and the like apply. @defaultValue an instance of our own */
  passport?: PassportLike;
}

export const acceptsRealm: OptionCheck = (value) =>
  (accepts.string(value) === true && /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(String(value))) ||
  'printable ASCII without quotes and backslashes';

const acceptsKeys = accepts.methods('find');

const credentialChecks = Object.freeze({
  realm: acceptsRealm,
  rememberMs: accepts.integerBetween(0, 60_000),
  maxRemembered: accepts.positiveInteger,
  storeDeadlineMs: accepts.positiveInteger,
  failures: (value: unknown) => value === false || accepts.object(value) === true || 'an object or false',
  now: accepts.function,
}) satisfies OptionChecks<CredentialOptions>;

const failureChecks: OptionChecks<FailureLimit> = {
  max: accepts.positiveInteger,
  windowMs: accepts.positiveInteger,
  verifiedPerSecond: accepts.positiveInteger,
  ipv6Subnet: accepts.integerBetween(32, 128),
  maxNetworks: accepts.positiveInteger,
};

/** Checks the options of `authenticate()`; throws a `TypeError`. */
export function checkAuthenticateOptions(options: AuthenticateOptions): void {
  checkOptions('authenticate', options, {
    ...guardChecks,
    ...credentialChecks,
    keys: acceptsKeys,
    jwt: accepts.object,
    children: (value) => isChildren(value) || 'what childCredentials() returns',
    overrides: accepts.methods('find'),
    plans: acceptsPlans,
    passport: accepts.methods('authenticate'),
    caller: accepts.function,
  });
  checkFailures('authenticate', options);
  if (options.jwt) checkJwtOptions('authenticate', options.jwt);
  const { keys, jwt, children } = options;
  if (keys === undefined && jwt === undefined && children === undefined && options.caller === undefined) {
    throw new TypeError(
      'authenticate: at least one of "keys", "jwt", "children" and "caller" is required; without them every request would be refused',
    );
  }
  if (options.plans) checkPlanNames(options.plans, keys?.plans?.() ?? [], jwt?.defaultPlan);
}

/** All callers on an undefined plan would be refused. Plans that a store returns later cause a warning then. */
function checkPlanNames(plans: Plans, ofKeys: readonly string[], ofTokens: string | undefined): void {
  const defined = Object.keys(plans);
  const check = (plan: string, option: string, holds: string): void => {
    if (defined.includes(plan)) return;
    throw new TypeError(
      `authenticate: "${option}" ${holds} ${describeValue(plan)}${suggestion(plan, defined)}, which "plans" does not define; defined are ${defined.join(', ')}`,
    );
  };
  for (const plan of ofKeys) check(plan, 'keys', 'holds a key on the plan');
  if (ofTokens !== undefined) check(ofTokens, 'jwt', 'gives tokens without a plan the "defaultPlan"');
}

function isChildren(value: unknown): boolean {
  return accepts.methods('mint', 'revoke')(value) === true && Array.isArray((value as ChildCredentials).keys);
}

/** Checks the options of `apiKeyStrategy()`; throws a `TypeError`. */
export function checkApiKeyStrategyOptions(options: ApiKeyStrategyOptions): void {
  checkOptions('apiKeyStrategy', options, { ...credentialChecks, keys: acceptsKeys }, ['keys']);
  checkFailures('apiKeyStrategy', options);
}

/** Checks the options of `jwtStrategy()`; throws a `TypeError`. */
export function checkJwtStrategyOptions(options: JwtStrategyOptions): void {
  checkOptions('jwtStrategy', options, { ...credentialChecks, jwt: accepts.object }, ['jwt']);
  checkFailures('jwtStrategy', options);
  checkJwtOptions('jwtStrategy', options.jwt);
}

function checkFailures(factory: string, { failures }: CredentialOptions): void {
  if (failures) checkOptions(`${factory}: failures`, failures, failureChecks);
}
