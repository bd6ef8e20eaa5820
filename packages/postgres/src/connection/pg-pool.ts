import { publish } from '@tollgate/core/internal';
import type { Pool } from 'pg';

/** How long a connection may take, and a statement, before it counts as failed: a frozen server answers nothing. */
const connectMs = 5_000;
const queryMs = 60_000;

/** A connection pool on a PostgreSQL server. Connections that break while idle are published (`tollgate:fault`) and replaced. */
export async function pgPool(connectionString: string, max: number): Promise<Pool> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString,
    max,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    keepAlive: true,
    application_name: 'tollgate',
  });
  pool.on('error', connectionBroke);
  return pool;
}

/** Reports that an idle connection has broken. */
export function connectionBroke(error: Error): void {
  publish('tollgate:fault', () => ({ source: 'postgres-connection', error: error.name }));
}
