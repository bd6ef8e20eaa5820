import { join } from 'node:path';
import { database } from 'tollgate';
import type { Config } from './config.js';

/** Where usage is kept in SQL. */
export interface KeptLedger {
  /** Absent where usage is in `usage.jsonl` alone: another process has the folder, or processes share counters and no database. */
  database: ReturnType<typeof database> | undefined;
  /** Folder in which events wait until the database has them. */
  spool: string;
  described: string;
}

/** PostgreSQL where the environment names it, otherwise PGlite in the app's folder, which takes one process. */
export function openLedger({ databaseUrl, redisUrl, directory }: Config): KeptLedger {
  const spool = join(directory, 'spool');
  if (databaseUrl) {
    return { database: database({ connectionString: databaseUrl }), spool, described: 'PostgreSQL' };
  }
  if (redisUrl) {
    return { database: undefined, spool, described: 'usage.jsonl alone (set DATABASE_URL to share one)' };
  }
  try {
    return { database: database({ directory }), spool, described: `PGlite in ${directory}` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { database: undefined, spool, described: `usage.jsonl alone, for ${why}` };
  }
}
