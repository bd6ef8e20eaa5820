import { type Caller, counterOf, type Limit, type QuotaCounter } from '@tollgate/core';
import type { Rules } from './rules.js';

/** Counters that are the same for all requests of a caller; forgotten with the caller. */
const known = new WeakMap<Caller, WeakMap<Limit, QuotaCounter>>();

/** The counter that a limit means under these rules. Its key is put together once per caller, where the request has no part in it. */
export function knownCounter(limit: Limit, { caller, route, req }: Rules, model?: string): QuotaCounter {
  if (limit.scope.some(isOfRequest)) return counterOf(limit, { caller, route, req, model });
  let counters = known.get(caller);
  if (!counters) {
    counters = new WeakMap();
    known.set(caller, counters);
  }
  const before = counters.get(limit);
  if (before) return before;
  const counter = counterOf(limit, { caller });
  counters.set(limit, counter);
  return counter;
}

function isOfRequest(part: Limit['scope'][number]): boolean {
  return part === 'route' || part === 'model' || typeof part === 'object';
}
