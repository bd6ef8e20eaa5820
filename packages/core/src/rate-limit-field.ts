import type { Response } from 'express';
import type { Unit } from './unit.js';

/** What is left of one limit, for the `RateLimit` fields. Amounts in the unit; money in nano-dollars. */
export interface RateLimitEntry {
  /** Name of the limit: letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  readonly unit: Unit;
  readonly quota: number;
  /** Length of the window in seconds, where it is fixed. */
  readonly windowSeconds?: number | undefined;
  readonly left: number;
  /** Seconds until the window ends. */
  readonly resetSeconds?: number | undefined;
}

const said = new WeakMap<Response, Map<string, { policy: string; field: string }>>();

/**
 * The one writer of `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-08 and later; RFC 9651 lists of strings with parameters):
 * `"requests-min";r=99;t=12` and `"requests-min";q=100;w=60`. Money is in micro-dollars, rounded down (the fields allow 15 digits).
 * Limits said earlier in the same response stay; one of the same name is replaced. Does nothing once headers are sent.
 */
export function appendRateLimit(res: Response, entries: readonly RateLimitEntry[]): void {
  if (res.headersSent || entries.length === 0) return;
  let fields = said.get(res);
  if (!fields) {
    fields = new Map();
    said.set(res, fields);
  }
  for (const entry of entries) fields.set(entry.name, { policy: policyOf(entry), field: fieldOf(entry) });
  const all = [...fields.values()];
  res.setHeader('RateLimit-Policy', all.map(({ policy }) => policy).join(', '));
  res.setHeader('RateLimit', all.map(({ field }) => field).join(', '));
}

function policyOf({ name, unit, quota, windowSeconds }: RateLimitEntry): string {
  const window = windowSeconds === undefined ? '' : `;w=${Math.ceil(windowSeconds)}`;
  const what = unit === 'requests' ? '' : `;qu="${unit === 'usd' ? 'micro-usd' : unit}"`;
  return `"${name}";q=${shown(quota, unit)}${window}${what}`;
}

function fieldOf({ name, unit, left, resetSeconds }: RateLimitEntry): string {
  const reset = resetSeconds === undefined ? '' : `;t=${Math.max(0, Math.ceil(resetSeconds))}`;
  return `"${name}";r=${shown(left, unit)}${reset}`;
}

function shown(amount: number, unit: Unit): number {
  return Math.max(0, unit === 'usd' ? Math.floor(amount / 1000) : amount);
}
