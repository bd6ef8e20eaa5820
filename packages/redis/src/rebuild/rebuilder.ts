import {
  publish,
  type SpendSource,
  type WindowFiller,
  type WindowSpend,
  warnOnce,
} from '@tollgate/core/internal';
import type { Layout } from '../script/layout.js';
import { partitionOf } from '../script/partition.js';
import type { PartitionGate, ScriptCaller } from '../script/script-caller.js';
import type { Standings } from '../script/standings.js';
import { widePartition } from '../wire/wide-part.js';
import { ClosedPartition } from './closed-partition.js';
import type { KnownProcesses } from './known-processes.js';
import type { OwnBooks } from './own-books.js';
import { RebuildSteps } from './rebuild-steps.js';
import { resend } from './resend.js';
import { placeOfSpend } from './spend-place.js';

/** Interval at which this process registers again, in ms. */
const beatMs = 1_000;
/** Interval between checks of closed partitions, and after a failed one, in ms. */
const roundMs = 40;
const failedMs = 250;
/** How long a process that starts with an empty server waits for others, which may not have noticed yet that it is empty, in ms. */
const newcomerMs = 1_500;
/** A query of the ledger continues in the next round, so that this process keeps registering, in ms. */
const lookMs = 1_000;

export interface RebuilderOptions {
  readonly caller: ScriptCaller;
  readonly layout: Layout;
  readonly standings: Standings;
  readonly processes: KnownProcesses;
  readonly books: OwnBooks;
  readonly spent: SpendSource;
  /** Fills counters of new limits again that the server has lost. */
  readonly filler: WindowFiller | undefined;
  readonly partitions: number;
  readonly deadlineMs: number;
  /** How long ended reservations are remembered. */
  readonly rememberMs: () => number;
}

/**
 * Rebuilds partitions that were lost: closes them, sends this process's state again, waits until all known processes have done so and usage
 * events have reached the ledger, and raises counters to the ledger's sums. The process that finds everything sent does the last step
 * alone.
 */
export class Rebuilder implements PartitionGate {
  readonly #options: RebuilderOptions;
  readonly #steps: RebuildSteps;
  readonly #closed = new Map<number, ClosedPartition>();
  /** Partitions that this process alone may fill, by their generation. */
  readonly #ours = new Map<number, number>();
  #looking: Promise<readonly WindowSpend[]> | undefined;
  #isNewLedger: boolean | undefined;
  #round: NodeJS.Timeout | undefined;
  readonly #heart: NodeJS.Timeout;
  #ended = false;

  constructor(options: RebuilderOptions) {
    this.#options = options;
    this.#steps = new RebuildSteps(options.caller);
    this.#heart = setInterval(() => void this.#beat(), beatMs).unref();
    this.#closeAll();
  }

  isClosed(partition: number): boolean {
    return this.#closed.has(partition);
  }

  closed(partition: number, operation: string): Promise<void> | undefined {
    return this.#closed.get(partition)?.wait(operation, this.#options.deadlineMs);
  }

  lost(partition: number): void {
    if (this.#closed.has(partition)) return;
    this.#closed.set(partition, new ClosedPartition());
    this.#next(0);
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#heart);
    clearTimeout(this.#round);
    await this.#options.processes.leave().catch(() => undefined);
  }

  #closeAll(): void {
    for (let partition = 0; partition < this.#options.partitions; partition += 1) this.lost(partition);
  }

  /** A server that has forgotten this process has lost more than that. */
  async #beat(): Promise<void> {
    const { processes, books } = this.#options;
    books.leases.tidy();
    const isForgotten = await processes
      .beat(books.leases.longestMs, this.#closed.size > 0)
      .catch(() => false);
    if (isForgotten && !this.#ended) this.#closeAll();
  }

  #next(ms: number): void {
    if (this.#round || this.#ended) return;
    this.#round = setTimeout(() => void this.#go(), ms);
    this.#round.unref();
  }

  async #go(): Promise<void> {
    let pauseMs = roundMs;
    try {
      if (!this.#options.layout.agreed) await this.#options.layout.agree();
      await this.#beat();
      if (!this.#looking) await this.#reportAll();
      if (this.#ours.size > 0) await this.#rebuild();
    } catch (cause) {
      pauseMs = failedMs;
      publish('tollgate:fault', () => ({
        source: 'rebuild',
        error: cause instanceof Error ? cause.name : undefined,
      }));
    }
    this.#round = undefined;
    if (this.#closed.size > 0) this.#next(pauseMs);
  }

  /** Rejects if any failed, after all have been tried. */
  async #reportAll(): Promise<void> {
    const reports = [...this.#closed]
      .filter(([partition]) => !this.#ours.has(partition))
      .map(([partition, closed]) => this.#report(partition, closed));
    const failed = (await Promise.allSettled(reports)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #report(partition: number, closed: ClosedPartition): Promise<void> {
    const { standings, processes, books } = this.#options;
    const standing = standings.of(partition);
    const isNew = standing.generation < 0;
    for (let turns = 0; turns < 3; turns += 1) {
      const state = await this.#steps.report(partition, {
        process: processes.id,
        standing,
        known: processes.all(books.leases.longestMs),
        sentUnder: closed.sentUnder,
        waitMs: isNew ? await this.#newcomerMs() : 0,
      });
      const { generation, isOurs, isSealed } = state;
      if (isOurs) this.#ours.set(partition, generation);
      if (isOurs) return;
      const isOpen = generation > 0;
      if (!isNew && generation !== standing.generation) sayLost();
      if (isOpen && (isNew || generation === standing.generation || closed.sentUnder === generation)) {
        if (generation !== standing.generation) standings.adopt(partition, generation);
        this.#open(partition);
        return;
      }
      if (closed.sentUnder === generation || (isSealed && !isOpen)) return;
      if (await this.#resend(partition, generation)) closed.sentUnder = generation;
    }
  }

  /** Events that this process has delivered, but the ledger does not count yet, are waited for as well. */
  async #resend(partition: number, generation: number): Promise<boolean> {
    const { caller, books, partitions, rememberMs, spent } = this.#options;
    const sent = await resend(caller, books, { partition, partitions, generation }, rememberMs());
    if (sent) await spent.caughtUp?.();
    return sent;
  }

  /** If nothing was ever spent, no process can hold anything, and there is no wait. */
  async #newcomerMs(): Promise<number> {
    this.#isNewLedger ??= await this.#options.spent.openWindows().then(
      (windows) => windows.length === 0,
      () => undefined,
    );
    return this.#isNewLedger ? 0 : newcomerMs;
  }

  /** Queries the ledger when every usage event is delivered, and opens the rebuilt partitions. */
  async #rebuild(): Promise<void> {
    const { spent, standings } = this.#options;
    for (const [partition, number] of this.#ours) {
      if (!(await this.#steps.keep(partition, number))) this.#ours.delete(partition);
    }
    if (!this.#looking && (await this.#hasUndelivered())) return;
    this.#looking ??= spent.openWindows();
    const spends = await Promise.race([this.#looking, pause(lookMs)]).catch((cause: unknown) => {
      this.#looking = undefined;
      throw cause;
    });
    if (!spends) return;
    this.#looking = undefined;
    for (const [partition, number] of this.#ours) {
      this.#ours.delete(partition);
      const generation = await this.#fill(partition, number, spends);
      if (generation === undefined) continue;
      standings.adopt(partition, generation);
      this.#open(partition);
    }
  }

  async #fill(
    partition: number,
    number: number,
    spends: readonly WindowSpend[],
  ): Promise<number | undefined> {
    const { caller, partitions, standings } = this.#options;
    const placed = spends
      .filter(({ amount }) => amount > 0)
      .map((spend) => placeOfSpend(spend, partitions, caller.storeMs))
      .filter((spend) => spend !== undefined)
      .filter((spend) => spend.partition === undefined || spend.partition === partition);
    if (!(await this.#steps.fill(partition, number, placed))) return undefined;
    const drained = spends.length > 0 || standings.of(partition).generation > 0;
    return this.#steps.open(partition, number, drained);
  }

  /** Charges to wide counters are in the events of tenants. */
  async #hasUndelivered(): Promise<boolean> {
    const { partitions } = this.#options;
    const wide = this.#ours.has(partitionOf(widePartition, partitions));
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const looks = (wide ? all : [...this.#ours.keys()]).map((one) => this.#steps.hasUndelivered(one));
    return (await Promise.all(looks)).includes(true);
  }

  #open(partition: number): void {
    this.#options.filler?.again();
    this.#closed.get(partition)?.open();
    this.#closed.delete(partition);
    publish('tollgate:store', () => ({ store: 'redis', partition, state: 'open' }));
  }
}

function sayLost(): void {
  warnOnce(
    'TOLLGATE_W_REDIS_LOST',
    'redisQuota: Redis has lost counters, or may have (it was started again, or emptied, or another server has taken its place). They are rebuilt from "spent"; until then nothing is admitted.',
  );
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref();
  });
}
