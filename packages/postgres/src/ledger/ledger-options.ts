import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { accepts, checkOptions, describeValue } from '@tollgate/core/internal';
import {
  checkDatabaseOptions,
  connectionChecks,
  type DatabaseOptions,
} from '../connection/connection-options.js';
import { type Database, database } from '../connection/database.js';
import { acceptsSpool, readSpool, type SpoolOptions } from '../spool/spool-options.js';

export interface LedgerOptions extends DatabaseOptions {
  /** The database that others use too, instead of `pool`, `connectionString` or `directory`; it is not closed with the ledger. */
  database?: Database;
  /**
   * Where events wait on the disk until the database has them: a folder, or options. With it `write()` completes when the event is
   * accepted, and `flush()` when it is on the disk. For apps whose events come from their own process; with the outbox of
   * `@tollgate/redis`, they wait there. @defaultValue with `directory`, its folder `spool`; otherwise none
   */
  spool?: string | SpoolOptions;
}

/** The database to use, and how to end it. Throws a `TypeError` for a wrong or unknown option. */
export function readLedgerOptions(options: LedgerOptions): {
  database: Database;
  endDatabase: () => Promise<void>;
  spool: Required<SpoolOptions> | undefined;
  isNew: boolean;
} {
  const { database: shared, spool = besideEmbedded(options), ...connection } = options ?? {};
  const verdict = spool === undefined || acceptsSpool(spool);
  if (verdict !== true) {
    throw new TypeError(`ledger: "spool" must be ${verdict}, received ${describeValue(spool)}`);
  }
  const waiting = spool === undefined ? undefined : readSpool(spool);
  const isNew = (one: Database): boolean =>
    one.isNew && (waiting === undefined || !existsSync(waiting.directory));
  if (shared === undefined) {
    checkDatabaseOptions('ledger', connection);
    const own = database(connection);
    return { database: own, endDatabase: () => own.end(), spool: waiting, isNew: isNew(own) };
  }
  checkOptions<LedgerOptions>('ledger', options, {
    ...connectionChecks,
    database: accepts.methods('ready', 'end'),
    spool: acceptsSpool,
  });
  const [twice] = Object.keys(connection);
  if (twice !== undefined) {
    throw new TypeError(
      `ledger: "${twice}" belongs to the "database" that is given, received ${describeValue(options)}`,
    );
  }
  return { database: shared, endDatabase: async () => undefined, spool: waiting, isNew: isNew(shared) };
}

/** PGlite takes seconds to open, and events arrive earlier. */
function besideEmbedded({ directory }: LedgerOptions = {}): string | undefined {
  return typeof directory === 'string' && directory !== '' ? join(directory, 'spool') : undefined;
}
