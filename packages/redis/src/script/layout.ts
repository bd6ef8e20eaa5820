import { StoreUnavailableError } from '../connection/store-unavailable-error.js';
import type { ScriptRunner } from './script-runner.js';
import { warnOfServer } from './warn-of-server.js';

/** The number of partitions that a prefix was set up with: agreed on with the server once, before anything else is asked. */
export class Layout {
  readonly #runner: ScriptRunner;
  readonly #key: string;
  readonly #partitions: number;
  #agreed = false;
  #agreeing: Promise<void> | undefined;

  constructor(
    runner: ScriptRunner,
    prefix: string,
    partitions: number,
    /** Counters that the server loses are rebuilt. */
    private readonly isRebuilt: boolean,
  ) {
    this.#runner = runner;
    this.#key = `${prefix}:partitions`;
    this.#partitions = partitions;
  }

  get agreed(): boolean {
    return this.#agreed;
  }

  /** Rejects with a {@link StoreUnavailableError} where another number is stored, or the server is away. */
  agree(): Promise<void> {
    this.#agreeing ??= this.#ask().finally(() => {
      this.#agreeing = undefined;
    });
    return this.#agreeing;
  }

  async #ask(): Promise<void> {
    const set = ['SET', this.#key, String(this.#partitions), 'NX'];
    await Promise.all([
      this.#runner.command('partitions', this.#key, set),
      warnOfServer(this.#runner, this.#key, this.isRebuilt),
    ]);
    const stored = await this.#runner.command('partitions', this.#key, ['GET', this.#key]);
    if (String(stored) !== String(this.#partitions)) {
      throw new StoreUnavailableError({
        fault: 'partitions',
        operation: 'partitions',
        mayHaveRun: false,
        detail: `this store has ${this.#partitions} partitions, but the server was set up with ${String(stored)}`,
      });
    }
    this.#agreed = true;
  }
}
