import type { UsageEvent, UsageSink } from '@tollgate/core';
import type { CounterWindow, ScopeSpan, SpendSource, WindowSpend } from '@tollgate/core/internal';
import type { Database } from '../connection/database.js';
import { Spool } from '../spool/spool.js';
import { type SpoolStatus, spoolStatus } from '../spool/spool-status.js';
import { EventWriter } from './event-writer.js';
import { type LedgerOptions, readLedgerOptions } from './ledger-options.js';
import { dropMonthsBefore } from './partitions.js';
import { definedAt, spentBy, withEarlierSpend } from './scope-spend.js';
import { openWindows, spentIn } from './spend.js';
import { unresolvedIn } from './unresolved.js';

/** Usage events in SQL: the authoritative record of spend. A sink with queries. */
export interface Ledger extends UsageSink, SpendSource {
  /**
   * Without a spool: resolves when the event is in the database; rejects where the database is away or cannot hold it. With one:
   * the event is taken, and the answer is nothing.
   */
  write(event: UsageEvent): void | Promise<void>;
  /** Resolves when everything written is in the database, or with a spool on the disk; rejects where it cannot be. */
  flush(): Promise<void>;
  /** Flushes, delivers the events in the spool (for 2 s at most; the rest stays there), and closes the resources opened here. */
  close(): Promise<void>;
  /** `true` while the spool can take hardly more. */
  readonly isFull: boolean;
  /** Events dropped since the start because the spool was full. */
  readonly droppedCount: number;
  /** The events that wait in its spool, of all processes with this folder; absent: there is no spool. Reads the disk. */
  spooled(): Promise<SpoolStatus | undefined>;
  readonly database: Database;
  definedAt(definitions: readonly string[]): Promise<readonly number[]>;
  spentBy(spans: readonly ScopeSpan[]): Promise<readonly number[]>;
  /**
   * The unresolved part of the counters' charges in these windows, in their order and units: calls whose end is unknown. For one tenant's
   * calls; `undefined`: for all.
   */
  unresolvedIn(tenant: string | undefined, windows: readonly CounterWindow[]): Promise<readonly number[]>;
  /** Drops whole months, events and all, before that one, e.g. `'2026-01'`. Resolves with the months dropped. */
  dropMonthsBefore(month: string): Promise<string[]>;
}

/**
 * A ledger on PostgreSQL or PGlite. Nothing is opened before the first event; tables are made then. Each event is a row once, however
 * often it is given. Throws a `TypeError` for a wrong or unknown option.
 */
export function ledger(options: LedgerOptions): Ledger {
  return new SqlLedger(readLedgerOptions(options));
}

/** A spool of more bytes is counted once in so many ms: all of it is read. */
const mostCountedBytes = 64 * 1024 * 1024;
const spooledMs = 60_000;
/** How long closing delivers events from the spool, in ms: they are safe there. */
const closeMs = 2_000;

class SqlLedger implements Ledger {
  readonly database: Database;
  readonly #writer: EventWriter;
  readonly #spool: Spool | undefined;
  readonly #endDatabase: () => Promise<void>;
  #closed: Promise<void> | undefined;
  /** The last count of the spool. */
  #spooled: { readonly atMs: number; readonly status: SpoolStatus } | undefined;

  /** The ledger was empty when this process began, and still is: nothing was spent, so no admission waits until the tables are made. */
  #isEmpty: boolean;

  constructor({ database, endDatabase, spool, isNew }: ReturnType<typeof readLedgerOptions>) {
    this.#isEmpty = isNew;
    this.database = database;
    this.#endDatabase = endDatabase;
    this.#writer = new EventWriter(database);
    this.#spool = spool && new Spool(spool, (events) => this.#writer.writeAll(events));
  }

  get isFull(): boolean {
    return this.#spool?.isFull ?? false;
  }

  get droppedCount(): number {
    return this.#spool?.droppedCount ?? 0;
  }

  async spooled(): Promise<SpoolStatus | undefined> {
    if (!this.#spool) return undefined;
    const known = this.#spooled;
    const isFresh = known !== undefined && performance.now() - known.atMs < spooledMs;
    if (isFresh && known.status.bytes > mostCountedBytes) return known.status;
    const status = await spoolStatus(this.#spool.directory);
    this.#spooled = { atMs: performance.now(), status };
    return status;
  }

  write(event: UsageEvent): void | Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the ledger is closed'));
    this.#isEmpty = false;
    return this.#spool ? this.#spool.write(event) : this.#writer.write(event);
  }

  flush(): Promise<void> {
    return this.#spool?.flush() ?? this.#writer.settled();
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      // A database that is still being made is made again by the next process, which takes over the spool.
      const withinMs = this.database.isNew && !this.database.isOpen ? 0 : closeMs;
      await (this.#spool?.close(withinMs) ?? this.#writer.settled());
      await this.#endDatabase();
    })();
    return this.#closed;
  }

  async spentIn(windows: readonly CounterWindow[]): Promise<readonly number[]> {
    await this.database.ready();
    const amounts = await spentIn(this.database, windows);
    const spends = windows.map((window, index) => ({ ...window, amount: amounts[index] ?? 0 }));
    return (await withEarlierSpend(this.database, spends)).map(({ amount }) => amount);
  }

  async unresolvedIn(
    tenant: string | undefined,
    windows: readonly CounterWindow[],
  ): Promise<readonly number[]> {
    await this.database.ready();
    return unresolvedIn(this.database, tenant, windows);
  }

  /** Where nothing was spent yet, they are registered once the tables are made. */
  async definedAt(definitions: readonly string[]): Promise<readonly number[]> {
    const registered = this.database.ready().then(() => definedAt(this.database, definitions));
    if (!this.#isEmpty) return registered;
    registered.catch(() => undefined);
    return definitions.map(() => 0);
  }

  async spentBy(spans: readonly ScopeSpan[]): Promise<readonly number[]> {
    await this.database.ready();
    return spentBy(this.database, spans);
  }

  caughtUp(): Promise<void> {
    return this.#spool?.caughtUp() ?? this.#writer.settled();
  }

  /** Events that wait in the spool, or in that of an earlier process, were spent too. */
  async openWindows(): Promise<readonly WindowSpend[]> {
    if (this.#isEmpty) return [];
    await this.database.ready();
    await this.#spool?.caughtUp();
    return withEarlierSpend(this.database, await openWindows(this.database));
  }

  async dropMonthsBefore(month: string): Promise<string[]> {
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
      throw new TypeError(`ledger: a month such as "2026-01" is required, received ${JSON.stringify(month)}`);
    }
    await this.database.ready();
    return dropMonthsBefore(this.database, month);
  }
}
