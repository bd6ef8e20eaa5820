import type { ScriptCaller } from './script-caller.js';

/** Reaps expired leases where no traffic does. Several processes may do so at once; it costs one short script per partition. */
export class Sweeper {
  readonly #caller: ScriptCaller;
  readonly #partitions: number;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #sweeping = false;

  constructor(caller: ScriptCaller, partitions: number, everyMs: number) {
    this.#caller = caller;
    this.#partitions = partitions;
    this.#everyMs = everyMs;
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
      for (let partition = 0; partition < this.#partitions; partition += 1) {
        if (Date.now() - this.#caller.calledAtMs(partition) < this.#everyMs) continue;
        await this.#caller.sweep(partition);
      }
    } catch {
      // The store is away; the breaker has published that, and the next round tries again.
    }
    this.#sweeping = false;
  }
}
