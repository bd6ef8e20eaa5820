import type { Connection } from '../connection/connection.js';
import { partitionKey, partitionOf } from '../script/partition.js';
import type { ScriptRunner } from '../script/script-runner.js';

/** How long a mark stays, in ms: longer than any process takes to check. */
const markMs = 400;

/** A counter whose leased amounts may be recalled, and its location. */
export interface Recallable {
  readonly partition: string;
  readonly counter: { readonly counter: string };
}

/** Marks in the store by which a process asks the others to return leased amounts of a counter that they do not need. */
export class Recalls {
  readonly #runner: ScriptRunner;
  readonly #prefix: string;
  readonly #partitions: number;
  readonly #connection: Pick<Connection, 'isSplit'>;

  constructor(
    runner: ScriptRunner,
    prefix: string,
    partitions: number,
    connection: Pick<Connection, 'isSplit'>,
  ) {
    this.#runner = runner;
    this.#prefix = prefix;
    this.#partitions = partitions;
    this.#connection = connection;
  }

  async ask(partition: string, counter: string): Promise<void> {
    const key = this.#key(this.#number(partition), counter);
    await this.#runner.command('recall', key, ['SET', key, '1', 'PX', String(markMs)]);
  }

  /** The counters that other processes recall; in one command, in a cluster in one for each partition. */
  async asked<One extends Recallable>(all: readonly One[]): Promise<One[]> {
    const together = new Map<number, One[]>();
    for (const one of all) {
      const place = this.#connection.isSplit ? this.#number(one.partition) : 0;
      const others = together.get(place);
      if (others) others.push(one);
      else together.set(place, [one]);
    }
    return (await Promise.all([...together.values()].map((ones) => this.#askedOf(ones)))).flat();
  }

  async #askedOf<One extends Recallable>(ones: readonly One[]): Promise<One[]> {
    const keys = ones.map(({ partition, counter }) => this.#key(this.#number(partition), counter.counter));
    const marks = await this.#runner.command('recall', keys[0] ?? '', ['MGET', ...keys]);
    return Array.isArray(marks) ? ones.filter((_, index) => marks[index] !== null) : [];
  }

  #number(partition: string): number {
    return partitionOf(partition, this.#partitions);
  }

  #key(partition: number, counter: string): string {
    return `${partitionKey(this.#prefix, partition)}:recall:${counter}`;
  }
}
