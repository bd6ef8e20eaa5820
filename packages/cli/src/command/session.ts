import { existsSync } from 'node:fs';
import { type Database, database, type Registry, registry } from '@tollgate/postgres';
import type { Command } from 'commander';
import type { CommandLine } from './command-line.js';
import { UsageError } from './failure.js';

/** The options that every command takes. */
interface SharedOptions {
  readonly databaseUrl?: string;
  readonly dir?: string;
  readonly schema?: string;
  readonly actor?: string;
  readonly json?: boolean;
}

/** The dependencies of a command. */
export interface Session {
  readonly io: CommandLine;
  /** Opened when first used; closed after the command. */
  readonly database: Database;
  readonly registry: Registry;
  /** Where the database is, without its password. */
  readonly place: string;
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
  const session: Session = {
    io,
    database: shared,
    registry: registry({ database: shared, actor: options.actor ?? `cli:${io.user}`, now: io.now }),
    place,
    say: (found, text) => io.write(options.json ? `${JSON.stringify(found, undefined, 2)}\n` : text()),
  };
  try {
    await shared.ready();
    await work(session);
  } finally {
    await shared.end();
  }
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
