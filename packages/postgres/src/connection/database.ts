import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CompiledQuery, Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { migrateToLatest } from '../migrations/migrate.js';
import type { Tables } from '../tables/tables.js';
import { checkDatabaseOptions, type DatabaseOptions } from './connection-options.js';
import { type DirectoryLock, lockDirectory } from './directory-lock.js';
import { NotificationListener } from './notification-listener.js';
import { connectionBroke, pgPool } from './pg-pool.js';
import { pgliteFolder, pglitePool } from './pglite-pool.js';
import { pgliteModule } from './pglite-worker.js';

/** One database that ledger and keys share. Nothing is opened before it is first used; a folder is locked at once. */
export interface Database {
  /** The schema that holds our tables. */
  readonly schema: string;
  /** Whether there was no embedded database in the folder when this was made: it can hold nothing of before. */
  readonly isNew: boolean;
  /** Whether it is PGlite in a folder, which takes one process. */
  readonly isEmbedded: boolean;
  /** Whether {@link ready} has resolved. */
  readonly isOpen: boolean;
  /** Typed queries; the tables are found in {@link schema}. Wait for {@link ready} first. */
  readonly query: Kysely<Tables>;
  /** Resolves when the database is open and its tables are up to date; rejects when it is away, and tries again when asked again. */
  ready(): Promise<void>;
  /** Runs one statement with its values (`$1`, …) in a separate transaction; for tables beside the ledger's, such as those of `@tollgate/billing`. */
  readonly execute: (statement: string, values: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  /**
   * Calls the listener with the payloads that any process notifies on a channel of the schema (`<schema>_<name>`), over a separate
   * connection that is made again whenever it breaks, until the end. Notifications in between are lost. Never on PGlite, which has one
   * process, nor on a pool of one connection, which all other statements need.
   */
  listen(name: string, listener: (payload: string) => void): void;
  /** Closes the resources opened here. */
  end(): Promise<void>;
}

/** A database on PostgreSQL, or on PGlite in a folder. Throws a `TypeError` for a wrong or unknown option, and an `Error` where another process has the folder, or the package of the
 * embedded database is not installed. */
export function database(options: DatabaseOptions): Database {
  checkDatabaseOptions('database', options);
  return new SqlDatabase(options);
}

class SqlDatabase implements Database {
  readonly schema: string;
  readonly isNew: boolean;
  readonly isEmbedded: boolean;
  isOpen = false;
  readonly query: Kysely<Tables>;
  readonly #kysely: Kysely<Tables>;
  readonly #migrates: boolean;
  readonly #connection: PoolOnDemand;
  readonly #canSpareOne: boolean;
  readonly #ears: NotificationListener[] = [];
  #ready: Promise<void> | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: DatabaseOptions) {
    const { schema = 'tollgate', migrate = true, directory } = options;
    this.isNew = directory !== undefined && !existsSync(pgliteFolder(directory));
    this.isEmbedded = directory !== undefined;
    this.schema = schema;
    this.#canSpareOne = (options.pool?.options?.max ?? options.maxConnections ?? 5) > 1;
    this.#migrates = migrate;
    this.#connection = new PoolOnDemand(options);
    this.#kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: this.#connection }) });
    this.query = this.#kysely.withSchema(schema);
  }

  ready(): Promise<void> {
    if (this.#ended) return Promise.reject(new Error('the database is closed'));
    if (!this.#ready) {
      const opening = this.#open();
      this.#ready = opening;
      opening.catch(() => {
        if (this.#ready === opening) this.#ready = undefined;
      });
    }
    return this.#ready;
  }

  readonly execute: Database['execute'] = async (statement, values) => {
    const compiled = CompiledQuery.raw(statement, [...values]);
    return (await this.#kysely.executeQuery<Record<string, unknown>>(compiled)).rows;
  };

  listen(name: string, listener: (payload: string) => void): void {
    if (!this.#canSpareOne) return;
    this.#ears.push(
      new NotificationListener(`${this.schema}_${name}`, listener, async () => {
        await this.ready();
        return this.#connection.connect();
      }),
    );
  }

  end(): Promise<void> {
    this.#ended ??= (async () => {
      this.#connection.stopOpening();
      await this.#ready?.catch(() => undefined);
      await Promise.all(this.#ears.map((ear) => ear.end()));
      await this.#connection.end();
    })();
    return this.#ended;
  }

  async #open(): Promise<void> {
    if (this.#migrates) await migrateToLatest(this.#kysely, this.schema);
    else await this.#connection.opened();
    this.isOpen = true;
  }
}

/** How long closing waits for statements under way. */
const endMs = 5_000;

/** The app's pool, or one that is made when it is first asked for, and asked for again where that failed. */
class PoolOnDemand implements PostgresPool {
  #opening: Promise<PostgresPool> | undefined;
  readonly #heard = new WeakSet<object>();

  readonly #lock: DirectoryLock | undefined;
  readonly #stop = new AbortController();

  constructor(private readonly options: DatabaseOptions) {
    if (options.directory !== undefined) pgliteModule();
    this.#lock = options.directory === undefined ? undefined : lockDirectory(options.directory);
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await (await this.opened()).connect();
    // A connection that breaks between two statements emits an event, which would end the process; the next statement fails.
    if (client instanceof EventEmitter && !this.#heard.has(client)) {
      this.#heard.add(client);
      client.on('error', connectionBroke);
    }
    return client;
  }

  opened(): Promise<PostgresPool> {
    if (!this.#opening) {
      const opening = this.#open();
      this.#opening = opening;
      opening.catch(() => {
        this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  /** Does not wait for an embedded database that is not open yet. */
  stopOpening(): void {
    this.#stop.abort();
  }

  /** The app's own pool stays open. A frozen server is not waited for. */
  async end(): Promise<void> {
    const pool = await this.#opening?.catch(() => undefined);
    if (pool && pool !== this.options.pool) {
      await Promise.race([pool.end(), delay(endMs, undefined, { ref: false })]);
    }
    this.#lock?.release();
  }

  async #open(): Promise<PostgresPool> {
    const { pool, connectionString, directory = '', maxConnections = 5 } = this.options;
    if (pool) return pool as PostgresPool;
    return connectionString === undefined
      ? pglitePool(directory, this.#stop.signal)
      : pgPool(connectionString, maxConnections);
  }
}
