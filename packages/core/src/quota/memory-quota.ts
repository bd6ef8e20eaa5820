import type { UsageSink } from '../call/usage-event.js';
import { publish } from '../lib/channel.js';
import { attempt } from '../lib/maybe-promise.js';
import { accepts, checkOptions } from '../lib/options.js';
import { warnOfManyProcesses } from '../lib/warning.js';
import { QuotaCounters } from './quota-counters.js';
import { QuotaEngine } from './quota-engine.js';
import type {
  AdjustRequest,
  ChargeRequest,
  ChargeResult,
  CloseRequest,
  CounterState,
  CoverRequest,
  ExtendRequest,
  QuotaCounter,
  QuotaStore,
  RenewRequest,
  ReserveRequest,
  ReserveResult,
} from './quota-store.js';
import { restoredQuota } from './restored-quota.js';
import type { SpendSource, WindowSpend } from './spend-source.js';
import { UsageOutbox } from './usage-outbox.js';
import { WindowFiller } from './window-filler.js';

export interface MemoryQuotaOptions {
  /** The clock, ms since the epoch. A step back is not followed: the store's time pauses until the clock has caught up. @defaultValue Date.now */
  now?: () => number;
  /** Where usage events go, each to every sink. Given any, the store answers `recorded: true`. @defaultValue [] */
  sinks?: readonly UsageSink[];
  /**
   * A ledger with the spend before this process: open windows continue from it. Nothing is admitted before it has responded, and the store
   * rejects while it fails. @defaultValue every counter begins at 0
   */
  spent?: SpendSource;
  /**
   * Refuses to reserve while a sink reports that it is full, so that nothing is spent that could not be recorded: `budget()` then acts by
   * its `whenStoreDown`. @defaultValue false
   */
  strict?: boolean;
  /** Shares of a cap that are reported once per window when `used` reaches them, 0 < share ≤ 1. @defaultValue [0.5, 0.8, 1] */
  thresholds?: readonly number[];
  /** Interval between searches for expired leases while there are no operations, in ms, 10 to 3 600 000. @defaultValue 1_000 (1 s) */
  reapEveryMs?: number;
}

/**
 * The quota engine in this process's memory: exact within one process, and empty after a restart unless `spent` is given. Publishes on
 * `tollgate:reserve`, `tollgate:settle` and `tollgate:threshold`. Throws a `TypeError` for a wrong or unknown option.
 */
export function memoryQuota(options: MemoryQuotaOptions = {}): QuotaStore {
  checkOptions('memoryQuota', options, {
    now: accepts.function,
    sinks: accepts.arrayOf(accepts.methods('write')),
    spent: accepts.methods('spentIn', 'openWindows'),
    strict: accepts.boolean,
    thresholds: accepts.arrayOf(accepts.share),
    reapEveryMs: accepts.integerBetween(10, 3_600_000),
  });
  warnOfManyProcesses('memoryQuota', 'Give a store that processes share.');
  const store = new MemoryQuota(options);
  const { spent } = options;
  if (!spent) return store;
  return restoredQuota(store, async () => {
    store.restore(await spent.openWindows());
    store.fill(spent);
  });
}

class MemoryQuota implements QuotaStore {
  readonly #counters = new QuotaCounters();
  readonly #engine: QuotaEngine;
  readonly #outbox: UsageOutbox;
  readonly #clock: () => number;
  readonly #reapEveryMs: number;
  readonly #mustHaveRoom: readonly UsageSink[];
  #nowMs = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #ended: Promise<void> | undefined;
  #filler: WindowFiller | undefined;

  constructor(options: MemoryQuotaOptions) {
    const { sinks = [], thresholds = [0.5, 0.8, 1] } = options;
    this.#outbox = new UsageOutbox(sinks);
    this.#mustHaveRoom = options.strict ? sinks : [];
    this.#clock = options.now ?? Date.now;
    this.#reapEveryMs = options.reapEveryMs ?? 1_000;
    const rising = [...new Set(thresholds)].sort((a, b) => a - b);
    this.#engine = new QuotaEngine(rising, sinks.length > 0 ? this.#outbox.put : undefined, this.#counters);
  }

  restore(spends: readonly WindowSpend[]): void {
    this.#counters.restore(spends);
  }

  /** From now on, limits that are first used in the middle of a window continue from this source. */
  fill(source: SpendSource): void {
    this.#filler = WindowFiller.of({
      source,
      now: () => this.#now(),
      raise: (_partition, spends) => {
        for (const spend of spends) this.#counters.raise(spend, this.#now());
      },
    });
  }

  reserve(request: ReserveRequest): ReserveResult | Promise<ReserveResult> {
    if (this.#mustHaveRoom.some(({ isFull }) => isFull)) {
      return Promise.reject(
        new Error('a usage sink is full: nothing may be spent that could not be written down'),
      );
    }
    this.#watch();
    const filled = this.#filler?.filledFor(request);
    if (filled) return filled.then(() => this.#reserve(request));
    try {
      return this.#reserve(request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #reserve(request: ReserveRequest): ReserveResult {
    return published('reserve', request, this.#engine.reserve(request, this.#now()));
  }

  async extend(request: ExtendRequest): Promise<ReserveResult> {
    await this.#filler?.filled(request.partition, request.charges);
    return published('extend', request, this.#engine.extend(request, this.#now()));
  }

  cover(request: CoverRequest): ReserveResult | Promise<ReserveResult> {
    const cover = (): ReserveResult => published('cover', request, this.#engine.cover(request, this.#now()));
    const filled = this.#filler?.filledFor(request);
    return filled ? filled.then(cover) : attempt(cover);
  }

  charge(request: ChargeRequest): ChargeResult | Promise<ChargeResult> {
    this.#watch();
    try {
      return this.#engine.charge(request, this.#now());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async renew(request: RenewRequest): Promise<boolean> {
    return this.#engine.renew(request, this.#now());
  }

  close(request: CloseRequest): void | Promise<void> {
    this.#watch();
    return attempt(() => this.#engine.close(request, this.#now()));
  }

  async adjust(request: AdjustRequest): Promise<boolean> {
    if (!(await request.recorded())) return false;
    this.#engine.adjust(request, this.#now());
    return true;
  }

  async read(_partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]> {
    return this.#engine.read(counters, this.#now());
  }

  end(): Promise<void> {
    this.#ended ??= this.#finish();
    return this.#ended;
  }

  async #finish(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#filler?.end();
    this.#engine.reapAll(this.#now());
    await this.#outbox.flush();
  }

  #now(): number {
    const nowMs = Math.floor(this.#clock());
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    return this.#nowMs;
  }

  /** Sweeps while there is something to sweep; neither the process nor an unused store is kept alive by it. */
  #watch(): void {
    if (this.#sweeper || this.#ended) return;
    this.#sweeper = setInterval(() => {
      this.#engine.sweep(this.#now());
      if (!this.#engine.isEmpty) return;
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }, this.#reapEveryMs);
    this.#sweeper.unref();
  }
}

function published(
  operation: 'reserve' | 'extend' | 'cover',
  { id, partition }: CloseRequest,
  result: ReserveResult,
): ReserveResult {
  publish('tollgate:reserve', () =>
    result.ok
      ? { operation, id, partition, ok: true, alternative: result.alternative, grants: result.grants }
      : {
          operation,
          id,
          partition,
          ok: false,
          blockedBy: result.refusal.blockedBy,
          counter: result.refusal.state?.counter,
          state: result.refusal.state,
        },
  );
  return result;
}
