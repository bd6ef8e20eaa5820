import { accepts, checkOptions, describeValue } from '@tollgate/core';
import {
  checkDatabaseOptions,
  connectionChecks,
  type DatabaseOptions,
} from '../connection/connection-options.js';
import { type Database, database } from '../connection/database.js';

export interface LedgerOptions extends DatabaseOptions {
  /** The database that others use too, instead of `pool`, `connectionString` or `directory`; it is not closed with the ledger. */
  database?: Database;
}

/** The database to use, and how to end it. Throws a `TypeError` for a wrong or unknown option. */
export function readLedgerOptions(options: LedgerOptions): {
  database: Database;
  endDatabase: () => Promise<void>;
} {
  const { database: shared, ...connection } = options ?? {};
  if (shared === undefined) {
    checkDatabaseOptions('ledger', connection);
    const own = database(connection);
    return { database: own, endDatabase: () => own.end() };
  }
  checkOptions<LedgerOptions>('ledger', options, {
    ...connectionChecks,
    database: accepts.methods('ready', 'end'),
  });
  const [twice] = Object.keys(connection);
  if (twice !== undefined) {
    throw new TypeError(
      `ledger: "${twice}" belongs to the "database" that is given, received ${describeValue(options)}`,
    );
  }
  return { database: shared, endDatabase: async () => undefined };
}
