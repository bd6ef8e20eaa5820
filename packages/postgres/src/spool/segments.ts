import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UsageEvent } from '@tollgate/core';
import { AppendFile, newId } from '@tollgate/core/internal';

/** A segment is closed beyond this size, in bytes: it is read back as a whole. */
const segmentBytes = 1_000_000;
const ending = '.jsonl';

/** The files of one process in a separate folder: one is appended to, earlier ones wait to be read and removed, oldest first. */
export class Segments {
  /** Bytes that wait to be read. */
  bytes = 0;
  #current: { file: AppendFile; bytes: number } | undefined;
  readonly #closed: { path: string; bytes: number }[] = [];

  constructor(
    private readonly directory: string,
    private readonly sync: boolean,
  ) {}

  /** Whether a file is being appended to. */
  get hasCurrent(): boolean {
    return this.#current !== undefined;
  }

  /** Finds the files that a process has left here. */
  async find(): Promise<void> {
    const names = await readdir(this.directory);
    for (const name of names.filter((one) => one.endsWith(ending)).sort()) {
      const path = join(this.directory, name);
      const bytes = (await stat(path)).size;
      this.#closed.push({ path, bytes });
      this.bytes += bytes;
    }
  }

  /** Resolves when the text is on the disk; rejects where it cannot be. */
  async append(text: string): Promise<void> {
    this.#current ??= { file: new AppendFile(join(this.directory, newId() + ending), this.sync), bytes: 0 };
    await this.#current.file.append(text);
    const bytes = Buffer.byteLength(text);
    this.#current.bytes += bytes;
    this.bytes += bytes;
    if (this.#current.bytes > segmentBytes) await this.rotate();
  }

  /** Closes the file that is appended to, so that it can be read. Not while one is being appended. */
  async rotate(): Promise<void> {
    if (!this.#current) return;
    const { file, bytes } = this.#current;
    this.#current = undefined;
    this.#closed.push({ path: file.path, bytes });
    await file.close();
  }

  /** The events of the oldest closed file; a line that was torn by a crash is none. `undefined`: there is no such file. */
  async oldest(): Promise<{ events: UsageEvent[]; torn: number } | undefined> {
    const [first] = this.#closed;
    if (!first) return undefined;
    const lines = (await readFile(first.path, 'utf8')).split('\n').filter((line) => line !== '');
    const events = lines.flatMap(parsed);
    return { events, torn: lines.length - events.length };
  }

  async removeOldest(): Promise<void> {
    const [first] = this.#closed;
    if (!first) return;
    await rm(first.path, { force: true });
    this.#closed.shift();
    this.bytes -= first.bytes;
  }
}

function parsed(line: string): UsageEvent[] {
  try {
    return [JSON.parse(line) as UsageEvent];
  } catch {
    return [];
  }
}
