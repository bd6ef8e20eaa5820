import { spanNamed, type WindowSpend } from '@tollgate/core/internal';
import { partitionOf } from '../script/partition.js';
import { widePartition } from '../wire/wide-part.js';

/** The spend of an open window, with its counter's location. */
export interface PlacedSpend {
  /** `undefined`: its tenant is not part of its name, so that it may be in any. */
  readonly partition: number | undefined;
  /** The counter and its window, as scripts name them. */
  readonly key: string;
  readonly endsAtMs: number;
  readonly amount: number;
}

/** Where a spend belongs; `undefined`: its window is not open at that time of the server's, or of a kind that is not counted so. */
export function placeOfSpend(
  { counter, window, amount }: WindowSpend,
  partitions: number,
  nowMs: number,
): PlacedSpend | undefined {
  const endsAtMs = spanNamed(counter, window, nowMs)?.endMs;
  if (endsAtMs === undefined) return undefined;
  const [, tenant] = /\/tenant=([^/]*)/.exec(counter) ?? [];
  const name = tenant === undefined ? widePartition : nameOf(tenant);
  const partition = name === undefined ? undefined : partitionOf(name, partitions);
  return { partition, key: `c:${counter}|${window}`, endsAtMs, amount };
}

/** A tenant in a counter's name; long names are replaced by their hash. */
function nameOf(tenant: string): string | undefined {
  if (tenant.startsWith('sha256-')) return undefined;
  try {
    return decodeURIComponent(tenant);
  } catch {
    return undefined;
  }
}
