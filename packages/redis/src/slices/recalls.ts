import { partitionKey, partitionOf } from '../partition.js';
import type { ScriptRunner } from '../script-runner.js';

/** How long a mark stands: longer than any process takes to look. */
const markMs = 400;

/** Marks in the store by which a process asks the others for what they have leased of a counter and do not need. */
export class Recalls {
  readonly #runner: ScriptRunner;
  readonly #prefix: string;
  readonly #partitions: number;

  constructor(runner: ScriptRunner, prefix: string, partitions: number) {
    this.#runner = runner;
    this.#prefix = prefix;
    this.#partitions = partitions;
  }

  async ask(partition: string, counter: string): Promise<void> {
    const key = this.#key(partition, counter);
    await this.#runner.command('recall', key, ['SET', key, '1', 'PX', String(markMs)]);
  }

  /** Which of these counters of one partition others ask for. */
  async asked(partition: string, counters: readonly string[]): Promise<readonly string[]> {
    const keys = counters.map((counter) => this.#key(partition, counter));
    const marks = await this.#runner.command('recall', keys[0] ?? '', ['MGET', ...keys]);
    return Array.isArray(marks) ? counters.filter((_, index) => marks[index] !== null) : [];
  }

  #key(partition: string, counter: string): string {
    return `${partitionKey(this.#prefix, partitionOf(partition, this.#partitions))}:recall:${counter}`;
  }
}
