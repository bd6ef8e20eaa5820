import type { IncomingHttpHeaders } from 'node:http';
import { accepts, describeValue } from '@tollgate/core/internal';
import { mayPass } from './provider-checks.js';

/**
 * Client headers that are forwarded, by name, with their allowed values: `{ 'anthropic-beta': ['prompt-caching-2024-07-31'] }`. From a list
 * of values those that are not named are removed. `'any'` forwards every value.
 */
export type PassHeaders = Readonly<Record<string, readonly string[] | 'any'>>;

/** {@link PassHeaders}, checked: lower-case names, and the values of each, or `undefined` for any. */
export type AllowedHeaders = readonly (readonly [name: string, values: ReadonlySet<string> | undefined])[];

/** Throws a `TypeError` for a header that must not come from a client, or values that are not texts. */
export function checkPassHeaders(factory: string, given: PassHeaders = {}): AllowedHeaders {
  return Object.entries(given).map(([name, values]) => {
    if (!mayPass(name)) {
      throw new TypeError(
        `${factory}: "passHeaders" must not name ${describeValue(name)}, which the transport writes itself`,
      );
    }
    const verdict = values === 'any' || accepts.arrayOf(accepts.string)(values);
    if (verdict !== true) {
      throw new TypeError(
        `${factory}: "passHeaders" for ${describeValue(name)} must be "any" or ${verdict}, received ${describeValue(values)}`,
      );
    }
    return [name.toLowerCase(), values === 'any' ? undefined : new Set(values)];
  });
}

/** Of the client's headers those that are allowed. */
export function passedHeaders(inbound: IncomingHttpHeaders, allowed: AllowedHeaders): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, values] of allowed) {
    const given = inbound[name];
    if (given === undefined) continue;
    const listed = (Array.isArray(given) ? given.join(',') : given).split(',').map((one) => one.trim());
    const kept = listed.filter((one) => /^[\x20-\x7e]+$/.test(one) && (!values || values.has(one)));
    if (kept.length > 0) passed[name] = kept.join(',');
  }
  return passed;
}
