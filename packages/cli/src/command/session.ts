import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, database, type Registry, registry, spoolStatus } from '@tollgate/postgres';
import type { Command } from 'commander';
import { type CommandLine, confirmMsOf } from './command-line.js';
import { placed, UsageError } from './failure.js';

/** The options that every command takes. */
interface SharedOptions {
  readonly databaseUrl?: string;
  readonly dir?: string;
  readonly schema?: string;
  readonly actor?: string;
  readonly json?: boolean;
  readonly wait?: boolean;
}

/** The processes that follow a change. */
interface Confirmation {
  readonly json: { readonly store: string; readonly confirmed_by: readonly string[] };
  readonly text: string;
}

/** The dependencies of a command. */
export interface Session {
  readonly io: CommandLine;
  /** Opened when first used; closed after the command. */
  readonly database: Database;
  readonly registry: Registry;
  /** Where the database is, without its password. */
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
  const { schema = io.env.TOLLGATE_SCHEMA } = options;
  const where = whereOf(options, io.env);
  if ('directory' in where && !creates && !existsSync(where.directory)) {
    throw new UsageError(
      `there is no DATABASE_URL, and no folder ${where.directory} here; give --database-url or --dir, or make one by "tollgate migrate"`,
    );
  }
  const shared = database({ ...where, ...(schema && { schema }), maxConnections: 2 });
  const place = 'directory' in where ? where.directory : hostOf(where.connectionString);
  const people = registry({ database: shared, actor: options.actor ?? `cli:${io.user}`, now: io.now });
  const session: Session = {
    io,
    database: shared,
    registry: people,
    place,
    async confirmed(of) {
      if ('directory' in where) return confirmation(place, [], 'the app reads it when it starts');
      if (options.wait === false) return confirmation(place, [], 'not confirmed by a process');
      const withinMs = confirmMsOf(io);
      const readers = await people.readers(of, withinMs);
      if (readers.length === 0) throw new Error(unconfirmed(place, of, withinMs));
      return confirmation(place, readers);
    },
    say: (found, text) => io.write(options.json ? `${JSON.stringify(found, undefined, 2)}\n` : text()),
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

/** The spool of an app whose folder is this one. */
export function spoolFolder({ dir }: Pick<SharedOptions, 'dir'>, env: CommandLine['env']): string {
  return join(dir || env.TOLLGATE_DIR || directoryByDefault, 'spool');
}

/** Reports paid attempts that are not in the ledger yet: the sums do not contain them. */
export async function noteSpool(io: CommandLine, command: Command): Promise<void> {
  const folder = spoolFolder(command.optsWithGlobals(), io.env);
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

function confirmation(store: string, readers: readonly string[], otherwise = ''): Confirmation {
  const json = { store, confirmed_by: readers };
  if (readers.length === 0) return { json, text: `written to ${store}; ${otherwise}` };
  const names = readers.length === 1 ? 'process' : `${readers.length} processes:`;
  return { json, text: `in ${store}; confirmed by ${names} ${readers.join(', ')}` };
}

const sources = {
  keys: 'takes its keys',
  limits: 'takes its limits',
  children: 'takes the revocations of child credentials',
};

function unconfirmed(place: string, of: keyof typeof sources, withinMs: number): string {
  return `written to ${place}, but no running process that ${sources[of]} from there has confirmed it within ${withinMs / 1_000} s. Either no app runs, or it ${sources[of]} from elsewhere: the environment, a file, another database (--database-url) or schema (--schema). With --no-wait the command does not wait.`;
}
