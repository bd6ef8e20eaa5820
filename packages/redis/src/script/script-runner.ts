import type { Connection } from '../connection/connection.js';
import { CommandBatches } from './command-batch.js';
import type { Script } from './scripts.js';
import { sendScript, sendTwice } from './send.js';

export interface RunnerOptions {
  readonly connection: Connection;
  readonly deadlineMs: number;
}

/**
 * Runs commands and scripts within our own deadline, behind the server's circuit breaker. All keys of one are on one server. Rejects with
 * {@link StoreUnavailableError} only.
 */
export class ScriptRunner {
  readonly #connection: Connection;
  readonly #batches: CommandBatches;

  constructor({ connection, deadlineMs }: RunnerOptions) {
    this.#connection = connection;
    this.#batches = new CommandBatches(deadlineMs);
  }

  async run(
    operation: string,
    script: Script,
    keys: string | readonly string[],
    args: readonly (string | Buffer)[],
  ): Promise<unknown> {
    const { send, circuitOf } = this.#connection;
    const all = typeof keys === 'string' ? [keys] : keys;
    const batch = this.#batches.enterFor(operation, circuitOf(all[0] ?? ''));
    return batch.reply(operation, sendScript(send, script, all, args, batch.signal));
  }

  async command(operation: string, key: string, args: (string | Buffer)[], as?: 'bytes'): Promise<unknown> {
    const { send, circuitOf } = this.#connection;
    const batch = this.#batches.enterFor(operation, circuitOf(key));
    return batch.reply(operation, sendTwice(send, key, args, batch.signal, as));
  }
}
