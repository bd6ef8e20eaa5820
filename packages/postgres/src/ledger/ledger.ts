import type { UsageEvent, UsageSink } from '@tollgate/core';
import type { Database } from '../connection/database.js';
import { EventWriter } from './event-writer.js';
import { type LedgerOptions, readLedgerOptions } from './ledger-options.js';
import { dropMonthsBefore } from './partitions.js';

/** Usage events in SQL: the truth about what was spent. A sink, and what is asked of it. */
export interface Ledger extends UsageSink {
  /** Resolves when the event is in the database; rejects where the database is away or cannot hold it. */
  write(event: UsageEvent): Promise<void>;
  /** Resolves when nothing is under way. */
  flush(): Promise<void>;
  /** Flushes, and closes what was opened here. */
  close(): Promise<void>;
  readonly database: Database;
  /** Drops whole months, events and all, before that one, e.g. `'2026-01'`. Resolves with the months dropped. */
  dropMonthsBefore(month: string): Promise<string[]>;
}

/**
 * A ledger on PostgreSQL or PGlite. Nothing is opened before the first event; tables are made then. Each event is a row once, however
 * often it is given. Throws a `TypeError` for a wrong or unknown option.
 */
export function ledger(options: LedgerOptions): Ledger {
  const { database, endDatabase } = readLedgerOptions(options);
  return new SqlLedger(database, endDatabase);
}

class SqlLedger implements Ledger {
  readonly #writer: EventWriter;
  #closed: Promise<void> | undefined;

  constructor(
    readonly database: Database,
    private readonly endDatabase: () => Promise<void>,
  ) {
    this.#writer = new EventWriter(database);
  }

  write(event: UsageEvent): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the ledger is closed'));
    return this.#writer.write(event);
  }

  flush(): Promise<void> {
    return this.#writer.settled();
  }

  close(): Promise<void> {
    this.#closed ??= this.flush().then(() => this.endDatabase());
    return this.#closed;
  }

  async dropMonthsBefore(month: string): Promise<string[]> {
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
      throw new TypeError(`ledger: a month such as "2026-01" is required, received ${JSON.stringify(month)}`);
    }
    await this.database.ready();
    return dropMonthsBefore(this.database, month);
  }
}
