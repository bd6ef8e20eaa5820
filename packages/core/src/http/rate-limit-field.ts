import type { Response } from 'express';
import type { Unit } from '../lib/unit.js';

/** The remaining amount of one limit, for the `RateLimit` fields. Amounts in the unit; money in nano-dollars. */
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

/** The items written to this response so far, limit by limit, beside those of other middleware. */
interface Said {
  readonly names: string[];
  readonly policies: string[];
  readonly fields: string[];
  policyText: string;
  fieldText: string;
}

const none: readonly string[] = Object.freeze([]);
const said = Symbol('limits said in the RateLimit fields');

/**
 * The one writer of `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-08 and later; RFC 9651 lists of strings with
 * parameters): `"requests-min";r=99;t=12` and `"requests-min";q=100;w=60`. Money is in micro-dollars, rounded down (the fields allow 15
 * digits). Entries written earlier to the same response stay, other middleware's too; one of the same name is replaced. Does nothing once
 * headers are sent.
 */
export function appendRateLimit(res: Response, entries: readonly RateLimitEntry[]): void {
  if (res.headersSent || entries.length === 0) return;
  const carrier: Response & { [said]?: Said } = res;
  carrier[said] ??= { names: [], policies: [], fields: [], policyText: '', fieldText: '' };
  const ours = carrier[said];
  for (const entry of entries) {
    const known = ours.names.indexOf(entry.name);
    const at = known === -1 ? ours.names.push(entry.name) - 1 : known;
    ours.policies[at] = policyOf(entry);
    ours.fields[at] = fieldOf(entry);
  }
  ours.policyText = write(res, 'RateLimit-Policy', ours.policyText, ours.policies);
  ours.fieldText = write(res, 'RateLimit', ours.fieldText, ours.fields);
}

/** Rewrites a field, items of other middleware first; returns Tollgate's part. */
function write(res: Response, name: string, before: string, items: readonly string[]): string {
  const text = items.length === 1 ? (items[0] as string) : items.join(', ');
  const others = foreign(res.getHeader(name), before);
  res.setHeader(name, others.length === 0 ? text : [...others, text].join(', '));
  return text;
}

/** The items of a field that other middleware wrote: a header that was appended to is an array. */
function foreign(header: number | string | string[] | undefined, ours: string): readonly string[] {
  if (header === undefined || header === ours) return none;
  const parts = Array.isArray(header) ? header : [String(header)];
  return parts.flatMap((part) => {
    if (ours === '' || !part.endsWith(ours)) return [part];
    return part === ours ? [] : [part.slice(0, -ours.length - 2)];
  });
}

/** The policies written last, by the name of their limit: an app has a few limits, and writes them with every response. */
const policies = new Map<string, { readonly of: RateLimitEntry; readonly text: string }>();
const mostPolicies = 1_000;

function policyOf(entry: RateLimitEntry): string {
  const known = policies.get(entry.name);
  if (known && isSamePolicy(known.of, entry)) return known.text;
  if (policies.size >= mostPolicies) policies.clear();
  const text = policyText(entry);
  policies.set(entry.name, { of: entry, text });
  return text;
}

const isSamePolicy = (one: RateLimitEntry, other: RateLimitEntry): boolean =>
  one.quota === other.quota && one.windowSeconds === other.windowSeconds && one.unit === other.unit;

function policyText({ name, unit, quota, windowSeconds }: RateLimitEntry): string {
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
