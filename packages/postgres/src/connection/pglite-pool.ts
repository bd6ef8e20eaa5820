import { join } from 'node:path';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { PgliteWorker } from './pglite-worker.js';

/** Where PGlite keeps its files in a folder of ours. */
export const pgliteFolder = (directory: string): string => join(directory, 'pglite');

/** Opens PGlite in a folder that this process has locked, in the shape of a pool of one connection. Gives up when `stop` aborts. */
export async function pglitePool(directory: string, stop: AbortSignal): Promise<PostgresPool> {
  stop.throwIfAborted();
  const embedded = new PgliteWorker(pgliteFolder(directory));
  const giveUp = (): void => void embedded.terminate();
  stop.addEventListener('abort', giveUp);
  await embedded.query('select 1', []);
  stop.removeEventListener('abort', giveUp);
  return new PglitePool(embedded);
}

/** PGlite is one session: only one user at a time has it, so that transactions do not mix. */
class PglitePool implements PostgresPool {
  #last: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(private readonly embedded: PgliteWorker) {}

  async connect(): Promise<PostgresPoolClient> {
    if (this.#ended) throw new Error('the database is closed');
    const before = this.#last;
    let release = (): void => undefined;
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return { query: this.#query as PostgresPoolClient['query'], release };
  }

  end(): Promise<void> {
    this.#ended ??= this.#last.then(() => this.embedded.close());
    return this.#ended;
  }

  readonly #query = async (text: string, values: readonly unknown[] = []): Promise<unknown> => {
    const { rows, affectedRows = 0 } = await this.embedded.query(text, values);
    const command = /^\s*(insert|update|delete|merge)\b/i.exec(text)?.[1]?.toUpperCase() ?? 'SELECT';
    return { rows, command, rowCount: affectedRows };
  };
}
