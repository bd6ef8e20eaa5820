import type { Connection } from '../connection/connection.js';
import type { ScriptCaller } from '../script/script-caller.js';
import { together } from '../script/together.js';

/** How many partitions one script sweeps at most, so that it stays short. */
const mostAtOnce = 64;

/**
 * Reaps expired leases where no traffic does. Several processes may do so at once; it costs a short script for all partitions, or in a
 * cluster for each of them.
 */
export class Sweeper {
  readonly #caller: ScriptCaller;
  readonly #partitions: number;
  readonly #everyMs: number;
  readonly #connection: Connection;
  #timer: NodeJS.Timeout | undefined;
  #sweeping = false;

  constructor(caller: ScriptCaller, partitions: number, everyMs: number, connection: Connection) {
    this.#caller = caller;
    this.#partitions = partitions;
    this.#everyMs = everyMs;
    this.#connection = connection;
  }

  /** Begins with the first use of the store; keeps no process alive. */
  start(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#round(), this.#everyMs);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #round(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    // Where the store is away, the breaker publishes that, and the next round tries again.
    const sweep = (part: readonly number[]): Promise<void> => this.#caller.sweep(part);
    await together(this.#connection, this.#quietPartitions(), mostAtOnce, sweep);
    this.#sweeping = false;
  }

  #quietPartitions(): number[] {
    const calledBefore = Date.now() - this.#everyMs;
    const all = Array.from({ length: this.#partitions }, (_, partition) => partition);
    return all.filter((partition) => this.#caller.calledAtMs(partition) <= calledBefore);
  }
}
