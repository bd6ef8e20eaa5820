import { declareLimit } from './declare-limit.js';
import type { Limit, ScopePart } from './limit.js';
import type { LimitDeclaration, LimitText } from './plan.js';
import type { Unit } from './unit.js';

/** A limit that can still be given its scope. */
export interface ScopableLimit extends Limit {
  /** The same limit counted for others: `.by('route')` for all callers of a route together, `.by('route', 'user')` for each. */
  by(...scope: readonly ScopePart[]): ScopableLimit;
}

/** Money: `spend('$5/day')`. Throws a `TypeError` for anything that is no limit in dollars. */
export function spend(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('spend', 'usd', limit);
}

/** Input and output tokens together: `tokens('20k/day')`. Per minute it is a bucket. */
export function tokens(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('tokens', 'tokens', limit);
}

/** Input tokens: `inputTokens('1M/day')`. */
export function inputTokens(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('inputTokens', 'inputTokens', limit);
}

/** Output tokens: `outputTokens('100k/day')`. */
export function outputTokens(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('outputTokens', 'outputTokens', limit);
}

/** Requests counted by the quota engine, e.g. per month: `requests('10k/month')`. */
export function requests(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('requests', 'requests', limit);
}

/** Reads `'$5/day'` as money and `'20k/day'` as tokens; passes limits on. What `limits` options accept. */
export function limitOf(where: string, limit: Limit | LimitText): Limit {
  if (typeof limit !== 'string') return limit;
  return declareLimit(where, limit.startsWith('$') ? 'usd' : 'tokens', limit);
}

function scopable(builder: string, unit: Unit, declared: LimitText | LimitDeclaration): ScopableLimit {
  const declaration: LimitDeclaration = typeof declared === 'string' ? { limit: declared } : declared;
  const limit = declareLimit(`${builder}()`, unit, declaration);
  return Object.freeze({
    ...limit,
    by: (...scope: readonly ScopePart[]) => scopable(builder, unit, { ...declaration, by: scope }),
  });
}
