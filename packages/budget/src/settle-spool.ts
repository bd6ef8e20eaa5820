import { mkdirSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppendFile, LineQueue, publish, warnOnce } from '@tollgate/core/internal';
import type { Settlement } from './settlement.js';

/** The most obsolete lines before the file is rewritten. */
const mostStale = 10_000;

/** A line of the file: a settlement that waits, or the number of one that has been settled. */
interface Line {
  readonly number: number;
  readonly waits?: Settlement;
}

/**
 * Keeps waiting settlements in a file, so that the next process sends them to the store if this one does not. Lines are appended and forced
 * to the disk in batches; the file is rewritten when most of it is settled. It belongs to one process. Throws at start where the file
 * cannot be read; later failures are published on `tollgate:fault`, warned of once, and tried again with the next line.
 */
export class SettleSpool {
  /** Settlements left by an earlier process, oldest first. */
  readonly left: ReadonlyMap<number, Settlement>;
  readonly #path: string;
  readonly #waiting: () => Iterable<readonly [number, Settlement]>;
  readonly #file: AppendFile;
  readonly #queue = new LineQueue<Line>(
    (lines) => this.#write(lines),
    (error) => this.#failed(error),
  );
  #lines = 0;
  #mustRewrite = true;
  /** The file is to be closed, which must not happen during a write. */
  #closes = false;

  /** `waiting`: everything that waits at the moment. */
  constructor(path: string, waiting: () => Iterable<readonly [number, Settlement]>) {
    this.#path = path;
    this.#waiting = waiting;
    this.#file = new AppendFile(path, true);
    mkdirSync(dirname(path), { recursive: true });
    this.left = settlementsIn(textOf(path));
  }

  add(number: number, waits: Settlement): void {
    this.#put({ number, waits });
  }

  settled(number: number): void {
    this.#put({ number });
  }

  /** Resolves when everything so far is on the disk, or could not be written; closes the file, which the next line opens again. */
  async flush(): Promise<void> {
    this.#closes = true;
    await this.#queue.drain();
  }

  #put(line: Line): void {
    this.#queue.add(line);
    void this.#queue.drain();
  }

  async #write(lines: readonly Line[]): Promise<void> {
    this.#lines += lines.length;
    if (lines.length > 0 && (this.#mustRewrite || this.#lines > mostStale)) await this.#rewrite();
    else if (lines.length > 0) await this.#file.append(textIn(lines));
    if (this.#closes) await this.#file.close();
    this.#closes = false;
  }

  /** Writes only the waiting settlements: to a second file first, which then replaces this one. */
  async #rewrite(): Promise<void> {
    const lines = [...this.#waiting()].map(([number, waits]) => ({ number, waits }));
    const beside = new AppendFile(`${this.#path}.new`, true);
    await rm(beside.path, { force: true });
    await beside.append(textIn(lines));
    await beside.close();
    await this.#file.close();
    await rename(beside.path, this.#path);
    this.#lines = lines.length;
    this.#mustRewrite = false;
  }

  #failed(error: unknown): void {
    this.#mustRewrite = true;
    publish('tollgate:fault', () => ({ source: 'settle-spool', error: String(error) }));
    warnOnce(
      'TOLLGATE_W_SPOOL_FAILED',
      `budget(): settlements that wait for the quota store could not be written to ${this.#path}; they are lost if this process ends`,
    );
  }
}

const textIn = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** A line that was cut off as its process ended is left out. */
function settlementsIn(text: string): Map<number, Settlement> {
  const waiting = new Map<number, Settlement>();
  for (const one of text.split('\n')) {
    const line = lineIn(one);
    if (line?.waits) waiting.set(line.number, line.waits);
    else if (line) waiting.delete(line.number);
  }
  return waiting;
}

function lineIn(text: string): Line | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
