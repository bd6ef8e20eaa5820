import type { ScriptCaller } from './script-caller.js';

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
  readonly #isCluster: boolean;
  #timer: NodeJS.Timeout | undefined;
  #sweeping = false;

  constructor(caller: ScriptCaller, partitions: number, everyMs: number, isCluster: boolean) {
    this.#caller = caller;
    this.#partitions = partitions;
    this.#everyMs = everyMs;
    this.#isCluster = isCluster;
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
    try {
      const step = this.#isCluster ? 1 : mostAtOnce;
      const quiet = this.#quietPartitions();
      for (let at = 0; at < quiet.length; at += step) await this.#caller.sweep(quiet.slice(at, at + step));
    } catch {
      // The store is away; the breaker has published that, and the next round tries again.
    }
    this.#sweeping = false;
  }

  #quietPartitions(): number[] {
    const calledBefore = Date.now() - this.#everyMs;
    const all = Array.from({ length: this.#partitions }, (_, partition) => partition);
    return all.filter((partition) => this.#caller.calledAtMs(partition) <= calledBefore);
  }
}
