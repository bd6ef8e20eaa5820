import type { UsageEvent, UsageSink } from '@tollgate/core';
import {
  AppendFile,
  accepts,
  type CounterWindow,
  checkOptions,
  describeValue,
  LineQueue,
  type ScopeSpan,
  type SpendSource,
  type WindowSpend,
} from '@tollgate/core/internal';
import { definedInJsonLines, spendInJsonLines, spentInJsonLines } from './json-lines-spend.js';
import { sinkFailed } from './write-event.js';

/** Options of {@link jsonLines}. */
export interface JsonLinesOptions {
  /** Events kept in memory while the file cannot be written; beyond it the newest are dropped. @defaultValue 10_000 */
  maxQueued?: number;
  /** Whether each batch is forced to the disk (`fsync`) before it counts as written. @defaultValue true */
  sync?: boolean;
  /** How long to wait after a failed write, in milliseconds, before the next. @defaultValue 1_000 */
  retryMs?: number;
}

/**
 * A sink that appends to a file, and counts of its events. It is also a source of earlier spend, by reading the whole file: for counters
 * that were lost, in an app whose processes all write to this one file.
 */
export interface JsonLinesSink extends UsageSink, SpendSource {
  definedAt(definitions: readonly string[]): Promise<readonly number[]>;
  spentBy(spans: readonly ScopeSpan[]): Promise<readonly number[]>;
  flush(): Promise<void>;
  close(): Promise<void>;
  caughtUp(): Promise<void>;
  /** Events dropped since the start, because the file could not be written for too long, or the sink was closed. */
  readonly droppedCount: number;
}

/**
 * Appends usage events to a file, one JSON object a line, in the order of their writing. Creates missing directories. Events that arrive
 * while a batch is being written form the next. A failed write is repeated; no response waits for it.
 */
export function jsonLines(path: string, options: JsonLinesOptions = {}): JsonLinesSink {
  if (accepts.string(path) !== true) {
    throw new TypeError(`jsonLines: a path is required, received ${describeValue(path)}`);
  }
  checkOptions<JsonLinesOptions>('jsonLines', options, {
    maxQueued: accepts.positiveInteger,
    sync: accepts.boolean,
    retryMs: accepts.wholeNumber,
  });
  return new JsonLinesFile(path, options);
}

class JsonLinesFile implements JsonLinesSink {
  droppedCount = 0;
  readonly #queue = new LineQueue<UsageEvent>(
    (batch) => this.#append(batch),
    (error, [first]) => {
      if (first) sinkFailed(first, error);
      this.#later();
    },
  );
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #file: AppendFile;
  readonly #maxQueued: number;
  readonly #retryMs: number;
  readonly #startMs = Date.now();

  constructor(
    private readonly path: string,
    { maxQueued = 10_000, sync = true, retryMs = 1_000 }: JsonLinesOptions,
  ) {
    this.#maxQueued = maxQueued;
    this.#file = new AppendFile(path, sync);
    this.#retryMs = retryMs;
  }

  write(event: UsageEvent): void {
    if (this.#closed || this.#queue.size >= this.#maxQueued) {
      this.droppedCount += 1;
      sinkFailed(
        event,
        new Error(this.#closed ? `${this.path} is closed` : `${this.path} cannot be written`),
      );
      return;
    }
    this.#queue.add(event);
    if (!this.#retry) void this.#queue.drain();
  }

  /** Resolves when all events written so far are in the file; rejects when they cannot be written. */
  async flush(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    let isWritten: boolean;
    do isWritten = await this.#queue.drain();
    while (isWritten && this.#queue.size > 0);
    if (!isWritten) throw new Error(`${this.path} cannot be written: ${this.#queue.size} events wait`);
  }

  caughtUp(): Promise<void> {
    return this.flush();
  }

  async spentIn(windows: readonly CounterWindow[]): Promise<readonly number[]> {
    const spends = await this.openWindows();
    const amounts = new Map(spends.map(({ counter, window, amount }) => [`${counter} ${window}`, amount]));
    return windows.map(({ counter, window }) => amounts.get(`${counter} ${window}`) ?? 0);
  }

  /** Every window in the file, including ended ones. */
  async openWindows(): Promise<readonly WindowSpend[]> {
    await this.flush();
    return spendInJsonLines(this.path);
  }

  /** The time at which each was first charged; this process's start where none was. */
  async definedAt(definitions: readonly string[]): Promise<readonly number[]> {
    await this.flush();
    return definedInJsonLines(this.path, definitions, this.#startMs);
  }

  async spentBy(spans: readonly ScopeSpan[]): Promise<readonly number[]> {
    await this.flush();
    return spentInJsonLines(this.path, spans);
  }

  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#retry);
      await this.#file.close();
    }
  }

  async #append(batch: readonly UsageEvent[]): Promise<void> {
    if (batch.length > 0)
      await this.#file.append(batch.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }

  #later(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#queue.drain();
    }, this.#retryMs);
    this.#retry.unref();
  }
}
