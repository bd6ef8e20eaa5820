import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import express from 'express';
import pg from 'pg';
import { memoryKeys, openAiCompatible, type Tollgate, type TollgateOptions, tollgate } from 'tollgate';
import { until } from './expectations.js';

/** The fault lasts a minute in full length. */
const awayMs = process.env.TOLLGATE_LONG === '1' ? 60_000 : 3_000;
const attempt = 6;

let redis: RedisProcess;
let postgres: PostgresProcess;
let provider: SimulatedProvider;
let pool: pg.Pool;
let tg: Tollgate;
let server: Server;
const folder = mkdtempSync(join(tmpdir(), 'tollgate-ledger-away-'));

beforeAll(async () => {
  [redis, postgres, provider] = await Promise.all([startRedis(), startPostgres(), simulateProvider()]);
  pool = new pg.Pool({ connectionString: postgres.url });
  pool.on('error', () => undefined);
}, 150_000);
afterEach(async () => {
  await tg.close({ graceMs: 500 });
  server.close();
  server.closeAllConnections();
}, 90_000);
afterAll(async () => {
  await pool.end();
  await Promise.all([redis.stop(), postgres.stop(), provider.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Starts an app on a ledger of a schema of its own; resolves with how it is asked. */
async function start(schema: string, options: Partial<TollgateOptions>): Promise<() => Promise<number>> {
  const keys = memoryKeys();
  const { key } = keys.create({ tenant: 'acme', plan: 'one' });
  tg = tollgate({
    plans: { one: { spend: '$1000/month' } },
    keys,
    meter: { prices: { model: { inputUsdPerMillion: '1', outputUsdPerMillion: '4' } } },
    ...options,
    database: { connectionString: postgres.url, schema, ...options.database },
  });
  const own = openAiCompatible({ name: 'own', apiKey: 'sk-test', baseUrl: provider.openAiUrl });
  const app = express().use('/v1', tg.guards(), tg.proxy({ provider: own }));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1/chat/completions`;
  return async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({
        model: 'model',
        max_completion_tokens: 20,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    });
    await response.text();
    return response.status;
  };
}

/** Asks again and again while PostgreSQL is killed and away; every status that was answered. */
async function loadWhileAway(ask: () => Promise<number>): Promise<number[]> {
  const statuses: number[] = [];
  let isOver = false;
  const one = async (): Promise<void> => {
    while (!isOver) statuses.push(await ask());
  };
  const load = Array.from({ length: attempt }, one);
  await until(() => statuses.length > 20, 10_000, 'load');
  await postgres.kill();
  const end = Date.now() + awayMs;
  await until(() => Date.now() > end, awayMs + 1_000, 'the time away');
  await postgres.restart();
  const before = statuses.length;
  await until(() => statuses.length > before + 20, 10_000, 'load after it');
  isOver = true;
  await Promise.all(load);
  return statuses;
}

async function totals(schema: string): Promise<{ rows: number; cost: string }> {
  const { rows } = await pool.query(
    `select count(*)::integer as rows, coalesce(sum(cost_nano_usd), 0)::text as cost from ${schema}.usage_events`,
  );
  return rows[0];
}

describe('an app under load whose PostgreSQL is killed and comes back', () => {
  it.each([
    ['in memory, with a spool', 'away_memory', () => ({ database: { spool: join(folder, 'spool') } })],
    ['on Redis, with its outbox', 'away_redis', () => ({ redis: { url: redis.url, deadlineMs: 5_000 } })],
  ])(
    '%s: answers every request, and in the end each settlement is one row',
    async (_, schema, options) => {
      provider.reset();
      const ask = await start(schema, options());
      const statuses = [await ask(), ...(await loadWhileAway(ask))];
      expect(new Set(statuses)).toEqual(new Set([200]));
      const { inputTokens, outputTokens } = provider.accounts().billed;
      const expected = { rows: statuses.length, cost: String(inputTokens * 1_000 + outputTokens * 4_000) };
      const isThere = () =>
        totals(schema).then(
          ({ rows }) => rows >= expected.rows,
          () => false, // no table yet
        );
      await until(isThere, 60_000, 'all rows').catch(() => undefined);
      expect(await totals(schema)).toEqual(expected);
    },
    240_000,
  );
});
