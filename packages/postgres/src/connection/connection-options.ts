import { accepts, checkOptions, describeValue, type OptionChecks } from '@tollgate/core/internal';

/** A pool of `pg`, as much of it as is used here: an app that has no `@types/pg` compiles as well. */
interface PgPool {
  connect(): Promise<object>;
  query(text: string): Promise<object>;
  end(): Promise<void>;
  readonly options?: { readonly max?: number | undefined } | undefined;
}

/** Where the database is: exactly one of `pool`, `connectionString` and `directory`. */
export interface DatabaseOptions {
  /** The `pg` pool that the app already has; it is not closed here. */
  pool?: PgPool;
  /** `postgres://user:password@host:5432/name`. The pool is then made, watched and closed here; needs the package `pg`. */
  connectionString?: string;
  /**
   * A folder for PGlite, PostgreSQL inside this process: for demos, tests and apps of one process. Made where it is missing, and locked
   * while it is open, since two processes would corrupt it; needs the package `@electric-sql/pglite`.
   */
  directory?: string;
  /** The schema that holds our tables: lower case letters, digits and `_`, at most 40. @defaultValue 'tollgate' */
  schema?: string;
  /** Whether tables are created and migrated at the first use of the database. @defaultValue true */
  migrate?: boolean;
  /** Connections of a pool that is made here, 1 to 100. @defaultValue 5 */
  maxConnections?: number;
}

/** The checks of {@link DatabaseOptions}, to spread into those of a factory that takes them. */
export const connectionChecks: OptionChecks<DatabaseOptions> = {
  pool: accepts.methods('connect', 'query', 'end'),
  connectionString: (value) => (typeof value === 'string' && isPostgresUrl(value)) || 'a postgres:// URL',
  directory: accepts.string,
  schema: (value) =>
    (typeof value === 'string' && /^[a-z_][a-z0-9_]{0,39}$/.test(value)) ||
    'a name of lower case letters, digits and "_", at most 40',
  migrate: accepts.boolean,
  maxConnections: accepts.integerBetween(1, 100),
};

/** Throws a `TypeError` for a wrong or unknown option; never shows a connection string, which may hold a password. */
export function checkDatabaseOptions(factory: string, options: DatabaseOptions): void {
  const { connectionString } = options ?? {};
  if (connectionString !== undefined && connectionChecks.connectionString(connectionString) !== true) {
    const received = typeof connectionString === 'string' ? 'another text' : describeValue(connectionString);
    throw new TypeError(`${factory}: "connectionString" must be a postgres:// URL, received ${received}`);
  }
  checkOptions<DatabaseOptions>(factory, options, connectionChecks);
  const given = [options.pool, options.connectionString, options.directory].filter(
    (one) => one !== undefined,
  );
  if (given.length !== 1) {
    throw new TypeError(`${factory}: exactly one of "pool", "connectionString" and "directory" is required`);
  }
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol);
}
