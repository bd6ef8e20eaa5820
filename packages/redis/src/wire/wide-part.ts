import type { UsageEvent } from '@tollgate/core';
import type {
  CounterState,
  EventCharge,
  QuotaAlternative,
  QuotaCharge,
  QuotaGrant,
} from '@tollgate/core/internal';

/** The partition that counters wider than a tenant live in. */
export const widePartition = 'wide';

/** A reservation's part on wide counters: leases separate from the reservation's. */
export interface WidePart {
  readonly leaseMs: number;
  /** The attempt that the reservation came with. */
  readonly declared: string | undefined;
  /** Leases in the wide partition; attempts without a separate one settle with the first. */
  readonly leases: Set<string>;
  readonly leaseOf: Map<string, string>;
  /** The charge of each attempt to wide counters if its end is not seen. */
  readonly floors: Map<string, readonly EventCharge[]>;
  /** The last grant and state, by counter. */
  readonly seen: Map<string, { readonly grant: QuotaGrant; readonly state: CounterState }>;
}

export const isWide = ({ charges }: QuotaAlternative): boolean => charges.some(({ wide }) => wide);

/** An alternative's charges by where they live, with their positions among all. */
export function split(charges: readonly QuotaCharge[]) {
  const narrow: QuotaCharge[] = [];
  const wide: QuotaCharge[] = [];
  const positions: { narrow: number[]; wide: number[] } = { narrow: [], wide: [] };
  for (const [index, charge] of charges.entries()) {
    (charge.wide ? wide : narrow).push(charge);
    (charge.wide ? positions.wide : positions.narrow).push(index);
  }
  return { narrow, wide, positions };
}

/** Merges the results of both parts in the order of the whole. */
export function merged<Item>(
  positions: { readonly narrow: readonly number[]; readonly wide: readonly number[] },
  narrow: readonly Item[],
  wide: readonly Item[],
): Item[] {
  const all: Item[] = [];
  for (const [at, index] of positions.narrow.entries()) all[index] = narrow[at] as Item;
  for (const [at, index] of positions.wide.entries()) all[index] = wide[at] as Item;
  return all;
}

/**
 * The charge of an attempt to these wide counters if its end is not seen: its floors, as far as they were granted. The floors of a cover
 * include amounts that the reservation held before.
 */
export function floorsOf(
  charges: readonly QuotaCharge[],
  grants: readonly QuotaGrant[],
  covers: boolean,
): EventCharge[] {
  return charges.flatMap(({ counter, window, floor = 0 }, index) => {
    const grant = grants[index];
    const amount = covers ? floor : Math.min(floor, grant?.granted ?? 0);
    return grant && amount > 0 && window.kind !== 'live' ? [{ counter, window: grant.window, amount }] : [];
  });
}

/** The event in a tenant's lease, with its attempt's charges to wide counters: a process that reaps the lease has only the tenant's own. */
export const withCharges = (event: UsageEvent, charges: readonly EventCharge[]): UsageEvent => ({
  ...event,
  charges,
});
