import { createHash } from 'node:crypto';
import type { Unit } from '@tollgate/core/internal';
import { Packer } from './packer.js';

/** The location of a counter: its hash, whose counters are read and written together, and the field in it. */
export interface CounterPlace {
  readonly scope: string;
  readonly field: string;
}

/** `c`: calendar window, `b`: token bucket, `l`: live leases. */
export type CounterKind = 'b' | 'c' | 'l';

/** The part from the tenant on is a counter's scope; a counter without a tenant has a separate hash. */
export function placeOf(kind: CounterKind, counter: string, windowId: string): CounterPlace {
  const at = counter.indexOf('/tenant=');
  return at < 0
    ? { scope: `o:${counter}`, field: `${kind}:|${windowId}` }
    : { scope: `s:${counter.slice(at + 1)}`, field: `${kind}:${counter.slice(0, at)}|${windowId}` };
}

/** Determines a counter's location, and packs its other properties. */
export interface CounterPack<Counter> {
  kindOf(counter: Counter): CounterKind;
  windowIdOf(counter: Counter): string;
  /** Packs the properties that every request needs. */
  hot(packer: Packer, counter: Counter): void;
  /** Packs the rarely needed properties, in `coldBytes` bytes. */
  cold(packer: Packer, counter: Counter): void;
  readonly coldBytes: number;
}

/** The constant part of requests for these counters, packed once. */
interface PackedPlaces {
  /** Up to the first group's figures. */
  readonly beginning: Buffer;
  readonly groups: readonly PackedGroup[];
}

/** Consecutive counters of one scope. */
interface PackedGroup {
  /** The first of them, and the first of the next group. */
  readonly start: number;
  readonly end: number;
  readonly units: Buffer;
  /** The next group, up to its figures; empty after the last one. */
  readonly next: Buffer;
}

/**
 * Packs the data of counters, those of one scope together, in their order: a digest of all locations, which identifies the reservation of a
 * settlement; then of each group its scope, its size, the number of rarely needed bytes, all fields, the data that every request needs of
 * each counter, and the rarely needed data of each, with all units.
 */
export function packCounters<Counter extends { readonly counter: string; readonly unit: Unit }>(
  packer: Packer,
  counters: readonly Counter[],
  pack: CounterPack<Counter>,
): void {
  let text = `${pack.coldBytes}`;
  for (const counter of counters) {
    text += `\0${pack.kindOf(counter)}${counter.counter}\0${pack.windowIdOf(counter)}\0${counter.unit}`;
  }
  const { beginning, groups } = known.get(text) ?? keep(text, packedPlaces(counters, pack));
  packer.bytes(beginning);
  for (const { start, end, units, next } of groups) {
    for (let at = start; at < end; at += 1) pack.hot(packer, counters[at] as Counter);
    for (let at = start; at < end; at += 1) pack.cold(packer, counters[at] as Counter);
    packer.bytes(units).bytes(next);
  }
}

/** Places that are kept packed; all are forgotten when there are more. */
const mostKept = 10_000;
const known = new Map<string, PackedPlaces>();

function keep(text: string, places: PackedPlaces): PackedPlaces {
  if (known.size >= mostKept) known.clear();
  known.set(text, places);
  return places;
}

function packedPlaces<Counter extends { readonly counter: string; readonly unit: Unit }>(
  counters: readonly Counter[],
  { kindOf, windowIdOf, coldBytes }: CounterPack<Counter>,
): PackedPlaces {
  const places = counters.map((one) => placeOf(kindOf(one), one.counter, windowIdOf(one)));
  const starts = places.flatMap(({ scope }, at) => (places[at - 1]?.scope === scope ? [] : [at]));
  const headOf = (index: number): Packer => {
    const packer = new Packer();
    const [start, end = counters.length] = [starts[index], starts[index + 1]];
    if (start === undefined) return packer;
    const unitBytes = counters.slice(start, end).reduce((sum, { unit }) => sum + unit.length + 1, 0);
    packer.text(places[start]?.scope ?? '').short(end - start);
    packer.short((end - start) * coldBytes + unitBytes);
    for (const { field } of places.slice(start, end)) packer.text(field);
    return packer;
  };
  const beginning = new Packer().text(digestOf(places)).short(Math.max(1, starts.length));
  if (counters.length === 0) beginning.text('').short(0).short(0);
  return {
    beginning: Buffer.from(beginning.bytes(headOf(0).done()).done()),
    groups: starts.map((start, index) => {
      const end = starts[index + 1] ?? counters.length;
      const units = new Packer();
      for (const { unit } of counters.slice(start, end)) units.text(unit);
      const next = Buffer.from(headOf(index + 1).done());
      return { start, end, units: Buffer.from(units.done()), next };
    }),
  };
}

/** 72 bits of SHA-1 as 12 letters. */
function digestOf(places: readonly CounterPlace[]): string {
  const text = places.map(({ scope, field }) => `${scope}\n${field}\n`).join('');
  return createHash('sha1').update(text).digest('base64').slice(0, 12);
}
