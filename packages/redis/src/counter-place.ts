import { createHash } from 'node:crypto';
import type { Unit } from '@tollgate/core';
import type { Packer } from './packer.js';

/** Where a counter stands: in which hash, whose counters are read and written together, and in which field of it. */
export interface CounterPlace {
  readonly scope: string;
  readonly field: string;
}

/** `c`: calendar window, `b`: token bucket, `l`: live leases. */
export type CounterKind = 'b' | 'c' | 'l';

/** Everything from its tenant on is a counter's scope; one without a tenant has a hash of its own. */
export function placeOf(kind: CounterKind, counter: string, windowId: string): CounterPlace {
  const at = counter.indexOf('/tenant=');
  return at < 0
    ? { scope: `o:${counter}`, field: `${kind}:|${windowId}` }
    : { scope: `s:${counter.slice(at + 1)}`, field: `${kind}:${counter.slice(0, at)}|${windowId}` };
}

/** What is packed of a counter besides its place. */
export interface CounterPack<Counter> {
  /** What every request needs. */
  hot(counter: Counter): void;
  /** What is needed seldom, in `coldBytes` bytes. */
  cold(counter: Counter): void;
  readonly coldBytes: number;
}

/**
 * Packs what belongs to counters, with those of one scope together as they come: a digest of all places, by which a settlement is known
 * to be of what was reserved; then of each group its scope, its size and how many bytes are needed seldom, all fields, what every request
 * needs of each counter, and what is needed seldom of each, with all units.
 */
export function packCounters<Counter extends { readonly unit: Unit }>(
  packer: Packer,
  counters: readonly Counter[],
  placeFor: (counter: Counter) => CounterPlace,
  { hot, cold, coldBytes }: CounterPack<Counter>,
): void {
  const places = counters.map(placeFor);
  const starts = places.flatMap(({ scope }, at) => (places[at - 1]?.scope === scope ? [] : [at]));
  packer.text(digestOf(places)).short(Math.max(1, starts.length));
  if (counters.length === 0) packer.text('').short(0).short(0);
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? counters.length;
    const group = counters.slice(start, end);
    const unitBytes = group.reduce((sum, { unit }) => sum + unit.length + 1, 0);
    packer.text(places[start]?.scope ?? '').short(group.length);
    packer.short(group.length * coldBytes + unitBytes);
    for (const { field } of places.slice(start, end)) packer.text(field);
    for (const counter of group) hot(counter);
    for (const counter of group) cold(counter);
    for (const { unit } of group) packer.text(unit);
  }
}

/** Places whose digests are kept; all are forgotten when there are more. */
const mostKept = 10_000;
const digests = new Map<string, string>();

/** 72 bits of SHA-1 as 12 letters. */
function digestOf(places: readonly CounterPlace[]): string {
  let text = '';
  for (const { scope, field } of places) text += `${scope}\n${field}\n`;
  const known = digests.get(text);
  if (known !== undefined) return known;
  const digest = createHash('sha1').update(text).digest('base64').slice(0, 12);
  if (digests.size >= mostKept) digests.clear();
  digests.set(text, digest);
  return digest;
}
