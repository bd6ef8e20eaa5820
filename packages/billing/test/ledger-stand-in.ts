import { randomBytes } from 'node:crypto';
import { startPostgres } from '@tollgate/testkit';
import pg from 'pg';
import type { BillingDatabase } from '../src/index.js';

/** What a row of the ledger's view `usage` says, as far as billing reads it. */
export interface Used {
  readonly tenant: string;
  readonly atMs: number;
  readonly tokens?: number;
  readonly costNanoUsd?: number;
  readonly model?: string;
  readonly kind?: 'usage' | 'adjustment';
}

/** A database with a table in the place of the ledger's view; `test/journeys/billing.test.ts` has the ledger itself. */
export interface LedgerStandIn extends BillingDatabase {
  use(...rows: readonly Used[]): Promise<void>;
  readonly url: string;
  end(): Promise<void>;
}

let schemas = 0;

export async function ledgerStandIn(): Promise<LedgerStandIn & { fresh(): Promise<LedgerStandIn> }> {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url, max: 5 });
  const fresh = async (): Promise<LedgerStandIn> => {
    const schema = `billing_${schemas++}`;
    await pool.query(`create schema ${schema}`);
    await pool.query(`create table ${schema}."usage" (event_id uuid, kind text, at timestamptz, tenant text, team text,
      plan text, route text, feature text, provider text, model text, outcome text, input_tokens bigint,
      cached_input_tokens bigint, output_tokens bigint, cost_nano_usd bigint)`);
    return {
      schema,
      url: server.url,
      ready: async () => undefined,
      execute: async (statement, values) => (await pool.query(statement, [...values])).rows,
      async use(...rows) {
        for (const { tenant, atMs, tokens = 0, costNanoUsd = 0, model = 'gpt-5', kind = 'usage' } of rows) {
          const id = atMs.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
          await pool.query(
            `insert into ${schema}."usage" (event_id, kind, at, tenant, model, input_tokens, cached_input_tokens, output_tokens, cost_nano_usd)
            values ($1, $2, $3, $4, $5, $6, 0, 0, $7)`,
            [id, kind, new Date(atMs), tenant, model, tokens, costNanoUsd],
          );
        }
      },
      end: async () => undefined,
    };
  };
  return {
    ...(await fresh()),
    fresh,
    async end() {
      await pool.end();
      await server.stop();
    },
  };
}
