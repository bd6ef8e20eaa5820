import { accepts, checkOptions, describeValue } from '@tollgate/core/internal';
import type { BillingDatabase } from './billing-database.js';
import type { BillingProvider } from './billing-provider.js';
import { checkMeters, type Meter } from './meter.js';
import type { Slice } from './outbox.js';

export interface BillingOptions {
  /** The ledger's database: `books.database`, or the result of `database()` of `@tollgate/postgres`. It is not closed here. */
  database: BillingDatabase;
  /** Who writes the invoices: `stripeMeters()`, `openMeter()` or `lago()`. */
  provider: BillingProvider;
  /** The meters to bill, one or more. A meter whose definition changes bills its rows differently, back to `since`: give it a new name. */
  meters: readonly Meter[];
  /**
   * Who pays for a tenant, by the provider's id: Stripe's `cus_…`, OpenMeter's subject, Lago's subscription. Usage of a tenant without
   * one waits. @defaultValue the tenant itself
   */
  customers?:
    | Readonly<Record<string, string>>
    | ((tenant: string) => string | undefined | Promise<string | undefined>);
  /** Usage before this is never billed: the start of an hour in UTC (of a day, with days), `'2026-11-01T00:00:00Z'`. */
  since: string;
  /** Usage is added up by `hour` or `day`, in UTC. @defaultValue 'hour' */
  slice?: Slice;
  /**
   * Time from a slice's end to its first billing, in ms, for rows that arrive late; 0 to 86 400 000. Rows that arrive after that are billed
   * later. @defaultValue 300_000 (5 min)
   */
  settleMs?: number;
  /** How far back late rows are searched, in days; 1 to 400. @defaultValue 62 */
  lookBackDays?: number;
  /** Usage older than the provider accepts: dated to the time of sending, or set aside for an operator's decision. @defaultValue 'now' */
  lateUsage?: 'now' | 'set-aside';
  /** Events sent at once, 1 to 50. @defaultValue 8 */
  concurrency?: number;
  /** How long an event is left to the process that sends it, ms; 1 000 to 3 600 000. More than sending takes. @defaultValue 120_000 */
  claimMs?: number;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
  /** 0 ≤ number < 1, for pauses that do not coincide. @defaultValue Math.random */
  random?: () => number;
}

/** Reads the options of `billing()`. Throws a `TypeError` for a wrong or unknown one. */
export function readBillingOptions(options: BillingOptions) {
  checkOptions<BillingOptions>(
    'billing',
    options,
    {
      database: accepts.methods('ready', 'execute'),
      provider: accepts.methods('send'),
      meters: (value) => (Array.isArray(value) && value.length > 0) || 'an array of one meter or more',
      customers: (value) =>
        typeof value === 'function' || accepts.object(value) === true || 'an object by tenant, or a function',
      since: accepts.string,
      slice: accepts.oneOf('hour', 'day'),
      settleMs: accepts.integerBetween(0, 86_400_000),
      lookBackDays: accepts.integerBetween(1, 400),
      lateUsage: accepts.oneOf('now', 'set-aside'),
      concurrency: accepts.integerBetween(1, 50),
      claimMs: accepts.integerBetween(1_000, 3_600_000),
      now: accepts.function,
      random: accepts.function,
    },
    ['database', 'provider', 'meters', 'since'],
  );
  checkMeters('billing', options.meters);
  const { slice = 'hour', customers = (tenant: string) => tenant } = options;
  return {
    ...{ settleMs: 300_000, lookBackDays: 62, lateUsage: 'now' as const, concurrency: 8, claimMs: 120_000 },
    ...{ now: Date.now, random: Math.random },
    ...options,
    slice,
    sliceMs: sliceMs[slice],
    sinceMs: sinceOf(options.since, slice),
    customerOf: typeof customers === 'function' ? customers : fromTable(customers),
  };
}

export type BillingSettings = ReturnType<typeof readBillingOptions>;

const sliceMs: Readonly<Record<Slice, number>> = { hour: 3_600_000, day: 86_400_000 };

const fromTable = (customers: Readonly<Record<string, string>>) => (tenant: string) =>
  Object.hasOwn(customers, tenant) ? customers[tenant] : undefined;

function sinceOf(since: string, slice: Slice): number {
  const atMs = Date.parse(since);
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(since) && atMs % sliceMs[slice] === 0) return atMs;
  throw new TypeError(
    `billing: "since" must be the start of ${slice === 'hour' ? 'an hour' : 'a day'} in UTC such as "2026-11-01T00:00:00Z", received ${describeValue(since)}`,
  );
}
