import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresProcess, startPostgres } from '@tollgate/testkit';
import type { DatabaseOptions } from '../src/index.js';

/** Where a test file keeps its tables: one server or one folder for all of its tests. */
export interface TestDatabase {
  readonly options: DatabaseOptions;
  end(): Promise<void>;
}

/** Both databases that the same code runs on. */
export const databases: readonly { name: string; start: () => Promise<TestDatabase> }[] = [
  {
    name: 'PostgreSQL',
    start: async () => {
      const server: PostgresProcess = await startPostgres();
      return { options: { connectionString: server.url }, end: () => server.stop() };
    },
  },
  {
    name: 'PGlite',
    start: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'tollgate-pglite-'));
      return { options: { directory }, end: async () => rmSync(directory, { recursive: true, force: true }) };
    },
  },
];
