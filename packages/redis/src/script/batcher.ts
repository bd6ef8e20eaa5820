import type { ScriptName } from '../lua/source.js';
import type { OperationText, ScriptCaller } from './script-caller.js';

interface Waiting {
  readonly text: OperationText;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects operations of one kind in one partition from the same turn of the event loop, and sends them in one script call. Each is still
 * all or nothing.
 */
export class Batcher {
  readonly #caller: ScriptCaller;
  readonly #most: number;
  #waiting = new Map<ScriptName, Map<number, Waiting[]>>();

  constructor(caller: ScriptCaller, most: number) {
    this.#caller = caller;
    this.#most = most;
  }

  add(name: ScriptName, partition: number, text: OperationText): Promise<unknown> {
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

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [name, partitions] of waiting) {
      for (const [partition, operations] of partitions) {
        for (let from = 0; from < operations.length; from += this.#most) {
          void this.#call(name, partition, operations.slice(from, from + this.#most));
        }
      }
    }
  }

  async #call(name: ScriptName, partition: number, operations: readonly Waiting[]): Promise<void> {
    try {
      const texts = operations.map(({ text }) => text);
      const answers = await this.#caller.call(name, partition, texts);
      for (let at = 0; at < operations.length; at += 1) operations[at]?.resolve(answers[at]);
    } catch (error) {
      for (const { reject } of operations) reject(error);
    }
  }
}
