import { accepts, type ChildRevocations, checkOptions, describeValue } from '@tollgate/core/internal';
import {
  checkDatabaseOptions,
  connectionChecks,
  type DatabaseOptions,
} from '../connection/connection-options.js';
import { type Database, database } from '../connection/database.js';
import { type AuditEntry, readAudit } from './audit.js';
import { Changes } from './changes.js';
import { checkIds } from './names.js';
import { type SqlKeys, sqlKeys } from './sql-keys.js';
import { type SqlOverrides, sqlOverrides } from './sql-overrides.js';
import { sqlRevocations } from './sql-revocations.js';
import { type SqlTenants, sqlTenants } from './sql-tenants.js';
import { Writer } from './writer.js';

/** Options of {@link registry}: those of a database, and: */
export interface RegistryOptions extends DatabaseOptions {
  /** The database that others use too, instead of `pool`, `connectionString` or `directory`; it is not closed with the registry. */
  database?: Database;
  /** Who changes things here, for the audit trail. @defaultValue 'app' */
  actor?: string;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Access and limits in SQL: keys, tenants and limit overrides, with an audit trail. */
export interface Registry {
  /** For `authenticate({ keys })`. */
  readonly keys: SqlKeys;
  /** For `authenticate({ overrides })`. */
  readonly overrides: SqlOverrides;
  /** For `childCredentials({ revocations })`. */
  readonly revocations: ChildRevocations;
  readonly tenants: SqlTenants;
  /** The same registry with changes made in another's name. */
  as(actor: string): Registry;
  /** The audit trail, newest first; `before`: entries older than that of this id, for the next page. @defaultValue limit 100 */
  audit(filter?: {
    tenant?: string | undefined;
    before?: string | undefined;
    limit?: number | undefined;
  }): Promise<AuditEntry[]>;
  /**
   * The names (`<host>:<process id>`) of running processes whose keys, limits or revocations of child credentials come from this database
   * and that have received every change committed before. Asks until one answers, for at most `withinMs`. Empty on an embedded database,
   * which takes one process, and where this or the other process's pool has a single connection.
   */
  readers(of: 'keys' | 'limits' | 'children', withinMs: number): Promise<readonly string[]>;
  /** Closes the resources opened here. */
  close(): Promise<void>;
}

/** Keys, tenants and limits on PostgreSQL or PGlite. Nothing is opened before it is first used. Throws a `TypeError` for a wrong or unknown option. */
export function registry(options: RegistryOptions): Registry {
  const { database: shared, actor = 'app', now = Date.now, ...connection } = options ?? {};
  checkOptions<RegistryOptions>(
    'registry',
    { ...(shared && { database: shared }), actor, now },
    {
      ...connectionChecks,
      database: accepts.methods('ready', 'end', 'listen'),
      actor: accepts.string,
      now: accepts.function,
    },
  );
  const [twice] = Object.keys(connection);
  if (shared && twice !== undefined) {
    throw new TypeError(
      `registry: "${twice}" belongs to the "database" that is given, received ${describeValue(options)}`,
    );
  }
  if (!shared) checkDatabaseOptions('registry', connection);
  checkIds('registry', { actor }); // before a folder is locked
  const own = shared ?? database(connection);
  const close = shared ? async () => undefined : () => own.end();
  return registryOf(own, new Changes(own), { actor, now, close });
}

const kinds = { keys: 'k', limits: 'o', children: 'c' } as const;

function registryOf(
  own: Database,
  changes: Changes,
  { actor, now, close }: { actor: string; now: () => number; close: () => Promise<void> },
): Registry {
  checkIds('registry', { actor });
  const writer = new Writer(own, changes, actor, now);
  return {
    keys: sqlKeys(writer, changes),
    overrides: sqlOverrides(writer, changes),
    revocations: sqlRevocations(writer, changes),
    tenants: sqlTenants(writer),
    as: (other) => registryOf(own, changes, { actor: other, now, close }),
    audit: async ({ tenant, before, limit = 100 } = {}) =>
      readAudit(await writer.query(), { tenant, before, limit }),
    readers: (of, withinMs) => changes.readers(kinds[of], withinMs),
    close,
  };
}
