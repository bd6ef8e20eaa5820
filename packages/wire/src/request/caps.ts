import type { JsonObject } from '@tollgate/core/internal';
import { integerOf } from './json.js';

/**
 * The largest of several output caps: providers differ in which one they obey where a request states two, so the one that
 * costs most counts. Every cap that is present has to be a positive integer.
 */
export function largestCap(object: JsonObject, names: readonly string[], prefix = ''): number | undefined {
  let largest: number | undefined;
  for (const name of names) {
    const cap = integerOf(object, name, prefix + name, 1);
    if (cap !== undefined && (largest === undefined || cap > largest)) largest = cap;
  }
  return largest;
}
