import type { Caller, Plan, Plans } from '@tollgate/core';
import {
  declareRequests,
  hasOwnLimits,
  limitsFor,
  planOf,
  type RequestRate,
  warnOfManyProcesses,
} from '@tollgate/core/internal';
import type { Request } from 'express';
import type { Store } from 'express-rate-limit';
import { LocalSlidingStore } from './local-sliding-store.js';
import { LocalStore } from './local-store.js';
import { networkOf } from './network.js';
import { networkScope, type ReadRateLimitOptions, type RequestLimit } from './options.js';
import { type CountedRate, countedRates } from './rate.js';
import { ShieldedStore } from './shielded-store.js';
import { isWeighted } from './weighted-store.js';
import { WindowLimiter } from './window-limiter.js';

/** Every rate of a limiter, bound to its window's limiter. Made once, at start. */
export interface RateRegistry {
  /** The rates that count for a caller. Throws a TollgateError (403) for a plan that is not defined. */
  ratesFor(caller: Caller | undefined): readonly CountedRate[];
}

const used = new WeakSet<Store>();

/** Builds one express-rate-limit instance for each distinct window of all rates, fixed and sliding. Throws an error that describes the problem of a limit or a store. */
export function rateRegistry(options: ReadRateLimitOptions): RateRegistry {
  const limiters = new Map<string, WindowLimiter>();
  let started = false;
  const limiterOf = (windowMs: number, sliding: boolean): WindowLimiter => {
    const name = `${options.name}-${sliding ? 'sliding-' : ''}${windowMs}ms`;
    const limiter =
      limiters.get(name) ??
      new WindowLimiter(windowMs, storeOf(options, name, windowMs, sliding), options.now, started);
    limiters.set(name, limiter);
    return limiter;
  };
  const bind = (rates: readonly RequestRate[], source: string): CountedRate[] =>
    rates.flatMap((rate) => countedRates(rate, `${options.name}/${source}`, limiterOf));

  const own = bind(ownRates(options), 'limit');
  const { plans } = options;
  const byPlan = new Map(
    Object.values(plans ?? {}).map((plan) => [plan.name, [...bind(plan.requests, 'plan'), ...own]]),
  );
  /** For callers with their own limits; the entry disappears with the caller. */
  const byCaller = new WeakMap<Caller, readonly CountedRate[]>();
  const ratesOf = (caller: Caller, plan: Plan): readonly CountedRate[] => {
    const known = byCaller.get(caller);
    if (known) return known;
    const rates = [...bind(limitsFor(plan, caller).requests, 'plan'), ...own];
    byCaller.set(caller, rates);
    return rates;
  };
  const strictest = byPlan.get(strictestOf(plans)?.name ?? '') ?? own;
  started = true;
  return {
    ratesFor: (caller) => {
      if (!plans) return own;
      if (!caller) return strictest;
      const plan = planOf(plans, caller);
      return hasOwnLimits(caller) ? ratesOf(caller, plan) : (byPlan.get(plan.name) ?? own);
    },
  };
}

function ownRates({ limits, plans, ipv6Subnet }: ReadRateLimitOptions): RequestRate[] {
  const ip = networkScope((req: Request) => networkOf(req, ipv6Subnet));
  const planNames = new Set(
    Object.values(plans ?? {}).flatMap((plan) => plan.requests.map(({ name }) => name)),
  );
  const rates = limits.map((limit: RequestLimit) => {
    if (typeof limit === 'string') return declareRequests('rateLimit: limits', limit);
    const { by = 'key', ...rest } = limit;
    const parts = Array.isArray(by) ? by : [by];
    return declareRequests('rateLimit: limits', {
      ...rest,
      by: parts.map((part) => (part === 'ip' ? ip : part)),
    });
  });
  const names = rates.map(({ name }) => name);
  const twin = names.find((name, index) => planNames.has(name) || names.indexOf(name) !== index);
  if (twin) throw new TypeError(`rateLimit: two limits are named "${twin}"; give one of them a "name"`);
  return rates;
}

/** The plan whose tightest rate lets the fewest requests through. */
function strictestOf(plans: Plans | undefined): Plan | undefined {
  const perMs = (plan: Plan): number =>
    Math.min(...plan.requests.map(({ amount, windowMs }) => amount / windowMs));
  return Object.values(plans ?? {})
    .filter((plan) => plan.requests.length > 0)
    .reduce<Plan | undefined>(
      (least, plan) => (least && perMs(least) <= perMs(plan) ? least : plan),
      undefined,
    );
}

function storeOf(options: ReadRateLimitOptions, name: string, windowMs: number, sliding: boolean): Store {
  const { stores, cost, whenStoreDown, expectedProcesses, storeDeadlineMs: deadlineMs, now } = options;
  if (!stores) {
    warnOfManyProcesses('rateLimit', 'Give "stores", e.g. rate-limit-redis.');
    return sliding ? new LocalSlidingStore(now) : new LocalStore(now);
  }
  const store = stores(name, windowMs, sliding ? 'sliding' : 'fixed');
  if (
    typeof store?.increment !== 'function' ||
    typeof store.decrement !== 'function' ||
    typeof store.resetKey !== 'function'
  ) {
    throw new TypeError(
      `rateLimit: "stores" must return a store of express-rate-limit (increment, decrement, resetKey) for ${name}`,
    );
  }
  if (used.has(store))
    throw new TypeError(
      `rateLimit: "stores" returned a store that is in use already; make a new one for ${name}`,
    );
  if (cost !== undefined && !isWeighted(store)) {
    throw new TypeError(
      `rateLimit: "cost" needs stores with incrementBy() and decrementBy(), such as rateLimitStores() of @tollgate/redis; the one for ${name} counts one request at a time`,
    );
  }
  if (sliding !== (isWeighted(store) && store.slides === true)) {
    throw new TypeError(
      sliding
        ? `rateLimit: "window: 'sliding'" needs stores that slide, such as rateLimitStores() of @tollgate/redis; the one for ${name} counts in fixed windows`
        : `rateLimit: "stores" returned a store of sliding windows for ${name}, which are fixed; its third argument says which are asked for`,
    );
  }
  used.add(store);
  return new ShieldedStore(store, { name, whenStoreDown, expectedProcesses, deadlineMs, now });
}
