import type { UsageEvent } from '@tollgate/core';
import type { Database } from '../connection/database.js';
import { codeOf } from '../connection/error-code.js';
import { type EventRow, rowOf } from './event-columns.js';
import { insertEvents } from './insert-events.js';
import { monthOf } from './month.js';
import { ensureMonth } from './partitions.js';
import { forgetWindows } from './spend.js';

/** Events of one statement, at most. */
const mostAtOnce = 1_000;

/**
 * How long sums of windows are kept, in days: a window is open for 31 days at most, and is read for a while longer. Old ones are deleted
 * when a month begins, and at the start.
 */
const keepWindowsDays = 92;

interface Waiting {
  readonly row: EventRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes events in batches: those that arrive during a batch form the next. */
export class EventWriter {
  readonly #database: Database;
  readonly #months = new Set<string>();
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when the event is in the database; rejects where the database is away or cannot take it. */
  write(event: UsageEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row: rowOf(event), resolve, reject });
      this.#running ??= Promise.resolve().then(() => this.#drain());
    });
  }

  /** Resolves when all are in the database but those that it cannot hold; rejects where the database is away. */
  async writeAll(events: readonly UsageEvent[]): Promise<{ refused: UsageEvent[] }> {
    const outcomes = await Promise.allSettled(events.map((event) => this.write(event)));
    const failed = outcomes.find((one) => one.status === 'rejected' && !isOfData(one.reason));
    if (failed?.status === 'rejected') throw failed.reason;
    return { refused: events.filter((_, index) => outcomes[index]?.status === 'rejected') };
  }

  /** Writes one event by itself. Resolves with whether it was new. */
  async writeNew(event: UsageEvent): Promise<boolean> {
    const written = await this.#insert([rowOf(event)]);
    return written.length > 0;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeBatch(this.#waiting.splice(0, mostAtOnce));
    this.#running = undefined;
  }

  /** Never rejects. A batch with an event that the database cannot hold is halved until that one is alone. */
  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#insert(batch.map(({ row }) => row));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length > 1 && isOfData(error)) {
        const half = batch.length >> 1;
        await this.#writeBatch(batch.slice(0, half));
        await this.#writeBatch(batch.slice(half));
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #insert(rows: readonly EventRow[]): Promise<string[]> {
    await this.#database.ready();
    for (let again = true; ; again = false) {
      try {
        for (const { eventId } of rows) await this.#ensureMonth(eventId);
        return await insertEvents(this.#database, rows);
      } catch (error) {
        // No table takes a row (23514): its month was dropped, or the database is another one now.
        if (!again || codeOf(error) !== '23514') throw error;
        this.#months.clear();
      }
    }
  }

  async #ensureMonth(eventId: string): Promise<void> {
    const month = monthOf(eventId);
    if (this.#months.has(month.month)) return;
    await ensureMonth(this.#database, month);
    this.#months.add(month.month);
    await forgetWindows(this.#database, keepWindowsDays);
  }
}

/** Whether the event itself is at fault: it cannot be a row (a `TypeError`), or holds a value that no column takes (SQLSTATE 22, 23), or that is too large for one (54). */
function isOfData(error: unknown): boolean {
  return error instanceof TypeError || /^(22|23|54)/.test(codeOf(error));
}
