import type { QuotaStore, UsageEvent } from '@tollgate/core';
import {
  type AdjustRequest,
  type ChargeResult,
  type CloseRequest,
  type CounterState,
  type CoverRequest,
  checkAlternatives,
  checkCharges,
  checkItems,
  checkLease,
  checkRunning,
  type ExtendRequest,
  newId,
  type QuotaAlternative,
  type QuotaCounter,
  type ReserveRequest,
  type ReserveResult,
  WindowFiller,
} from '@tollgate/core/internal';
import type { ReadOptions } from '../connection/options.js';
import { StoreUnavailableError } from '../connection/store-unavailable-error.js';
import type { ScriptName } from '../lua/source.js';
import { OutboxStream } from '../outbox/outbox-stream.js';
import { KnownProcesses } from '../rebuild/known-processes.js';
import { chargeOfDraw, OwnBooks } from '../rebuild/own-books.js';
import { Rebuilder } from '../rebuild/rebuilder.js';
import type { CallArguments } from '../script/call-arguments.js';
import { stateIn } from '../script/figures.js';
import { Layout } from '../script/layout.js';
import { partitionKey, partitionOf } from '../script/partition.js';
import { listIn } from '../script/reply.js';
import { type OperationText, ScriptCaller } from '../script/script-caller.js';
import { ScriptRunner } from '../script/script-runner.js';
import { scriptsFor } from '../script/scripts.js';
import { Standings } from '../script/standings.js';
import { Recalls } from '../slices/recalls.js';
import { StraySlices } from '../slices/stray-slices.js';
import { admissionIn, coverText, extendText, reserveText } from '../wire/admission-wire.js';
import { publishAdmission, publishCharge, publishClose } from '../wire/publications.js';
import type { QuietCharge, QuietRenewal } from '../wire/quiet-requests.js';
import {
  appendText,
  chargedIn,
  chargeText,
  closeText,
  type DrawRequest,
  drawText,
  renewText,
} from '../wire/settlement-wire.js';
import { widePartition } from '../wire/wide-part.js';
import { Corrections } from './corrections.js';
import { rememberedDefinitions } from './remembered-definitions.js';
import { Sweeper } from './sweeper.js';
import { Withdrawals } from './withdrawals.js';

/** How long an id is remembered of which no lease is known, unless leases last longer. */
const rememberMs = 120_000;

/** Seams that only tests change. */
export interface StoreSeams {
  /** Instead of the server's time, which they cannot move. */
  readonly ownClock?: (() => number) | undefined;
  /** This process's clock, which may be wrong. @defaultValue `ownClock`, or the system's */
  readonly processClock?: (() => number) | undefined;
  /** Changes the text of scripts. */
  readonly patch?: ((source: string) => string) | undefined;
}

export class RedisQuotaStore implements QuotaStore {
  readonly #options: ReadOptions;
  readonly #layout: Layout;
  readonly #caller: ScriptCaller;
  readonly #sweeper: Sweeper;
  readonly #withdrawals: Withdrawals;
  readonly recalls: Recalls;
  /** The state that a lost partition is rebuilt from; absent: none is rebuilt. */
  readonly #books: OwnBooks | undefined;
  readonly #rebuilder: Rebuilder | undefined;
  readonly #strays: StraySlices | undefined;
  readonly #filler: WindowFiller | undefined;
  readonly #corrections: Corrections;
  #rememberMs = rememberMs;
  #longestMs = 0;
  /** A monotonic clock, in ms. */
  readonly #now: () => number;

  constructor(
    options: ReadOptions,
    { ownClock, processClock = ownClock ?? Date.now, patch }: StoreSeams = {},
  ) {
    const { connection, prefix, partitions, deadlineMs, thresholds, outbox, batchSize, sweepEveryMs } =
      options;
    this.#options = options;
    this.#now = ownClock ?? (() => performance.now());
    const runner = new ScriptRunner({ connection, deadlineMs });
    const record = outbox;
    const scripts = scriptsFor({ thresholds, record }, ownClock !== undefined, patch);
    this.#layout = new Layout(runner, prefix, partitions, options.spent !== undefined);
    const standings = new Standings(options.spent ? -1 : 0);
    this.#caller = new ScriptCaller({
      ...{ connection, deadlineMs, batchSize, scripts, prefix, ownClock, processClock, standings, record },
    });
    this.#sweeper = new Sweeper(this.#caller, partitions, sweepEveryMs, connection);
    this.recalls = new Recalls(runner, prefix, partitions, connection);
    this.#withdrawals = new Withdrawals((id, partition) => this.close({ id, partition }));
    this.#corrections = new Corrections(this.#caller, standings, partitions, (partition) =>
      this.read(partition, []),
    );
    const { spent } = options;
    if (!spent) return;
    this.#filler = WindowFiller.of({
      source: rememberedDefinitions(spent, runner, prefix),
      now: () => this.#caller.storeMs,
      raise: (partition, spends) => this.#corrections.raise(partition, spends),
    });
    this.#books = new OwnBooks(this.#now);
    this.#rebuilder = new Rebuilder({
      caller: this.#caller,
      layout: this.#layout,
      standings,
      processes: new KnownProcesses(runner, prefix),
      books: this.#books,
      spent,
      filler: this.#filler,
      partitions,
      deadlineMs,
      rememberMs: () => this.#rememberMs,
    });
    this.#caller.gate = this.#rebuilder;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const wide = partitionOf(widePartition, partitions);
    this.#strays = new StraySlices({
      caller: this.#caller,
      partitions: options.slices === 'wide' ? [wide] : all,
      // Charges to wide counters are in the events of tenants.
      streamsOf: (partition) => (partition === wide ? all : [partition]),
      streamOf: (partition) =>
        new OutboxStream(connection.send, `${partitionKey(prefix, partition)}:outbox`, '', ''),
      spent,
      everyMs: Math.max(sweepEveryMs, 1_000),
    });
    this.#strays.start();
    // A process that has not been asked yet must notice a loss as well: the others wait for it.
    this.#sweeper.start();
  }

  answeredMs(partition: string): number {
    return this.#caller.answeredMs(partitionOf(partition, this.#options.partitions));
  }

  async reserve(request: ReserveRequest): Promise<ReserveResult> {
    const { id, partition, alternatives, leaseMs } = request;
    checkAlternatives(alternatives);
    checkLease(request);
    this.#rememberMs = Math.max(this.#rememberMs, 2 * leaseMs);
    this.#longestMs = Math.max(this.#longestMs, leaseMs);
    const filled = this.#filler?.filledFor(request);
    if (filled) await filled;
    const askedAtMs = this.#now();
    let sent: CallArguments | undefined;
    try {
      const reply = await this.#run('reserve', partition, (args) => {
        sent = args;
        return reserveText(args, request);
      });
      const result = publishAdmission('reserve', request, admissionIn(alternatives, sent, reply));
      this.#books?.leases.reserved(request, askedAtMs, result);
      return result;
    } catch (error) {
      if (error instanceof StoreUnavailableError && error.mayHaveRun)
        this.#withdrawals.add(id, partition, leaseMs);
      throw error;
    }
  }

  async extend(request: ExtendRequest): Promise<ReserveResult> {
    checkCharges(request.charges);
    await this.#filler?.filled(request.partition, request.charges);
    const askedAtMs = this.#now();
    const result = await this.#admit('extend', request, [request], (args) => extendText(args, request));
    this.#books?.leases.extended(request, askedAtMs, result);
    return result;
  }

  async cover(request: CoverRequest): Promise<ReserveResult> {
    checkAlternatives(request.alternatives);
    await this.#filler?.filledFor(request);
    const askedAtMs = this.#now();
    const { alternatives } = request;
    const result = await this.#admit('cover', request, alternatives, (args) => coverText(args, request));
    this.#books?.leases.covered(request, askedAtMs, result);
    return result;
  }

  /** Without an event, nothing is written to the outbox. */
  async charge(request: QuietCharge): Promise<ChargeResult> {
    checkItems(request.items);
    this.#books?.charges.sent(request);
    const reply = await this.#run('charge', request.partition, (args) =>
      chargeText(args, request, this.#rememberMs),
    );
    this.#books?.charged(request);
    return publishCharge(request, chargedIn(request, this.#options.outbox, reply));
  }

  async renew(request: QuietRenewal): Promise<boolean> {
    for (const { items } of request.running) {
      for (const { counter, amount } of items) checkRunning(counter, amount);
    }
    const askedAtMs = this.#now();
    const alive = (await this.#run('renew', request.partition, (args) => renewText(args, request))) === 1;
    this.#books?.leases.renewed(request, askedAtMs, alive);
    return alive;
  }

  async close(request: CloseRequest): Promise<void> {
    this.#books?.leases.closed(request.id);
    await this.#run('close', request.partition, () => closeText(request, this.#rememberMs));
    publishClose(request);
  }

  /** With a ledger, the id contains the time after its end at which all reservations admitted to it have ended, for its correction. */
  sliceId(longestMs: number): string {
    return this.#options.spent ? `s~${Math.max(longestMs, this.#longestMs)}~${newId()}` : newId();
  }

  /** `false`: it is not the plain case, and nothing was done. */
  async draw(request: DrawRequest): Promise<boolean> {
    const charge = this.#books && chargeOfDraw(request);
    if (charge) this.#books?.charges.sent(charge);
    const isDrawn = (await this.#run('draw', request.partition, () => drawText(request))) === 1;
    if (charge && isDrawn) this.#books?.drawn(request, charge);
    return isDrawn;
  }

  /** Appends events to the outbox of a partition, together, and once for each id. */
  async append(id: string, partition: string, events: readonly UsageEvent[]): Promise<void> {
    const request = { id, partition, events };
    this.#books?.appends.sent(request);
    await this.#run('append', partition, (args) => appendText(args, request, this.#rememberMs));
    this.#books?.appends.confirmed(request);
  }

  adjust(request: AdjustRequest): Promise<boolean> {
    return this.#corrections.adjust(request, this.#rememberMs);
  }

  async read(partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]> {
    const reply = await this.#run('read', partition, (args) =>
      JSON.stringify(counters.map(({ counter, window, limit }) => [counter, args.window(window), limit])),
    );
    const figures = listIn(reply);
    return counters.map((counter, index) => stateIn(counter, figures[index]));
  }

  async end(): Promise<void> {
    this.#sweeper.end();
    this.#withdrawals.end();
    this.#strays?.end();
    this.#filler?.end();
    await this.#rebuilder?.end();
  }

  async #admit(
    operation: 'extend' | 'cover',
    request: CloseRequest,
    alternatives: readonly QuotaAlternative[],
    text: OperationText,
  ): Promise<ReserveResult> {
    let sent: CallArguments | undefined;
    const reply = await this.#run(operation, request.partition, (args) => {
      sent = args;
      return text(args);
    });
    return publishAdmission(operation, request, admissionIn(alternatives, sent, reply));
  }

  #run(name: ScriptName, partition: string, text: OperationText): Promise<unknown> {
    if (!this.#layout.agreed) return this.#layout.agree().then(() => this.#add(name, partition, text));
    return this.#add(name, partition, text);
  }

  #add(name: ScriptName, partition: string, text: OperationText): Promise<unknown> {
    this.#sweeper.start();
    return this.#caller.ask(name, partitionOf(partition, this.#options.partitions), text);
  }
}
