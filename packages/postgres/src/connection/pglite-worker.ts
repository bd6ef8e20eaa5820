import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** PGlite's result of a statement. */
interface Answer {
  readonly rows: unknown[];
  readonly affectedRows?: number;
}

interface Reply {
  readonly id: number;
  readonly answer?: Answer;
  readonly error?: { readonly message: string; readonly code?: string };
}

interface Pending {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/**
 * Runs in the thread. A new database is created in a second folder and then moved, so that a process killed half way leaves none. `int8` is
 * returned as text, as by `pg`: PGlite would return numbers or bigints by size.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const parsers = { 20: (value) => value };
const { existsSync, renameSync, rmSync } = require('node:fs');
const { PGlite } = require(workerData.module);
async function open(directory) {
  if (!existsSync(directory)) {
    const made = directory + '.new';
    rmSync(made, { recursive: true, force: true });
    await (await PGlite.create(made)).close();
    renameSync(made, directory);
  }
  return PGlite.create(directory);
}
const opened = open(workerData.directory);
opened.catch(() => undefined);
parentPort.on('message', async ({ id, text, values }) => {
  try {
    const database = await opened;
    if (text === undefined) await database.close();
    const { rows, affectedRows } = text === undefined ? { rows: [] } : await database.query(text, values, { parsers });
    parentPort.postMessage({ id, answer: { rows, affectedRows } });
  } catch (error) {
    parentPort.postMessage({ id, error: { message: String(error?.message ?? error), code: error?.code } });
  }
});`;

/**
 * PGlite in a separate thread: creating a database takes seconds, which would block the event loop. Keeps the process alive only while a
 * query is running.
 */
export class PgliteWorker {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #asked = 0;
  #ended: Error | undefined;

  /** Throws where the package `@electric-sql/pglite` is not installed. */
  constructor(directory: string) {
    this.#worker = new Worker(program, { eval: true, workerData: { module: pgliteModule(), directory } });
    this.#worker.unref();
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the embedded database has ended')));
  }

  query(text: string, values: readonly unknown[]): Promise<Answer> {
    return this.#ask({ text, values });
  }

  async close(): Promise<void> {
    await this.#ask({});
    await this.terminate();
  }

  /** Ends the thread as it is; for a database that is not open yet. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(message: { text?: string; values?: readonly unknown[] }): Promise<Answer> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, ...message });
    });
  }

  #settle({ id, answer, error }: Reply): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (answer) pending?.resolve(answer);
    else pending?.reject(Object.assign(new Error(error?.message), { code: error?.code }));
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** The path of the package `@electric-sql/pglite`. Throws an `Error` that names it where it is not installed. */
export function pgliteModule(): string {
  try {
    return createRequire(import.meta.url).resolve('@electric-sql/pglite');
  } catch (cause) {
    const message =
      'database: "directory" needs the package @electric-sql/pglite: npm install @electric-sql/pglite';
    throw new Error(message, { cause });
  }
}
