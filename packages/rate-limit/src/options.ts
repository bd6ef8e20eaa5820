import type { Plans } from '@tollgate/core';
import {
  accepts,
  acceptsPlans,
  type CustomScope,
  checkOptions,
  describeValue,
  type GuardOptions,
  guardChecks,
  type LimitText,
  type RequestsDeclaration,
  type ScopePart,
} from '@tollgate/core/internal';
import type { Request } from 'express';
import type { Store } from 'express-rate-limit';

/** Whose counter: core's scopes, but not `model`, which a request as a whole has none of, and `ip`, the client's network. */
export type RequestScope = Exclude<ScopePart, 'model'> | 'ip';

/** A limit of requests: `'100/min'`, or its long form. */
export type RequestLimit =
  | LimitText
  | (Omit<RequestsDeclaration, 'by'> & { by?: RequestScope | readonly RequestScope[] });

/** Options of `rateLimit`. At least one of `plans` and `limits` is required. */
export interface RateLimitOptions extends GuardOptions {
  /** Tiers, from `definePlans`: the requests of the caller's plan are counted. Without a caller, those of the strictest plan by network. */
  plans?: Plans;
  /** Limits for every request that passes here, whatever the plan: `'100/min'` or `{ rate, burst, window, by, name }`. */
  limits?: RequestLimit | readonly RequestLimit[];
  /**
   * Where counters are kept: called at start, once for each window length and kind, e.g.
   * `(name, windowMs) => new RedisStore({ prefix: name + ':', … })`. Any store of express-rate-limit; each call must return a new one. For
   * `cost` and for sliding windows it must be a {@link WeightedStore}. @defaultValue memory of this process, at most 100 000 counters a window
   */
  stores?: (name: string, windowMs: number, window: 'fixed' | 'sliding') => Store;
  /**
   * The number of requests that a request counts as: an integer from 0 (not counted) to 1 000 000, or a function that returns it. One that is
   * larger than a limit is refused with 400 `request_exceeds_limit`. A function that throws or returns anything else fails the request.
   * @defaultValue 1
   */
  cost?: number | ((req: Request) => number);
  /** Begins every counter's key and store name. Two limiters that share a server and must not share counters need two names. @defaultValue 'requests' */
  name?: string;
  /** Bits of an IPv6 address that make a network, 32 to 128, or `false` for whole addresses. @defaultValue 56, as express-rate-limit */
  ipv6Subnet?: number | false;
  /** Requests that are not counted. May be asynchronous. @defaultValue none */
  skip?: (req: Request) => boolean | Promise<boolean>;
  /**
   * When the store fails: `local` counts in memory against `limit ÷ expectedProcesses`; `open` lets everything pass;
   * `closed` refuses with 503. @defaultValue 'local'
   */
  whenStoreDown?: 'local' | 'open' | 'closed';
  /** How many processes share the store. Positive integer. @defaultValue 1 */
  expectedProcesses?: number;
  /** How long the store may take, in milliseconds. Positive integer. @defaultValue 150 */
  storeDeadlineMs?: number;
  /** The clock of the counters in memory, in milliseconds since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** The options, read: every default filled in. */
export interface ReadRateLimitOptions {
  readonly plans: Plans | undefined;
  readonly limits: readonly RequestLimit[];
  readonly stores: RateLimitOptions['stores'];
  readonly cost: RateLimitOptions['cost'];
  readonly name: string;
  readonly ipv6Subnet: number | false;
  readonly skip: RateLimitOptions['skip'];
  readonly whenStoreDown: 'local' | 'open' | 'closed';
  readonly expectedProcesses: number;
  readonly storeDeadlineMs: number;
  readonly now: () => number;
  readonly mode: 'enforce' | 'shadow' | 'off';
}

/** The counterparts of express-rate-limit's options, by their names there. */
const ofExpressRateLimit: Readonly<Record<string, string>> = {
  windowMs: "limits: '10/min'",
  max: "limits: '10/min'",
  keyGenerator: "by, e.g. limits: { rate: '10/min', by: { name: 'account', of: (req) => … } }",
  handler: "refusals: 'next', and an error handler",
  store: 'stores: (name, windowMs) => new RedisStore(…)',
  requestWasSuccessful: 'skip, or call limitStatus(req) to return a request to its counters',
};

/** Checks and reads the options. Throws a `TypeError` on a wrong, unknown or missing one. */
export function readOptions(options: RateLimitOptions): ReadRateLimitOptions {
  const foreign = Object.keys(options ?? {}).find((name) => Object.hasOwn(ofExpressRateLimit, name));
  if (foreign) {
    throw new TypeError(
      `rateLimit: "${foreign}" is an option of express-rate-limit; here write ${ofExpressRateLimit[foreign]}`,
    );
  }
  checkOptions<RateLimitOptions>('rateLimit', options, {
    ...guardChecks,
    plans: acceptsPlans,
    limits: limitsCheck,
    stores: accepts.function,
    cost: costCheck,
    name: nameCheck,
    ipv6Subnet: subnetCheck,
    skip: accepts.function,
    whenStoreDown: accepts.oneOf('local', 'open', 'closed'),
    expectedProcesses: accepts.positiveInteger,
    storeDeadlineMs: accepts.positiveInteger,
    now: accepts.function,
  });
  const { plans, limits } = options;
  if (plans === undefined && limits === undefined) {
    throw new TypeError('rateLimit: "plans" or "limits" is required; without them nothing would be limited');
  }
  return {
    plans,
    limits: severalOf(limits),
    stores: options.stores,
    cost: options.cost,
    name: options.name ?? 'requests',
    ipv6Subnet: options.ipv6Subnet ?? 56,
    skip: options.skip,
    whenStoreDown: options.whenStoreDown ?? 'local',
    expectedProcesses: options.expectedProcesses ?? 1,
    storeDeadlineMs: options.storeDeadlineMs ?? 150,
    now: options.now ?? Date.now,
    mode: options.mode ?? 'enforce',
  };
}

/** The network scope, as core understands one. */
export function networkScope(networkOf: (req: Request) => string): CustomScope {
  return { name: 'ip', of: networkOf };
}

function severalOf(limits: RateLimitOptions['limits']): readonly RequestLimit[] {
  if (limits === undefined) return [];
  return Array.isArray(limits) ? limits : [limits as RequestLimit];
}

function limitsCheck(value: unknown): true | string {
  const several: readonly unknown[] = Array.isArray(value) ? value : [value];
  const good =
    several.length > 0 && several.every((one) => typeof one === 'string' || accepts.object(one) === true);
  return good || 'a limit such as "100/min", { rate, burst, window, by, name }, or an array of them';
}

const largestCost = 1_000_000;

function costCheck(value: unknown): true | string {
  return (
    typeof value === 'function' ||
    accepts.integerBetween(1, largestCost)(value) === true ||
    'an integer from 1 to 1000000, or a function of the request'
  );
}

/** The cost of a request. Throws a `TypeError` for a figure that is not an integer from 0 to 1 000 000. */
export function costOf(cost: RateLimitOptions['cost'], req: Request): number {
  if (typeof cost !== 'function') return cost ?? 1;
  const found: unknown = cost(req);
  if (accepts.integerBetween(0, largestCost)(found) === true) return Number(found);
  throw new TypeError(
    `rateLimit: "cost" must return an integer from 0 to 1000000, returned ${describeValue(found)}`,
  );
}

function subnetCheck(value: unknown): true | string {
  return (
    value === false ||
    accepts.integerBetween(32, 128)(value) === true ||
    'an integer from 32 to 128, or false'
  );
}

function nameCheck(value: unknown): true | string {
  return (
    (typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,62}$/.test(value)) ||
    'a short name of a-z, 0-9, ".", "_" and "-"'
  );
}
