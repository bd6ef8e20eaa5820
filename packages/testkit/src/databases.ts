import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { startPostgres } from './postgres-process.js';

export { usageEvent } from './ledger-event.js';
export { spendByScope } from './spend-by-scope.js';

/** Where a test file keeps its tables: one server or one folder for all of its tests. */
export interface TestDatabase {
  readonly options: { readonly connectionString: string } | { readonly directory: string };
  end(): Promise<void>;
}

/**
 * Copies an empty database into a folder: making one takes PGlite seconds, copying it none. The first who needs it makes it, for this version of
 * PGlite and for all later runs on this machine.
 */
export async function copyEmptyDatabase(directory: string): Promise<void> {
  const version = createHash('sha256')
    .update(createRequire(import.meta.url).resolve('@electric-sql/pglite'))
    .digest('hex');
  const kept = join(tmpdir(), `tollgate-empty-pglite-${version.slice(0, 16)}`);
  if (!existsSync(kept)) {
    const made = mkdtempSync(join(tmpdir(), 'tollgate-pglite-made-'));
    const empty = new PGlite(made);
    await empty.waitReady;
    await empty.close();
    try {
      renameSync(made, kept);
    } catch {
      // Another worker has made it meanwhile.
      rmSync(made, { recursive: true, force: true });
    }
  }
  cpSync(kept, directory, { recursive: true });
}

/** Both databases that the same code runs on. */
export const databases: readonly { name: string; start: () => Promise<TestDatabase> }[] = [
  {
    name: 'PostgreSQL',
    start: async () => {
      const server = await startPostgres();
      return { options: { connectionString: server.url }, end: () => server.stop() };
    },
  },
  {
    name: 'PGlite',
    start: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'tollgate-pglite-'));
      await copyEmptyDatabase(directory);
      return { options: { directory }, end: async () => rmSync(directory, { recursive: true, force: true }) };
    },
  },
];

/** For queries that are the same on both: PGlite, which takes seconds of processor time for each file, only in `npm run test:long`. */
export const queried = process.env.TOLLGATE_LONG === '1' ? databases : databases.slice(0, 1);
