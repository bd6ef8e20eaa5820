import type { Limit } from '@tollgate/core';
import { type DeclaredLimit, type LimitDeclaration, limitsOf } from '@tollgate/core/internal';

/** A route's limits, each key with a separate counter unless the limit sets another scope. Throws a `TypeError` for a value that is no limit. */
export function routeLimits(
  limit: DeclaredLimit,
  more: Omit<LimitDeclaration, 'limit'> | undefined,
): Limit[] {
  const where = 'tollgate: limit()';
  if (more === undefined) return limitsOf(where, limit, 'key');
  if (typeof limit === 'string') return limitsOf(where, { ...more, limit }, 'key');
  if (typeof limit === 'object' && limit !== null && !('unit' in limit) && !('limit' in limit)) {
    const each = Object.entries(limit).map(([unit, text]) => [unit, withMore(text, more)]);
    return limitsOf(where, Object.fromEntries(each), 'key');
  }
  throw new TypeError(
    `${where}: a limit that is no text says everything itself, e.g. spend('$5/day').by('route')`,
  );
}

function withMore(text: unknown, more: Omit<LimitDeclaration, 'limit'>): unknown {
  return typeof text === 'string' ? { ...more, limit: text } : text;
}
