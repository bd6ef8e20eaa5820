import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import pg from 'pg';
import { createClient, RESP_TYPES } from 'redis';
import { seeded } from '../seeded.js';
import { until } from './expectations.js';
import { hands, places, type RebuildingSettings, type Said } from './rebuilding-settings.js';

const long = process.env.TOLLGATE_LONG === '1';
const rounds = long ? 25 : 4;
const program = bundledProgram(import.meta.dirname, 'rebuilding-process');
let redis: RedisProcess;
let postgres: PostgresProcess;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
}, 150_000);
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
});

class Spending {
  readonly said: Said[] = [];
  readonly process: ChildProcess;

  constructor(settings: RebuildingSettings) {
    const child = spawn(process.execPath, ['--no-warnings', program, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface(child.stdout).on('line', (line) => this.said.push(JSON.parse(line)));
    this.process = child;
  }

  count(did: Said['did']): number {
    return this.said.filter((one) => one.did === did).length;
  }

  get charged(): number {
    return this.said.reduce((sum, one) => sum + (one.did === 'charge' ? one.amount : 0), 0);
  }
}

describe('four processes of one budget whose Redis loses everything, again and again, under load', () => {
  it('ask the ledger once for each loss; the cap is never passed, and what was charged is counted to the unit', async () => {
    const random = seeded(20_261_122);
    const settings = { redisUrl: redis.url, databaseUrl: postgres.url, prefix: 'rebuilding' };
    const all = [1, 2, 3, 4].map((seed) => new Spending({ ...settings, seed }));
    const pool = new pg.Pool({ connectionString: postgres.url });
    const client = createClient({ url: redis.url, socket: { reconnectStrategy: () => 50 } });
    client.on('error', () => undefined);
    await client.connect();
    // As it stands there: who asks a store would be one more process that the others wait for.
    const counted = async (): Promise<{ used: number; held: number; places: number }> => {
      const scope = await client
        .withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
        .hGetAll('rebuilding:{p0}:s:tenant=acme');
      const [, money] = Object.entries(scope).find(([field]) => field.startsWith('c:usd/month|')) ?? [];
      const live = scope['l:concurrent/live|live'];
      const figure = (value: Buffer | undefined, at: number): number => value?.readDoubleLE(at) ?? 0;
      return { used: figure(money, 0), held: figure(money, 8), places: figure(live, 0) };
    };
    const sum = (did: Said['did']): number => all.reduce((total, one) => total + one.count(did), 0);
    const charges = (): number => sum('charge');
    await until(() => sum('open') === all.length, 20_000, 'all begin');
    let [most, watching] = [0, true];
    const watcher = (async () => {
      while (watching) {
        const standing = await counted().catch(() => undefined);
        most = Math.max(most, standing?.places ?? 0);
        await delay(10);
      }
    })();
    const looks: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = charges();
      await until(() => charges() > before + 10, 20_000, 'spending goes on');
      await delay(random() * 700);
      const lookedAt = sum('look');
      if (round % 2 === 0) await redis.restart();
      else await client.flushAll();
      const lost = charges();
      // More than each hand may have held before says that it is open again.
      await until(() => charges() > lost + 2 * all.length * hands, 20_000, 'open again');
      looks.push(sum('look') - lookedAt);
    }
    watching = false;
    await watcher;
    for (const { process } of all) process.kill('SIGTERM');
    await until(() => sum('end') === all.length, 30_000, 'all end');
    await Promise.all(all.map(({ process }) => process.exitCode ?? once(process, 'exit')));
    const charged = all.reduce((total, one) => total + one.charged, 0);
    const { rows } = await pool.query<{ count: string; cost: string }>(
      'select count(*) as count, sum(cost_nano_usd) as cost from tollgate.usage_events',
    );
    process.stdout.write(
      `    ${rounds} losses: ${charges()} charges of ${charged}, looks at the ledger ${looks.join(' ')}, at most ${most} of ${places.limit} places taken\n`,
    );
    expect(rows.map(({ count, cost }) => ({ count: Number(count), cost: Number(cost) }))).toEqual([
      { count: charges(), cost: charged },
    ]);
    expect(await counted()).toEqual({ used: charged, held: 0, places: 0 });
    expect(most).toBe(places.limit);
    expect(looks).toEqual(Array.from({ length: rounds }, () => 1));
    client.destroy();
    await pool.end();
  }, 600_000);
});
