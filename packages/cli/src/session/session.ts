import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, database, registry, spoolStatus } from '@tollgate/postgres';
import type { Command } from 'commander';
import { type Books, booksIn } from '../command/books.js';
import { type CommandLine, confirmMsOf } from '../command/command-line.js';
import { placed, UsageError } from '../command/failure.js';
import type { People } from '../command/people.js';
import { AdminApi } from '../remote/admin-api.js';
import { remoteBooks } from '../remote/remote-books.js';
import { remoteRegistry } from '../remote/remote-registry.js';
import { type Confirmation, confirmation, sources, unconfirmed } from './confirmation.js';

/** The options that every command takes. */
interface SharedOptions {
  readonly url?: string;
  readonly databaseUrl?: string;
  readonly dir?: string;
  readonly schema?: string;
  readonly actor?: string;
  readonly json?: boolean;
  readonly wait?: boolean;
}

/** The dependencies of a command. */
export interface Session {
  readonly io: CommandLine;
  /** Opened when first used; closed after the command. Throws a {@link UsageError} where an admin API is asked. */
  readonly database: Database;
  readonly registry: People;
  readonly books: Books;
  /** It asks the admin API of a running app. */
  readonly isRemote: boolean;
  /** Where the database is, without its password; the address of the admin API. */
  readonly place: string;
  /**
   * Waits until a running process has confirmed the changes so far, and describes where they are and who confirmed. Rejects where none has in
   * time; the change stays. Waits for none with `--no-wait`, nor on an embedded database, which the app opens later.
   */
  confirmed(of: 'keys' | 'limits' | 'children'): Promise<Confirmation>;
  /** Writes the result: as JSON where that is requested, otherwise as text. */
  say(found: unknown, text: () => string): void;
}

const directoryByDefault = '.tollgate';

/** Runs a command's work with the database that options and environment name, and closes it whatever happens. */
export async function withSession(
  io: CommandLine,
  command: Command,
  work: (session: Session) => Promise<void>,
  { creates = false }: { creates?: boolean } = {},
): Promise<void> {
  const options: SharedOptions = command.optsWithGlobals();
  const api = apiOf(options, io);
  if (api) return work(remoteSession(io, options, api));
  const { schema = io.env.TOLLGATE_SCHEMA } = options;
  const where = whereOf(options, io.env);
  if ('directory' in where && !creates && !existsSync(where.directory)) {
    throw new UsageError(
      `there is no DATABASE_URL, and no folder ${where.directory} here; give --database-url or --dir, or make one by "tollgate migrate"`,
    );
  }
  const shared = database({ ...where, ...(schema && { schema }), maxConnections: 2 });
  const place = 'directory' in where ? where.directory : hostOf(where.connectionString);
  const actor = options.actor ?? `cli:${io.user}`;
  const people = registry({ database: shared, actor, now: io.now });
  const session: Session = {
    ...{ io, database: shared, registry: people, place, isRemote: false },
    books: booksIn(shared, { registry: people, actor, now: io.now }),
    async confirmed(of) {
      if ('directory' in where) return confirmation(place, [], 'the app reads it when it starts');
      if (options.wait === false) return confirmation(place, [], 'not confirmed by a process');
      const withinMs = confirmMsOf(io);
      const readers = await people.readers(of, withinMs);
      if (readers.length === 0) throw new Error(unconfirmed(place, of, withinMs));
      return confirmation(place, readers);
    },
    say: sayTo(io, options),
  };
  try {
    await shared.ready();
    await work(session);
  } catch (error) {
    throw placed(error, place);
  } finally {
    await shared.end();
  }
}

/** The admin API that the options or `TOLLGATE_URL` name; `undefined`: the database itself is used. Throws a {@link UsageError}. */
export function apiOf(
  { url, databaseUrl, dir, actor }: SharedOptions,
  io: CommandLine,
): AdminApi | undefined {
  const place = url ?? (databaseUrl || dir ? undefined : io.env.TOLLGATE_URL);
  if (!place) return undefined;
  if (databaseUrl || dir) throw new UsageError('--url and a database are two places; give one of them');
  if (actor) throw new UsageError('--actor: by --url, changes are made in the name of the login');
  return new AdminApi({ url: place, token: io.env.TOLLGATE_TOKEN, fetch: io.fetch ?? globalThis.fetch });
}

function remoteSession(io: CommandLine, options: SharedOptions, api: AdminApi): Session {
  const place = api.host;
  return {
    ...{ io, place, isRemote: true, registry: remoteRegistry(api), books: remoteBooks(api) },
    get database(): never {
      throw new UsageError('this command needs the database itself, not the admin API of --url');
    },
    async confirmed(of) {
      const names = api.confirmedBy;
      if (names) return confirmation(place, names, 'confirmed by the app');
      if (options.wait === false) return confirmation(place, [], 'not confirmed by a process');
      throw new Error(
        `stored by ${place}, but no running process that ${sources[of]} from its database has confirmed it in time`,
      );
    },
    say: sayTo(io, options),
  };
}

const sayTo =
  (io: CommandLine, { json }: SharedOptions): Session['say'] =>
  (found, text) =>
    io.write(json ? `${JSON.stringify(found, undefined, 2)}\n` : text());

/** The spool of an app whose folder is this one. */
export function spoolFolder({ dir }: Pick<SharedOptions, 'dir'>, env: CommandLine['env']): string {
  return join(dir || env.TOLLGATE_DIR || directoryByDefault, 'spool');
}

/** Reports paid attempts that are not in the ledger yet: the sums do not contain them. */
export async function noteSpool(io: CommandLine, command: Command): Promise<void> {
  const options: SharedOptions = command.optsWithGlobals();
  if (apiOf(options, io)) return; // of another machine
  const folder = spoolFolder(options, io.env);
  const { waiting } = await spoolStatus(folder);
  if (waiting === 0) return;
  const attempts = waiting === 1 ? '1 paid attempt is' : `${waiting} paid attempts are`;
  io.writeError(`${attempts} not in the ledger yet: in ${folder}, until a running app delivers\n`);
}

function whereOf(
  { databaseUrl, dir }: SharedOptions,
  env: CommandLine['env'],
): { connectionString: string } | { directory: string } {
  if (databaseUrl && dir) throw new UsageError('--database-url and --dir are two places; give one of them');
  if (dir) return { directory: dir };
  const connectionString = databaseUrl || env.DATABASE_URL;
  if (connectionString) return { connectionString };
  return { directory: env.TOLLGATE_DIR || directoryByDefault };
}

function hostOf(connectionString: string): string {
  if (!URL.canParse(connectionString)) return 'the database';
  const { host, pathname } = new URL(connectionString);
  return `${host}${pathname}`;
}
