import type { QuotaCounter } from '@tollgate/core/internal';
import fc from 'fast-check';
import { bucketCounter, calendar, liveCounter, quotaCounter } from './quota-fixture.js';

/** The requested amount of a charge, as a share of its counter's limit. */
export interface TraceCharge {
  /** Index of one of the tenant's counters. */
  readonly counter: number;
  /** In percent of the limit; above 100 it never fits. */
  readonly want: number;
  /** In percent of the wanted amount. */
  readonly min: number | undefined;
  readonly onlyBelow: number | undefined;
  /** In percent of the wanted amount. */
  readonly floor: number;
}

/** One thing that happens. Reservations and attempts are named by small numbers, so that they meet again. */
export type TraceCommand =
  | {
      readonly does: 'reserve';
      readonly id: number;
      readonly attempt: number | undefined;
      readonly alternatives: readonly (readonly TraceCharge[])[];
      readonly leaseMs: number;
    }
  | { readonly does: 'extend'; readonly id: number; readonly charges: readonly TraceCharge[] }
  | {
      readonly does: 'cover';
      readonly id: number;
      readonly attempt: number;
      readonly alternatives: readonly (readonly TraceCharge[])[];
    }
  | {
      readonly does: 'charge';
      readonly id: number;
      readonly attempt: number;
      /** In percent of the reservation's unassigned amount; `amount` above `release` is an overrun. */
      readonly amount: number;
      readonly release: number;
      readonly close: boolean;
    }
  | { readonly does: 'renew'; readonly id: number; readonly attempt: number; readonly amount: number }
  | { readonly does: 'close'; readonly id: number }
  /** A correction of a reservation's charge: signed, in percent of each counter's limit. */
  | { readonly does: 'adjust'; readonly id: number; readonly attempt: number; readonly amount: number }
  /** An earlier request, word for word: a re-sent or late delivery. */
  | { readonly does: 'repeat'; readonly back: number }
  | { readonly does: 'wait'; readonly ms: number | 'minute' | 'hour' };

export const traceTenants = 3;
/** As many of each tenant. */
export const traceReservations = 9;

/** The counters of a tenant, named as apps' are, in two scopes: calendar, bucket, live, soft. */
export function traceCounters(tenant: number): readonly QuotaCounter[] {
  const scope = `tenant=${traceTenantName(tenant)}`;
  return [
    quotaCounter(`usd/minute/${scope}`, 100, { window: calendar('minute') }),
    quotaCounter(`tokens/hour/${scope}/key=k`, 300, { unit: 'tokens', window: calendar('hour') }),
    bucketCounter(`tokens/1000ms/${scope}`, { rate: 7, periodMs: 1000, burst: 60 }),
    liveCounter(`concurrent/live/${scope}/key=k`, 2),
    quotaCounter(`usd/day/${scope}`, 40, { soft: true }),
  ];
}

export const traceTenantOf = (id: number): number => id % traceTenants;
export const traceTenantName = (tenant: number): string => `tenant-${tenant}`;

/** Reservation ids and attempt ids: UUIDv7, the same in every run. */
export const traceId = (id: number, attempt = 0): string =>
  `019aa000-0000-7000-8000-${id.toString().padStart(6, '0')}${attempt.toString().padStart(6, '0')}`;

const id = fc.nat(traceReservations - 1);
const attempt = fc.integer({ min: 1, max: 3 });
const percent = fc.oneof(fc.constantFrom(0, 10, 50, 100), fc.nat(100));

const charge: fc.Arbitrary<TraceCharge> = fc.record({
  counter: fc.nat(4),
  want: fc.oneof(
    { weight: 8, arbitrary: fc.nat(60) },
    { weight: 1, arbitrary: fc.constantFrom(0, 100, 120) },
  ),
  min: fc.option(percent, { nil: undefined, freq: 4 }),
  onlyBelow: fc.option(fc.constantFrom(0.3, 0.5, 0.85, 1), { nil: undefined, freq: 5 }),
  floor: percent,
});

const charges = fc.uniqueArray(charge, { minLength: 1, maxLength: 5, selector: ({ counter }) => counter });
const alternatives = fc.array(charges, { minLength: 1, maxLength: 2 });

const command: fc.Arbitrary<TraceCommand> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('reserve' as const),
      id,
      attempt: fc.option(attempt, { nil: undefined, freq: 3 }),
      alternatives,
      leaseMs: fc.constantFrom(1000, 5000, 60_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('extend' as const), id, charges }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('cover' as const), id, attempt, alternatives }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('charge' as const),
      id,
      attempt,
      amount: fc.oneof(percent, fc.constantFrom(130)),
      release: percent,
      close: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('renew' as const), id, attempt, amount: percent }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('close' as const), id }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('adjust' as const),
      id,
      attempt,
      amount: fc.integer({ min: -80, max: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('repeat' as const), back: fc.nat(12) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('wait' as const),
      ms: fc.oneof(
        fc.nat(900),
        fc.constantFrom<number | 'minute' | 'hour'>(1000, 5000, 60_000, 130_000, 'minute', 'hour'),
      ),
    }),
  },
);

/** Random traces of a few tenants: several counters, clock steps, duplicates, late replies, expiry, close before reserve. */
export const traces = fc.array(command, { minLength: 1, maxLength: 40, size: 'max' });

/**
 * Traces in which no attempt uses more than was held; play them as an honest owner. Either attempts are charged within their holds, or
 * reservations are left to expire with floors within their grants: both at once could exceed the holds.
 */
export const honestTraces = fc.tuple(traces, fc.boolean()).map(([trace, expires]) =>
  trace.flatMap((one): TraceCommand[] => {
    if (one.does === 'renew') return [{ ...one, amount: 0 }];
    if (one.does === 'adjust') return [{ ...one, amount: Math.min(0, one.amount) }];
    if (one.does === 'charge') return expires ? [] : [{ ...one, amount: Math.min(one.amount, one.release) }];
    if (one.does === 'reserve' && expires) {
      return [{ ...one, alternatives: one.alternatives.map((charges) => charges.map(allOrNothing)) }];
    }
    if (one.does === 'extend') return [{ ...one, charges: one.charges.map(withoutFloor) }];
    if (one.does === 'reserve' || one.does === 'cover') {
      return [{ ...one, alternatives: one.alternatives.map((charges) => charges.map(withoutFloor)) }];
    }
    return [one];
  }),
);

const withoutFloor = (asked: TraceCharge): TraceCharge => ({ ...asked, floor: 0 });
const allOrNothing = (asked: TraceCharge): TraceCharge => ({ ...asked, min: undefined });
