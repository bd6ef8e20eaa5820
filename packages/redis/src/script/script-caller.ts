import { heardStoreTime, publish, warnOnce } from '@tollgate/core/internal';
import type { Connection } from '../connection/connection.js';
import { StoreUnavailableError } from '../connection/store-unavailable-error.js';
import type { ScriptName } from '../lua/source.js';
import { CallArguments } from './call-arguments.js';
import { CommandBatches } from './command-batch.js';
import { partitionKey } from './partition.js';
import { listIn, numberIn, textIn } from './reply.js';
import type { Script, Scripts } from './scripts.js';
import { sendScript } from './send.js';
import type { Standing, Standings } from './standings.js';

/** One operation of a script call: its text, made again for each attempt, since windows depend on the time. */
export type OperationText = (args: CallArguments) => string | Buffer;

/** An operation that waits for the end of its turn. */
interface Waiting {
  readonly text: OperationText;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface CallerOptions {
  readonly connection: Connection;
  readonly deadlineMs: number;
  /** The most operations of one call. */
  readonly batchSize: number;
  readonly scripts: Scripts;
  readonly prefix: string;
  /** For tests: the store's clock, passed to scripts that were made for it. */
  readonly ownClock?: (() => number) | undefined;
  readonly standings: Standings;
  /** Whether usage events are written to the outbox. */
  readonly record: boolean;
  /** This process's clock, which may be wrong. */
  readonly processClock: () => number;
}

/** Keeps calls from partitions that were lost, until they are rebuilt. */
export interface PartitionGate {
  isClosed(partition: number): boolean;
  /** `undefined`: the partition is open. Resolves when it is; rejects where that takes too long. */
  closed(partition: number, operation: string): Promise<void> | undefined;
  /** A call has found that it was lost. */
  lost(partition: number): void;
}

/** Assumed difference between the server's clock and this process's, before and after the server's first reply. */
const unknownOffMs = 120_000;
const knownOffMs = 2_000;
/** How often a call is tried with other windows; the second try uses the clock from the first reply. */
const mostClocks = 2;

/**
 * Calls scripts with the windows that are open by the server's clock, which it learns from every answer. Operations of one kind in one
 * partition that come in one turn of the event loop share a call; each is still all or nothing.
 */
export class ScriptCaller {
  readonly #options: CallerOptions;
  readonly #batches: CommandBatches;
  /** Absent: nothing is rebuilt. */
  gate: PartitionGate | undefined;
  #offsetMs: number | undefined;
  /** When each partition was called last, by our clock. */
  readonly #calledAtMs = new Map<number, number>();
  /** When each partition last carried something out, by `performance.now()`. */
  readonly #answeredMs = new Map<number, number>();

  #waiting = new Map<ScriptName, Map<number, Waiting[]>>();

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#batches = new CommandBatches(options.deadlineMs);
  }

  /** The answer to one operation, which is sent at the end of this turn. */
  ask(name: ScriptName, partition: number, text: OperationText): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) setImmediate(() => this.#send());
      let partitions = this.#waiting.get(name);
      if (!partitions) {
        partitions = new Map();
        this.#waiting.set(name, partitions);
      }
      const operations = partitions.get(partition);
      if (operations) operations.push({ text, resolve, reject });
      else partitions.set(partition, [{ text, resolve, reject }]);
    });
  }

  /** Of a closed one never: rebuilding it calls it as well. */
  answeredMs(partition: number): number {
    if (this.gate?.isClosed(partition)) return Number.NEGATIVE_INFINITY;
    return this.#answeredMs.get(partition) ?? Number.NEGATIVE_INFINITY;
  }

  calledAtMs(partition: number): number {
    return this.#calledAtMs.get(partition) ?? 0;
  }

  /** Runs operations in one partition, in order; their answers. */
  async call(
    name: ScriptName,
    partition: number,
    operations: readonly OperationText[],
  ): Promise<readonly unknown[]> {
    this.#calledAtMs.set(partition, Date.now());
    let clocks = 0;
    while (clocks < mostClocks) {
      const closed = this.gate?.closed(partition, name);
      if (closed) await closed;
      const answer = await this.#attempt(name, partition, operations, this.#options.standings.of(partition));
      if (typeof answer === 'object') return answer;
      if (answer === 'clock') clocks += 1;
      else this.#lost(partition);
    }
    throw new StoreUnavailableError({ fault: 'clock', operation: name, mayHaveRun: false });
  }

  /**
   * Reaps expired leases in partitions of one server. Does not wait for one that is closed or found to be lost: others may be lost as well.
   */
  async sweep(partitions: readonly number[]): Promise<void> {
    const { scripts, prefix, ownClock } = this.#options;
    const open = partitions.filter((partition) => !this.gate?.isClosed(partition));
    if (open.length === 0) return;
    const keys = open.map((partition) => partitionKey(prefix, partition));
    const args = open.map((partition) => {
      this.#calledAtMs.set(partition, Date.now());
      const [head = ''] = this.#arguments(1, this.#options.standings.of(partition)).all([]);
      return head;
    });
    if (ownClock) args.push(String(Math.floor(ownClock())));
    const answers = listIn(await this.#run('sweep', scripts.sweep, keys, args));
    for (const [index, partition] of open.entries()) {
      const answer = answers[index];
      if (answer === null)
        publish('tollgate:fault', () => ({ source: 'quota-store', operation: 'sweep', fault: 'answer' }));
      else if (this.#answerIn(partition, answer) === 'lost') this.#lost(partition);
    }
  }

  /** The same in a generation that is not yet used by other processes; `undefined`: the generation has changed meanwhile. */
  async callIn(
    generation: number,
    name: ScriptName,
    partition: number,
    operations: readonly OperationText[],
  ): Promise<readonly unknown[] | undefined> {
    const standing = { seenMs: 0, generation };
    let answer = await this.#attempt(name, partition, operations, standing);
    if (answer === 'clock') answer = await this.#attempt(name, partition, operations, standing);
    return typeof answer === 'object' ? answer : undefined;
  }

  /** The server's time, as far as it is known. */
  get storeMs(): number {
    return Math.floor(this.#options.processClock() + (this.#offsetMs ?? 0));
  }

  #send(): void {
    const { batchSize } = this.#options;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [name, partitions] of waiting) {
      for (const [partition, operations] of partitions) {
        for (let from = 0; from < operations.length; from += batchSize) {
          void this.#callFor(name, partition, operations.slice(from, from + batchSize));
        }
      }
    }
  }

  async #callFor(name: ScriptName, partition: number, operations: readonly Waiting[]): Promise<void> {
    try {
      const texts = operations.map(({ text }) => text);
      const answers = await this.call(name, partition, texts);
      for (let at = 0; at < operations.length; at += 1) operations[at]?.resolve(answers[at]);
    } catch (error) {
      for (const { reject } of operations) reject(error);
    }
  }

  /** It is rebuilt, or its counters begin at 0, or where an older copy of them stood. */
  #lost(partition: number): void {
    if (this.gate) {
      this.gate.lost(partition);
      return;
    }
    this.#options.standings.forget(partition);
    warnOnce(
      'TOLLGATE_W_REDIS_LOST',
      'redisQuota: Redis has lost counters (it was started again empty or with an older copy, or emptied): what was spent before is not counted any more. Give "spent", a ledger that knows it.',
    );
  }

  /** `clock`: none of the windows fits the server's clock, which is known now. `lost`: the partition is behind the state seen by this process. */
  async #attempt(
    name: ScriptName,
    partition: number,
    operations: readonly OperationText[],
    standing: Standing,
  ): Promise<readonly unknown[] | 'clock' | 'lost'> {
    const { scripts, prefix, ownClock } = this.#options;
    const args = this.#arguments(operations.length, standing);
    const texts = operations.map((text) => text(args));
    const all = args.all(texts);
    if (ownClock) all.push(String(Math.floor(ownClock())));
    return this.#answerIn(
      partition,
      await this.#run(name, scripts[name], [partitionKey(prefix, partition)], all),
    );
  }

  #run(
    operation: string,
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
  ): Promise<unknown> {
    const { send, circuitOf } = this.#options.connection;
    const batch = this.#batches.enterFor(operation, circuitOf(keys[0] ?? ''));
    return batch.reply(operation, sendScript(send, script, keys, args, batch.signal));
  }

  #arguments(count: number, standing: Standing): CallArguments {
    const marginMs = this.#offsetMs === undefined ? unknownOffMs : knownOffMs;
    return new CallArguments(count, this.storeMs, marginMs, standing, this.#options.record);
  }

  #answerIn(partition: number, answer: unknown): readonly unknown[] | 'clock' | 'lost' {
    if (Buffer.isBuffer(answer)) {
      // A single plain answer: a byte, and the time.
      this.#heard(partition, answer.readDoubleLE(1));
      return [answer];
    }
    const reply = listIn(answer);
    const [kind, toldMs] = [textIn(reply[0]), numberIn(reply[1])];
    if (kind === 'done') this.#heard(partition, toldMs);
    else this.#tellOffset(toldMs);
    return kind === 'clock' || kind === 'lost' ? kind : listIn(reply[2]);
  }

  #tellOffset(storeMs: number): void {
    const { ownClock, processClock } = this.#options;
    this.#offsetMs = storeMs - processClock();
    if (!ownClock) heardStoreTime(this.#offsetMs);
  }

  #heard(partition: number, storeMs: number): void {
    this.#tellOffset(storeMs);
    this.#answeredMs.set(partition, performance.now());
    this.#options.standings.saw(partition, storeMs);
  }
}
