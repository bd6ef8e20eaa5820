import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, spend } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { ledger } from '@tollgate/postgres';
import { redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import pg from 'pg';
import { createClient } from 'redis';
import { ledgerEvent } from '../ledger-event.js';
import { seeded } from '../seeded.js';
import { until } from './expectations.js';
import { startLedgerApp } from './ledger-app.js';

const long = process.env.TOLLGATE_LONG === '1';
const folder = mkdtempSync(join(tmpdir(), 'tollgate-ledger-killed-'));
const app = bundledProgram(import.meta.dirname, 'ledger-app-process');
const consumer = bundledProgram(import.meta.dirname, 'ledger-consumer-process');
let redis: RedisProcess;
let postgres: PostgresProcess;
let provider: SimulatedProvider;
let pool: pg.Pool;

beforeAll(async () => {
  [redis, postgres, provider] = await Promise.all([startRedis(), startPostgres(), simulateProvider()]);
  pool = new pg.Pool({ connectionString: postgres.url });
  pool.on('error', () => undefined);
}, 150_000);
afterAll(async () => {
  await pool.end();
  await Promise.all([redis.stop(), postgres.stop(), provider.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function idsOf(tenant: string): Promise<string[]> {
  const sql = 'select event_id::text as id from tollgate.usage_events where tenant = $1 order by 1';
  const { rows } = await pool.query(sql, [tenant]).catch(() => ({ rows: [] }));
  return rows.map(({ id }) => id);
}

describe('a process that carries events from Redis to the ledger', () => {
  it('may be killed with -9 at any moment: no event is lost, and none is written twice', async () => {
    const client = createClient({ url: redis.url });
    await client.connect();
    const store = redisQuota({ client, prefix: 'faults', outbox: true, deadlineMs: 5_000 });
    const [random, ids] = [seeded(7), [] as string[]];
    const caller = { id: 'k', keyId: 'k', tenant: 'carried', plan: 'one', scopes: [], labels: {} };
    const counter = counterOf(spend('$1000/month'), { caller });
    const settle = async (): Promise<void> => {
      const [id, attemptId] = [newId(), newId()];
      const asked = { id, partition: 'carried', attemptId, leaseMs: 60_000 };
      const admitted = await store.reserve({
        ...asked,
        alternatives: [{ charges: [{ ...counter, want: 9 }] }],
      });
      const grant = admitted.ok ? admitted.grants[0] : undefined;
      if (!grant) throw new Error('not admitted');
      const item = { ...counter, windowId: grant.window, amount: 5, release: grant.granted };
      const charges = [{ counter: grant.counter, window: grant.window, amount: 5 }];
      const event = { ...ledgerEvent('carried', Date.now(), 1, 5n), charges };
      ids.push(event.eventId);
      await store.charge({ ...asked, items: [item], event, close: true });
    };
    for (let round = 0; round < (long ? 40 : 6); round += 1) {
      const child = spawn(process.execPath, [consumer, redis.url, postgres.url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await Promise.all(Array.from({ length: 100 }, settle));
      await delay(random() * 150);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const last = spawn(process.execPath, [consumer, redis.url, postgres.url], { stdio: 'ignore' });
    await until(async () => (await idsOf('carried')).length >= ids.length, 30_000, 'all').catch(
      () => undefined,
    );
    last.kill('SIGKILL');
    expect(await idsOf('carried')).toEqual([...ids].sort());
    const { rows } = await pool.query(
      `select amount::text from tollgate.window_spend where counter = 'usd/month/tenant=carried/key=k'`,
    );
    expect(rows).toEqual([{ amount: String(5 * ids.length) }]);
    await store.end();
    client.destroy();
  }, 120_000);
});

describe('an app of one process', () => {
  it('that is killed with -9 loses what was in flight, and of what it had answered at most the last second', async () => {
    const settings = {
      databaseUrl: postgres.url,
      spool: join(folder, 'killed'),
      providerUrl: provider.openAiUrl,
    };
    const running = await startLedgerApp(app, settings);
    const answeredMs = new Map<string, number>();
    let next = 0;
    let isOver = false;
    const one = async (): Promise<void> => {
      while (!isOver) {
        const name = `ask-${next++}`;
        if ((await running.ask(name)) === 200) answeredMs.set(name, performance.now());
      }
    };
    const load = Array.from({ length: 6 }, one);
    await until(() => answeredMs.size > 200, 20_000, 'load');
    const killedMs = performance.now();
    expect(await running.end('SIGKILL')).toBe('SIGKILL');
    isOver = true;
    await Promise.all(load);
    const safe = [...answeredMs].filter(([, atMs]) => atMs < killedMs - 1_000).map(([name]) => name);
    const books = ledger({ connectionString: postgres.url, spool: settings.spool });
    await books.openWindows();
    const { rows } = await pool.query(
      `select labels ->> 'ask' as name from tollgate.usage_events where tenant = 'acme'`,
    );
    const kept = new Set(rows.map(({ name }) => name));
    expect(kept.size).toBe(rows.length);
    expect(safe.filter((name) => !kept.has(name))).toEqual([]);
    await books.close();
  }, 150_000);

  it('whose disk is full while PostgreSQL is away answers, does not crash, and writes everything when it is back', async () => {
    const settings = {
      databaseUrl: postgres.url,
      spool: join(folder, 'full'),
      providerUrl: provider.openAiUrl,
    };
    const running = await startLedgerApp(app, settings, 64);
    const asked = 300;
    const statuses = [await running.ask('full-0')];
    await postgres.kill();
    for (let index = 1; index < asked; index += 1) statuses.push(await running.ask(`full-${index}`));
    expect(new Set(statuses)).toEqual(new Set([200]));
    const files = readdirSync(settings.spool, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.jsonl'),
    );
    const lines = files.flatMap((name) =>
      readFileSync(join(settings.spool, name), 'utf8').trim().split('\n'),
    );
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.length).toBeLessThan(asked - 20); // the others wait in memory
    expect(running.process.exitCode).toBeNull();
    await postgres.restart();
    const named = `select labels ->> 'ask' as name from tollgate.usage_events where labels ->> 'ask' like 'full-%'`;
    await until(
      async () => (await pool.query(named).catch(() => ({ rowCount: 0 }))).rowCount === asked,
      30_000,
      'all',
    );
    expect(await running.end('SIGTERM')).toBe(0);
    const { rows } = await pool.query(named);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    expect(rows).toHaveLength(asked);
  }, 120_000);
});
