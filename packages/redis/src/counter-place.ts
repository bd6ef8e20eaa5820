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

/**
 * Packs what belongs to counters, with those of one scope together as they come: all places in one text, by which a settlement is
 * known to be of what was reserved; then of each group its scope and size, all fields, what `pack` adds for each counter, in so many
 * bytes always, and all units.
 */
export function packCounters<Counter extends { readonly unit: Unit }>(
  packer: Packer,
  counters: readonly Counter[],
  placeFor: (counter: Counter) => CounterPlace,
  pack: (counter: Counter) => void,
): void {
  const places = counters.map(placeFor);
  const starts = places.flatMap(({ scope }, at) => (places[at - 1]?.scope === scope ? [] : [at]));
  const lines = places.map(({ scope, field }, at) => (starts.includes(at) ? `${scope}\n${field}` : field));
  packer.text(lines.join('\n')).short(Math.max(1, starts.length));
  if (counters.length === 0) packer.text('').short(0);
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? counters.length;
    const group = counters.slice(start, end);
    packer.text(places[start]?.scope ?? '').short(group.length);
    for (const { field } of places.slice(start, end)) packer.text(field);
    for (const counter of group) pack(counter);
    for (const { unit } of group) packer.text(unit);
  }
}
