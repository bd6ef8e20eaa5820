import { type Caller, counterOf, type Limit } from '@tollgate/core';
import { type CounterSubject, isOfCaller, isOfRequest, type RequestRate } from '@tollgate/core/internal';
import type { WindowLimiter } from './window-limiter.js';

/** One counted rate: window, counter, amount. A burst is a separate rate of one second. */
export interface CountedRate {
  readonly name: string;
  readonly quota: number;
  readonly windowMs: number;
  readonly limiter: WindowLimiter;
  /** Its counter is one of the caller's own. */
  readonly ofCaller: boolean;
  /** Key of the counter. Throws `route_scope_needs_route` where the scope is the route and none is known. */
  readonly keyFor: (subject: CounterSubject) => string;
}

const burstWindowMs = 1_000;

interface CountedWindow {
  readonly name: string;
  readonly amount: number;
  readonly windowMs: number;
}

/** The windows of a rate: its own, and one second where it has a burst. */
function windowsOf(rate: RequestRate): readonly CountedWindow[] {
  const { name, amount, windowMs, burst } = rate;
  if (burst === undefined || windowMs <= burstWindowMs) return [{ name, amount: burst ?? amount, windowMs }];
  return [
    { name, amount, windowMs },
    { name: `${name}-burst`, amount: burst, windowMs: burstWindowMs },
  ];
}

/** Binds a rate to the limiters of its windows. Keys begin with `prefix` and the rate's name, never with the plan's: who changes plan keeps its count. */
export function countedRates(
  rate: RequestRate,
  prefix: string,
  limiterOf: (windowMs: number, sliding: boolean) => WindowLimiter,
): CountedRate[] {
  if (rate.scope.includes('model')) {
    throw new TypeError(
      `rateLimit: "${rate.name}" is by "model", which a request as a whole has none of; use budget({ limits: [requests(…).by('model')] })`,
    );
  }
  return windowsOf(rate).map(({ name, amount, windowMs }) => {
    const window = Object.freeze({
      kind: 'bucket' as const,
      rate: amount,
      periodMs: windowMs,
      burst: amount,
    });
    const limit: Limit = Object.freeze({
      name,
      unit: 'requests',
      amount,
      window,
      scope: rate.scope,
      soft: false,
    });
    return {
      name,
      quota: amount,
      windowMs,
      limiter: limiterOf(windowMs, rate.sliding),
      ofCaller: isOfCaller(rate),
      keyFor: keysOf(limit, `${prefix}/${name}/`),
    };
  });
}

/** A key without a part from the request is built once per caller, and disappears with it. */
function keysOf(limit: Limit, prefix: string): CountedRate['keyFor'] {
  const keyFor: CountedRate['keyFor'] = (subject) => prefix + counterOf(limit, subject).counter;
  if (isOfRequest(limit)) return keyFor;
  const known = new WeakMap<Caller, string>();
  return (subject) => {
    const before = known.get(subject.caller);
    if (before !== undefined) return before;
    const key = keyFor(subject);
    known.set(subject.caller, key);
    return key;
  };
}
