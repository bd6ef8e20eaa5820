import { describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import { startRedisSentinel } from '@tollgate/testkit';
import { admitted, itemFor, QuotaTenant, quotaCounter } from '@tollgate/testkit/contracts';
import { createClient, createClientPool, createSentinel } from 'redis';
import { rateLimitStores, redisQuota } from '../src/index.js';
import { newPrefix, useRedis } from './servers.js';

const redis = useRedis();
const quiet = (): void => undefined;

async function until(condition: () => Promise<boolean>, withinMs: number, what: string): Promise<void> {
  const startMs = Date.now();
  while (!(await condition().catch(() => false))) {
    if (Date.now() - startMs > withinMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Reserves, charges and ends requests of seven each, so many at once; how many were admitted. */
async function spend(tenant: QuotaTenant, cap: number, requests: number): Promise<number> {
  const counter = quotaCounter(tenant.key('day'), cap);
  const admissions = await Promise.all(
    Array.from({ length: requests }, async () => {
      const id = newId();
      const result = await tenant.reserve([{ ...counter, want: 10 }], { id });
      if (!result.ok) return 0;
      await tenant.charge(id, [itemFor(counter, result.grants[0], 7)]);
      await tenant.close(id);
      return 1;
    }),
  );
  return admissions.reduce((sum: number, one) => sum + one, 0);
}

describe('a store on a pool of connections', () => {
  it('keeps the cap over all of them, and goes on when they are cut', async () => {
    const pool = createClientPool({ url: redis().process.url }, { minimum: 4, maximum: 8 });
    pool.on('error', quiet);
    await pool.connect();
    const prefix = newPrefix();
    const store = redisQuota({ pool, prefix, deadlineMs: 5_000, batchSize: 1 });
    const tenant = new QuotaTenant(store);
    const count = await spend(tenant, 400, 100);
    const counter = quotaCounter(tenant.key('day'), 400);
    expect(await tenant.standing(counter)).toEqual({ used: count * 7, held: 0 });
    expect(count).toBeGreaterThanOrEqual(40);
    const [rates] = [rateLimitStores({ pool, prefix, deadlineMs: 5_000 })('minute', 60_000)];
    await rates?.init?.({ windowMs: 60_000 } as never);
    expect((await rates?.increment('tenant=acme'))?.totalHits).toBe(1);
    await redis().client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await until(
      async () => (await tenant.standing(counter)).used === count * 7,
      3_000,
      'a pool that was cut',
    );
    await store.end();
    pool.destroy();
  });
});

describe('a store on Sentinel', () => {
  it('goes on with the replica when its master is killed, and forgets nothing that was replicated', async () => {
    const servers = await startRedisSentinel();
    const sentinel = createSentinel({
      name: servers.name,
      sentinelRootNodes: [{ host: '127.0.0.1', port: servers.port }],
      scanInterval: 200,
      nodeClientOptions: { socket: { reconnectStrategy: 50 } },
    });
    sentinel.on('error', quiet);
    await sentinel.connect();
    const store = redisQuota({ sentinel, prefix: 'sentinel', deadlineMs: 1_000 });
    const tenant = new QuotaTenant(store);
    expect(await spend(tenant, 1_000, 20)).toBe(20);
    const counter = quotaCounter(tenant.key('day'), 1_000);
    const id = newId();
    admitted(await tenant.reserve([{ ...counter, want: 30 }], { id }));
    const replica = createClient({ url: servers.replica.url });
    await replica.connect();
    const offset = async (from: { info(section: string): Promise<string> }): Promise<string | undefined> =>
      /^(?:master|slave)_repl_offset:(\d+)/m.exec(await from.info('replication'))?.[1];
    const master = createClient({ url: servers.master.url });
    await master.connect();
    await until(async () => (await offset(master)) === (await offset(replica)), 10_000, 'replication');
    master.destroy();
    replica.destroy();

    await servers.master.kill();
    await until(async () => (await tenant.standing(counter)).used === 140, 30_000, 'the replica as master');
    expect(await tenant.standing(counter)).toEqual({ used: 140, held: 30 });
    await tenant.charge(id, [
      itemFor(counter, { counter: counter.counter, window: '2026', granted: 30 }, 20),
    ]);
    await until(async () => (await spend(tenant, 1_000, 1)) === 1, 5_000, 'an admission by the replica');
    await store.end();
    sentinel.destroy();
    await servers.stop();
  }, 90_000);
});
