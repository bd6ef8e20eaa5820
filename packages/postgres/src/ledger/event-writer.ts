import type { UsageEvent } from '@tollgate/core';
import type { Database } from '../connection/database.js';
import { type EventRow, rowOf } from './event-columns.js';
import { insertEvents } from './insert-events.js';
import { monthOf } from './month.js';
import { ensureMonth } from './partitions.js';

/** Events of one statement, at most. */
const mostAtOnce = 1_000;

interface Waiting {
  readonly row: EventRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes events in batches: those that come while a batch is under way go together into the next. */
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

  async #insert(rows: readonly EventRow[]): Promise<void> {
    await this.#database.ready();
    try {
      for (const { eventId } of rows) await this.#ensureMonth(eventId);
      await insertEvents(this.#database, rows);
    } catch (error) {
      // A month may have been dropped, or the database may be another one now.
      if (isOfData(error)) this.#months.clear();
      throw error;
    }
  }

  async #ensureMonth(eventId: string): Promise<void> {
    const month = monthOf(eventId);
    if (this.#months.has(month.month)) return;
    await ensureMonth(this.#database, month);
    this.#months.add(month.month);
  }
}

/** Whether the database understood the statement and will not take a value of it: SQLSTATE classes 22 and 23. */
function isOfData(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^2[23]/.test(String(error.code));
}
