import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { publish, warnOnce } from '@tollgate/core/internal';
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
  #text = '';
  #lines = 0;
  #writing: Promise<void> | undefined;
  #mustRewrite = true;

  /** `waiting`: everything that waits at the moment. */
  constructor(path: string, waiting: () => Iterable<readonly [number, Settlement]>) {
    this.#path = path;
    this.#waiting = waiting;
    mkdirSync(dirname(path), { recursive: true });
    this.left = settlementsIn(textOf(path));
  }

  add(number: number, waits: Settlement): void {
    this.#put({ number, waits });
  }

  settled(number: number): void {
    this.#put({ number });
  }

  /** Resolves when everything so far is on the disk, or could not be written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  #put(line: Line): void {
    this.#text += `${JSON.stringify(line)}\n`;
    this.#lines += 1;
    this.#writing ??= this.#write();
  }

  /** Starts in the next turn, so that lines of one turn are forced to the disk together. Never rejects. */
  async #write(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#text !== '') {
      try {
        if (this.#mustRewrite || this.#lines > mostStale) await this.#rewrite();
        else await this.#append();
      } catch (error) {
        this.#failed(error);
        break;
      }
    }
    this.#writing = undefined;
  }

  async #append(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    await writeTo(this.#path, 'a', text);
  }

  /** Writes only the waiting settlements: to a second file first, which then replaces this one. */
  async #rewrite(): Promise<void> {
    this.#text = '';
    this.#lines = 0;
    const lines = [...this.#waiting()].map(([number, waits]) => `${JSON.stringify({ number, waits })}\n`);
    const beside = `${this.#path}.new`;
    await writeTo(beside, 'w', lines.join(''));
    await rename(beside, this.#path);
    this.#mustRewrite = false;
  }

  #failed(error: unknown): void {
    this.#text = '';
    this.#mustRewrite = true;
    publish('tollgate:fault', () => ({ source: 'settle-spool', error: String(error) }));
    warnOnce(
      'TOLLGATE_W_SPOOL_FAILED',
      `budget(): settlements that wait for the quota store could not be written to ${this.#path}; they are lost if this process ends`,
    );
  }
}

/** Forces it to the disk. The file is closed in any case: from Node 26 on, one that is forgotten open ends the process when it is collected. */
async function writeTo(path: string, how: 'a' | 'w', text: string): Promise<void> {
  const file = await open(path, how, 0o600);
  try {
    await file.appendFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

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
