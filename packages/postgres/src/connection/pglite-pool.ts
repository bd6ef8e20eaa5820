import { join } from 'node:path';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { type DirectoryLock, lockDirectory } from './directory-lock.js';

/** What is used of PGlite. */
interface Embedded {
  query(
    text: string,
    values: unknown[],
    options: { parsers: Record<number, (value: string) => unknown> },
  ): Promise<{ rows: unknown[]; affectedRows?: number }>;
  close(): Promise<void>;
}

/** `int8` as text, as `pg` gives it: PGlite would give numbers or bigints by size. */
const parsers = { 20: (value: string): string => value };

/** Opens PGlite in a folder, locked for this process, in the shape of a pool of one connection. */
export async function pglitePool(directory: string): Promise<PostgresPool> {
  const lock = lockDirectory(directory);
  try {
    const { PGlite } = await import('@electric-sql/pglite');
    const embedded = await PGlite.create(join(directory, 'pglite'));
    return new PglitePool(embedded, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** PGlite is one session: whoever has it is alone with it, so that transactions do not mix. */
class PglitePool implements PostgresPool {
  #last: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;

  constructor(
    private readonly embedded: Embedded,
    private readonly lock: DirectoryLock,
  ) {}

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
    this.#ended ??= this.#last.then(() => this.embedded.close()).finally(() => this.lock.release());
    return this.#ended;
  }

  readonly #query = async (text: string, values: readonly unknown[] = []): Promise<unknown> => {
    const { rows, affectedRows = 0 } = await this.embedded.query(text, [...values], { parsers });
    const command = /^\s*(insert|update|delete|merge)\b/i.exec(text)?.[1]?.toUpperCase() ?? 'SELECT';
    return { rows, command, rowCount: affectedRows };
  };
}
