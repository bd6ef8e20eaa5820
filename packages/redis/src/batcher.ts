import type { ScriptName } from './lua/source.js';
import type { OperationText, ScriptCaller } from './script-caller.js';

interface Waiting {
  readonly text: OperationText;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers operations of one kind in one partition that come in the same turn of the event loop, and sends them in one script
 * call. Each is still all or nothing on its own.
 */
export class Batcher {
  readonly #caller: ScriptCaller;
  readonly #most: number;
  #waiting = new Map<string, { name: ScriptName; partition: number; operations: Waiting[] }>();

  constructor(caller: ScriptCaller, most: number) {
    this.#caller = caller;
    this.#most = most;
  }

  add(name: ScriptName, partition: number, text: OperationText): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) setImmediate(() => this.#send());
      const key = `${name}${partition}`;
      const batch = this.#waiting.get(key);
      if (batch) batch.operations.push({ text, resolve, reject });
      else this.#waiting.set(key, { name, partition, operations: [{ text, resolve, reject }] });
    });
  }

  #send(): void {
    const batches = this.#waiting;
    this.#waiting = new Map();
    for (const { name, partition, operations } of batches.values()) {
      for (let from = 0; from < operations.length; from += this.#most) {
        void this.#call(name, partition, operations.slice(from, from + this.#most));
      }
    }
  }

  async #call(name: ScriptName, partition: number, operations: readonly Waiting[]): Promise<void> {
    try {
      const texts = operations.map(({ text }) => text);
      const answers = await this.#caller.call(name, partition, texts);
      for (const [index, { resolve }] of operations.entries()) resolve(answers[index]);
    } catch (error) {
      for (const { reject } of operations) reject(error);
    }
  }
}
