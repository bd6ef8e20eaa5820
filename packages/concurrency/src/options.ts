import type { Plans, QuotaStore } from '@tollgate/core';
import {
  accepts,
  acceptsPlans,
  checkOptions,
  defaultClientIdleMs,
  describeValue,
  type GuardOptions,
  guardChecks,
} from '@tollgate/core/internal';
import type { Request } from 'express';
import { type AdaptiveOptions, adaptiveCheck, limitFrom } from './adaptive-options.js';
import { type Clock, systemClock } from './clock.js';
import type { PermitLimit } from './permit-limit.js';
import { checkPressure, Pressure, type PressureOptions, pressureCheck } from './pressure.js';

/** Where requests wait that find no permit free. */
export interface QueueOptions {
  /** How many may wait. Integer ≥ 0. @defaultValue 1_000 */
  size?: number;
  /** How many of one tenant may wait in each lane, so that none fills the queue. Positive integer. @defaultValue a tenth of `size`, at least 1 */
  perTenant?: number;
  /** How long one may wait, in ms, 1 to 3 600 000. @defaultValue 10_000 (10 s) */
  timeoutMs?: number;
}

/** Work that waits for room. */
export interface BatchOptions {
  /** Batch work is admitted only while less than this share of the permits is taken and no other request waits, 0 < share ≤ 1. @defaultValue 0.5 */
  share?: number;
  /** How long it may wait, in ms, 1 to 3 600 000. @defaultValue 60_000 (1 min) */
  timeoutMs?: number;
  /** Which requests are batch work: `(req) => req.path.startsWith('/jobs')`. @defaultValue those of routes with `guard.batch`, and the header's */
  of?: (req: Request) => boolean;
  /**
   * Callers with that scope may declare their own requests batch work by a header, `x-tollgate-priority: batch`; that of others is
   * ignored. @defaultValue no header
   */
  header?: { scope: string; name?: string };
}

/** Options of `concurrency`. */
export interface ConcurrencyOptions extends GuardOptions {
  /** How many requests may be in flight at once, of all processes where `store` is given. Positive integer. */
  limit: number;
  /** Tiers, from `definePlans`: `priority` decides how often a plan's waiters get their turn, `1 + priority` times each. @defaultValue all are equal */
  plans?: Plans;
  /**
   * Also refuses callers that have more in flight than their plan's `concurrent` (429), waiters included, counted in this process. For
   * apps without `budget()`, which counts that otherwise, over all processes. Needs `plans`. @defaultValue false
   */
  perCaller?: boolean;
  /**
   * How much of the permits that are free one tenant may take once several tenants have been seen, 0 < share ≤ 1: with 0.5, a tenant that
   * holds on to all it gets has half of the permits. Counted in this process. @defaultValue 0.5
   */
  tenantShare?: number;
  /**
   * How long a client may accept no byte of its answer while more is waiting, in ms; then its connection is cut, and its permit is free.
   * Positive integer. @defaultValue 30_000 (30 s)
   */
  clientIdleMs?: number;
  /** `false`: no request waits. @defaultValue 1 000 waiters, 10 s */
  queue?: QueueOptions | false;
  /** Follows latency and failures, between `min` and `limit`, in each process separately. @defaultValue false: the limit is `limit` */
  adaptive?: boolean | AdaptiveOptions;
  batch?: BatchOptions;
  /**
   * Under pressure callers may use part of the permits only, by the `criticality` of their plan: `low` half of them, `normal` 80 %, `high` 95 %,
   * `critical` all. Without effect where all plans are equally critical. @defaultValue { loopDelayMs: 200, limitShare: 0.5 }
   */
  pressure?: PressureOptions | false;
  /** Requests that need no permit. @defaultValue GET, HEAD and OPTIONS */
  skip?: (req: Request) => boolean;
  /** Counts permits of all processes together, as leases: the `store` that `budget()` has. @defaultValue this process alone */
  store?: QuotaStore;
  /** The permits' name in the store. Two guards that share a store and must not share permits need two. @defaultValue 'app' */
  name?: string;
  /** While the store fails: `local` allows `limit ÷ expectedProcesses` here, `open` the whole limit, `closed` refuses (503). @defaultValue 'local' */
  whenStoreDown?: 'local' | 'open' | 'closed';
  /** How many processes share the store. Positive integer. @defaultValue 1 */
  expectedProcesses?: number;
  /** How long the store may take, in ms, 5 to 60 000. @defaultValue 150 */
  storeDeadlineMs?: number;
  /** When the permits of a process that died are free again, in ms, 1 000 to 3 600 000. @defaultValue 30_000 (30 s) */
  leaseMs?: number;
  /** For tests. @defaultValue the system's */
  clock?: Clock;
}

/** The options, read: every default filled in. */
export interface ConcurrencySettings {
  readonly most: number;
  readonly limit: PermitLimit;
  /** Where latency is measured; `undefined` where it is not needed. */
  readonly latency: 'firstByte' | 'end' | undefined;
  readonly plans: Plans | undefined;
  readonly perCaller: boolean;
  readonly tenantShare: number;
  readonly clientIdleMs: number;
  readonly queue: Required<QueueOptions>;
  readonly batch: {
    readonly share: number;
    readonly timeoutMs: number;
    readonly of: ((req: Request) => boolean) | undefined;
    readonly header: PriorityHeader | undefined;
  };
  /** Absent: all callers are equally critical. */
  readonly pressure: Pressure | undefined;
  readonly skip: (req: Request) => boolean;
  readonly store: QuotaStore | undefined;
  readonly name: string;
  readonly whenStoreDown: 'local' | 'open' | 'closed';
  readonly expectedProcesses: number;
  readonly storeDeadlineMs: number;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly mode: 'enforce' | 'shadow' | 'off';
}

/** The header that declares a request as batch work, and the callers that may use it. */
export interface PriorityHeader {
  readonly scope: string;
  readonly name: string;
}

const waitMs = accepts.integerBetween(1, 3_600_000);

/** Checks and reads the options. Throws a `TypeError` on a wrong, unknown or missing one. */
export function readOptions(options: ConcurrencyOptions): ConcurrencySettings {
  checkOptions<ConcurrencyOptions>(
    'concurrency',
    options,
    {
      ...guardChecks,
      limit: accepts.positiveInteger,
      plans: acceptsPlans,
      perCaller: accepts.boolean,
      clientIdleMs: accepts.positiveInteger,
      tenantShare: (value) =>
        (typeof value === 'number' && value > 0 && value <= 1) || 'a share above 0 and at most 1',
      queue: (value) => value === false || accepts.object(value) === true || 'false or an object',
      adaptive: adaptiveCheck,
      batch: accepts.object,
      pressure: pressureCheck,
      skip: accepts.function,
      store: accepts.methods('reserve', 'close', 'renew'),
      name: nameCheck,
      whenStoreDown: accepts.oneOf('local', 'open', 'closed'),
      expectedProcesses: accepts.positiveInteger,
      storeDeadlineMs: accepts.integerBetween(5, 60_000),
      leaseMs: accepts.integerBetween(1_000, 3_600_000),
      clock: accepts.methods('now', 'after'),
    },
    ['limit'],
  );
  const { limit: most, plans, perCaller = false } = options;
  if (perCaller && !plans) throw new TypeError('concurrency: "perCaller" needs "plans", which say how many');
  const { limit, latency } = limitFrom(options.adaptive, most);
  return {
    most,
    limit,
    latency,
    plans,
    perCaller,
    tenantShare: options.tenantShare ?? 0.5,
    clientIdleMs: options.clientIdleMs ?? defaultClientIdleMs,
    queue: queueOf(options.queue ?? {}),
    batch: batchOf(options.batch ?? {}),
    pressure: pressureOf(options, options.clock ?? systemClock),
    skip: options.skip ?? makesNoCall,
    store: options.store,
    name: options.name ?? 'app',
    whenStoreDown: options.whenStoreDown ?? 'local',
    expectedProcesses: options.expectedProcesses ?? 1,
    storeDeadlineMs: options.storeDeadlineMs ?? 150,
    leaseMs: options.leaseMs ?? 30_000,
    clock: options.clock ?? systemClock,
    mode: options.mode ?? 'enforce',
  };
}

function pressureOf({ pressure = {}, plans, mode }: ConcurrencyOptions, clock: Clock) {
  if (pressure === false) return undefined;
  checkPressure(pressure);
  const kinds = new Set(Object.values(plans ?? {}).map(({ criticality }) => criticality));
  return mode === 'off' || kinds.size < 2 ? undefined : new Pressure(pressure, clock);
}

function queueOf(queue: QueueOptions | false): Required<QueueOptions> {
  if (queue === false) return { size: 0, perTenant: 1, timeoutMs: 1 };
  checkOptions<QueueOptions>('concurrency: queue', queue, {
    size: accepts.wholeNumber,
    perTenant: accepts.positiveInteger,
    timeoutMs: waitMs,
  });
  const { size = 1_000, timeoutMs = 10_000 } = queue;
  return { size, timeoutMs, perTenant: queue.perTenant ?? Math.max(1, Math.ceil(size / 10)) };
}

function batchOf(batch: BatchOptions): ConcurrencySettings['batch'] {
  checkOptions<BatchOptions>('concurrency: batch', batch, {
    share: accepts.share,
    timeoutMs: waitMs,
    of: accepts.function,
    header: accepts.object,
  });
  const { share = 0.5, timeoutMs = 60_000, of, header } = batch;
  if (!header) return { share, timeoutMs, of, header: undefined };
  const named = /^[a-z0-9-]{1,64}$/;
  checkOptions<NonNullable<BatchOptions['header']>>(
    'concurrency: batch: header',
    header,
    {
      scope: accepts.string,
      name: (value) => (typeof value === 'string' && named.test(value)) || 'a header name in lower case',
    },
    ['scope'],
  );
  return {
    share,
    timeoutMs,
    of,
    header: { scope: header.scope, name: header.name ?? 'x-tollgate-priority' },
  };
}

const callless = new Set(['GET', 'HEAD', 'OPTIONS']);

function makesNoCall({ method }: Request): boolean {
  return callless.has(method);
}

function nameCheck(value: unknown): true | string {
  return (
    (typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,62}$/.test(value)) ||
    `a short name of a-z, 0-9, ".", "_" and "-", not ${describeValue(value)}`
  );
}
