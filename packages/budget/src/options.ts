import type { Limit, Plans, QuotaStore, UsageEvent } from '@tollgate/core';
import {
  accepts,
  acceptsPlans,
  checkOptions,
  type DeclaredLimit,
  type GuardOptions,
  guardChecks,
  limitsOf,
} from '@tollgate/core/internal';
import type { OnThreshold } from './threshold.js';

/** Options of {@link budget}. */
export interface BudgetOptions extends GuardOptions {
  /** Plans of `definePlans`; the caller's plan decides limits, models, output cap and ladder. Absent: only `limits` count. */
  plans?: Plans;
  /**
   * Where counters live: `memoryQuota()`, or one that processes share. May be absent on a route whose requests pass a `budget()`
   * with a store before.
   */
  store?: QuotaStore;
  /**
   * Limits beside the plan's, at least one: `'$100/day'`, `{ requests: '50k/day' }`, `{ limit: '$20/day', by: 'tenant' }`,
   * `spend('$5/day').by('route')`. They apply to the whole app (`by: 'global'`) unless `by` is given. @defaultValue none
   */
  limits?: readonly DeclaredLimit[];
  /** Counts the plan's `requests` as well, in the same step; leave `rateLimit()` out then. @defaultValue false */
  requests?: boolean;
  /** Lowers an output cap stated by the client to the affordable one, and states that in `x-tollgate-max-output-tokens`. @defaultValue false */
  fit?: boolean;
  /** Reservations expire after this long without a heartbeat. Milliseconds, 5 000 to 3 600 000. @defaultValue 60_000 */
  leaseMs?: number;
  /** The least output cap that is worth a call, in tokens. Positive integer. @defaultValue 16 */
  minOutputTokens?: number;
  /** Status where the money is used up. @defaultValue 402 */
  refuseWith?: 402 | 429;
  /**
   * `closed`: 503 while the store is away. `grace`: requests pass while there is credit that was leased from the store in advance and
   * counted as reserved; then 503. `open`: requests pass unreserved and are charged once the store is back. @defaultValue 'closed'
   */
  whenStoreDown?: 'closed' | 'grace' | 'open';
  /** How long a request waits for the store. Milliseconds, 1 to 60 000. @defaultValue 150 */
  storeDeadlineMs?: number;
  /**
   * A file that keeps settlements while the store does not accept them, so that the next process sends them if this one ends. Each process
   * needs a separate file; its directory is created. @defaultValue none: they are kept in memory
   */
  spool?: string;
  /** How many settlements may wait for the store; further ones are lost and published. 1 to 1 000 000. @defaultValue 10_000, about 20 MB */
  maxUnsettled?: number;
  /** Refuses new requests (503) while no further settlement could be kept, instead of losing any. @defaultValue false */
  strict?: boolean;
  /**
   * Settles an attempt whose earlier charge the store may have forgotten: it was admitted more than 23 hours ago. Receives its usage event,
   * corrects the ledger's rows, and resolves with `false` where the ledger has none of the attempt: then the store is charged. `tollgate({
   * database })` sets it. @defaultValue the store is charged, possibly a second time
   */
  settleLate?: (event: UsageEvent) => Promise<boolean>;
  /** Called once per window when 50, 80 and 100 % of a cap are used (as the store is configured). Its errors are caught. */
  onThreshold?: OnThreshold;
  /** Clock of ids and headers, ms since the epoch; windows go by the store's. @defaultValue Date.now */
  now?: () => number;
}

/** Options of {@link budget}, checked and complete. */
export interface BudgetSettings {
  readonly plans: Plans | undefined;
  readonly store: QuotaStore | undefined;
  readonly limits: readonly Limit[];
  readonly requests: boolean;
  readonly fit: boolean;
  readonly leaseMs: number;
  readonly minOutputTokens: number;
  readonly refuseWith: 402 | 429;
  readonly whenStoreDown: 'closed' | 'grace' | 'open';
  readonly storeDeadlineMs: number;
  readonly spool: string | undefined;
  readonly maxUnsettled: number;
  readonly strict: boolean;
  readonly settleLate: ((event: UsageEvent) => Promise<boolean>) | undefined;
  readonly onThreshold: OnThreshold | undefined;
  readonly now: () => number;
  readonly mode: 'enforce' | 'shadow' | 'off';
  readonly answer: Pick<GuardOptions, 'refusals' | 'errorFormat'>;
}

/** Checks and completes the options, once, at start. Throws a `TypeError` for a wrong or unknown one. */
export function readOptions(options: BudgetOptions): BudgetSettings {
  checkOptions<BudgetOptions>('budget', options, {
    ...guardChecks,
    plans: acceptsPlans,
    store: accepts.methods('reserve', 'extend', 'cover', 'charge', 'renew', 'close'),
    limits: accepts.someOf(accepts.anything),
    requests: accepts.boolean,
    fit: accepts.boolean,
    leaseMs: accepts.integerBetween(5_000, 3_600_000),
    minOutputTokens: accepts.positiveInteger,
    refuseWith: (value) => value === 402 || value === 429 || '402 or 429',
    whenStoreDown: accepts.oneOf('closed', 'grace', 'open'),
    storeDeadlineMs: accepts.integerBetween(1, 60_000),
    spool: accepts.string,
    maxUnsettled: accepts.integerBetween(1, 1_000_000),
    strict: accepts.boolean,
    settleLate: accepts.function,
    onThreshold: accepts.function,
    now: accepts.function,
  });
  const limits = (options.limits ?? []).flatMap((limit) => limitsOf('budget: limits', limit, 'global'));
  if (!options.plans && limits.length === 0) {
    throw new TypeError('budget: "plans" or "limits" is required: without either there is nothing to count');
  }
  if (options.plans && !options.store) {
    throw new TypeError('budget: "store" is required where "plans" are given, e.g. memoryQuota()');
  }
  if (options.whenStoreDown === 'grace' && options.store && !options.store.reserveHeld) {
    throw new TypeError(
      'budget: "whenStoreDown" is "grace", but "store" leases nothing in advance; give redisQuota({ slices: \'grace\' })',
    );
  }
  for (const name of ['spool', 'maxUnsettled', 'strict'] as const) {
    if (options[name] !== undefined && !options.store) {
      throw new TypeError(
        `budget: "store" is required where "${name}" is given: it is about its settlements`,
      );
    }
  }
  const names = new Set(limits.map(({ name, scope }) => `${name}/${scope.length}/${JSON.stringify(scope)}`));
  if (names.size < limits.length) throw new TypeError('budget: "limits" holds the same limit twice');
  return {
    plans: options.plans,
    store: options.store,
    limits,
    requests: options.requests ?? false,
    fit: options.fit ?? false,
    leaseMs: options.leaseMs ?? 60_000,
    minOutputTokens: options.minOutputTokens ?? 16,
    refuseWith: options.refuseWith ?? 402,
    whenStoreDown: options.whenStoreDown ?? 'closed',
    storeDeadlineMs: options.storeDeadlineMs ?? 150,
    spool: options.spool,
    maxUnsettled: options.maxUnsettled ?? 10_000,
    strict: options.strict ?? false,
    settleLate: options.settleLate,
    onThreshold: options.onThreshold,
    now: options.now ?? Date.now,
    mode: options.mode ?? 'enforce',
    answer: { refusals: options.refusals ?? 'answer', errorFormat: options.errorFormat ?? 'auto' },
  };
}
