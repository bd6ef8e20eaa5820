import { accepts, checkOptions, type OptionCheck, type SpendSource } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from './connection.js';

export interface RedisQuotaOptions extends ConnectionOptions {
  /** Begins every key; without braces. Stores that share a server and must not share counters need two. @defaultValue 'tollgate' */
  prefix?: string;
  /**
   * Into how many parts tenants are divided, each in one slot of a cluster, 1 to 1 024. The first store of a prefix decides it for
   * good; one with another number fails. @defaultValue 16
   */
  partitions?: number;
  /** How long a call may take, in ms, 5 to 60 000. @defaultValue 150 */
  deadlineMs?: number;
  /** Shares of a cap that are reported once per window when `used` reaches them, 0 < share ≤ 1. @defaultValue [0.5, 0.8, 1] */
  thresholds?: readonly number[];
  /**
   * Appends every usage event to its partition's stream in the step that charges it, and returns `recorded: true`. Needs a consumer of the
   * streams: `outbox()`. @defaultValue false
   */
  outbox?: boolean;
  /** How many operations travel in one script call at most, 1 to 256. @defaultValue 32 */
  batchSize?: number;
  /** Interval between sweeps of partitions without traffic for expired leases, in ms, 10 to 3 600 000. @defaultValue 1_000 (1 s) */
  sweepEveryMs?: number;
  /**
   * Amounts leased in advance, for this process to admit from in memory, never above the cap. `wide`: limits of all tenants together.
   * `grace`: also a tenant's own limits under which 20 requests arrive within a second, used only while Redis is away, with `budget({
   * whenStoreDown: 'grace' })`. @defaultValue 'wide'
   */
  slices?: 'wide' | 'grace';
  /**
   * How long amounts leased in advance are held for a silent process, which may admit without Redis no longer than that, in ms, 1 000 to 3
   * 600 000. @defaultValue 15_000 (15 s)
   */
  sliceLeaseMs?: number;
  /**
   * A ledger with earlier spend: counters that Redis has lost are rebuilt from it, and nothing is admitted before. Needs `outbox: true`,
   * and an `outbox()` that delivers to that ledger. @defaultValue lost counters begin at 0
   */
  spent?: SpendSource;
  /**
   * How long a refusal may be repeated from this process's memory where the used amount alone leaves less than requested, in ms, 0 to 5
   * 000; 0: never. @defaultValue 5_000 (5 s)
   */
  rememberRefusalsMs?: number;
}

export const prefixCheck: OptionCheck = (value) =>
  (typeof value === 'string' && /^[^{}\s]{1,64}$/.test(value)) ||
  'a text of 1 to 64 characters without braces and spaces';

/** Throws a `TypeError` for a wrong or unknown option. */
export function readOptions(factory: string, options: RedisQuotaOptions) {
  const sender = accepts.methods('sendCommand');
  checkOptions(factory, options, {
    client: sender,
    pool: sender,
    sentinel: sender,
    cluster: sender,
    prefix: prefixCheck,
    partitions: accepts.integerBetween(1, 1024),
    deadlineMs: accepts.integerBetween(5, 60_000),
    thresholds: accepts.arrayOf(accepts.share),
    outbox: accepts.boolean,
    batchSize: accepts.integerBetween(1, 256),
    sweepEveryMs: accepts.integerBetween(10, 3_600_000),
    spent: accepts.methods('spentIn', 'openWindows'),
    slices: acceptsSlices,
    sliceLeaseMs: accepts.integerBetween(1_000, 3_600_000),
    rememberRefusalsMs: accepts.integerBetween(0, 5_000),
  });
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError(`${factory}: exactly one of "client", "pool", "sentinel" and "cluster" is required`);
  if (options.spent && !options.outbox) {
    throw new TypeError(
      `${factory}: "spent" needs "outbox: true", by which what is settled reaches the ledger`,
    );
  }
  const { prefix = 'tollgate', partitions = 16, deadlineMs = 150, thresholds = [0.5, 0.8, 1] } = options;
  const { outbox = false, batchSize = 32, sweepEveryMs = 1_000 } = options;
  const { rememberRefusalsMs = 5_000, slices = 'wide', sliceLeaseMs = 15_000 } = options;
  const rising = [...new Set(thresholds)].sort((a, b) => a - b);
  return {
    connection,
    prefix,
    partitions,
    deadlineMs,
    thresholds: rising,
    outbox,
    batchSize,
    sweepEveryMs,
    rememberRefusalsMs,
    slices,
    sliceLeaseMs,
    spent: options.spent,
  };
}

export type ReadOptions = ReturnType<typeof readOptions>;

/** A check of the option `slices`; a value of earlier versions is refused with the reason. */
export function acceptsSlices(value: unknown): true | string {
  if (value === 'busy') {
    return '"wide" or "grace" ("busy" was removed: a process that was killed left spend in the counters that no request had caused, and batched calls take less time)';
  }
  return accepts.oneOf('wide', 'grace')(value);
}
