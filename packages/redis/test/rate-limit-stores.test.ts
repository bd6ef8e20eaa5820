import { describe, expect, it } from '@jest/globals';
import { startRedis, tapWire } from '@tollgate/testkit';
import { type ClientRateLimitInfo, rateLimit, type Store } from 'express-rate-limit';
import { createClient } from 'redis';
import { type RateLimitStoresOptions, rateLimitStores } from '../src/index.js';
import { newPrefix, useCluster, useRedis } from './servers.js';

const windows = [10_000, 60_000, 86_400_000];
const redis = useRedis();

/** Stores as a limiter makes them, one for each window length. */
function storesOf(options: RateLimitStoresOptions): Store[] {
  const make = rateLimitStores(options);
  return windows.map((windowMs) => {
    const store = make(`requests-${windowMs}ms`, windowMs);
    rateLimit({ windowMs, store, validate: false });
    return store;
  });
}

const keyOf = (index: number, tenant: string): string =>
  `requests/plan/requests/requests/${windows[index]}ms/tenant=${tenant}/key=k1`;

/** Counts one request in every window, as `rateLimit()` does. */
async function count(stores: readonly Store[], tenant: string): Promise<number[]> {
  const counted = stores.map((store, index) => store.increment(keyOf(index, tenant)));
  return (await Promise.all(counted)).map(({ totalHits }) => totalHits);
}

/** As long as a server that failed is not asked. */
const leftAlone = () => new Promise((resolve) => setTimeout(resolve, 500));

describe('rateLimitStores', () => {
  it('count for all processes together, and give back', async () => {
    const { client, process } = redis();
    const other = await createClient({ url: process.url }).connect();
    const prefix = newPrefix();
    const [ours, theirs] = [storesOf({ client, prefix }), storesOf({ client: other, prefix })];
    expect(await count(ours, 'acme')).toEqual([1, 1, 1]);
    expect(await count(theirs, 'acme')).toEqual([2, 2, 2]);
    await theirs[1]?.decrement(keyOf(1, 'acme'));
    expect((await count(ours, 'acme'))[1]).toBe(2);
    await ours[2]?.resetKey(keyOf(2, 'acme'));
    expect((await count(theirs, 'acme'))[2]).toBe(1);
    expect(await count(ours, 'other')).toEqual([1, 1, 1]);
    other.destroy();
  });

  it('send what one request is counted in with one write, and wait for Redis once', async () => {
    const tap = await tapWire(redis().process.port);
    const client = await createClient({ url: `redis://127.0.0.1:${tap.port}` }).connect();
    const stores = storesOf({ client, prefix: newPrefix() });
    await count(stores, 'acme');
    tap.pieces.length = 0;
    expect(await count(stores, 'acme')).toEqual([2, 2, 2]);
    expect(tap.pieces.map((piece) => piece.split('EVALSHA').length - 1)).toEqual([3]);
    client.destroy();
    tap.close();
  });

  it('go on when Redis has forgotten their scripts, and count each request once', async () => {
    const { client } = redis();
    const stores = storesOf({ client, prefix: newPrefix() });
    await count(stores, 'acme');
    await client.scriptFlush();
    const together = await Promise.all([count(stores, 'acme'), count(stores, 'acme')]);
    expect(together).toEqual([
      [2, 2, 2],
      [3, 3, 3],
    ]);
    await client.scriptFlush();
    await stores[1]?.decrement(keyOf(1, 'acme'));
    expect((await count(stores, 'acme'))[1]).toBe(3);
  });

  it('leave no counter behind when a request is given back after its window', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const [store] = storesOf({ client, prefix });
    await store?.decrement(keyOf(0, 'acme'));
    expect(await client.keys(`${prefix}*`)).toEqual([]);
  });

  it('start without Redis, fail fast meanwhile, and count nothing late once it is there', async () => {
    const server = await startRedis();
    await server.kill();
    const client = createClient({ url: server.url, socket: { reconnectStrategy: 50 } });
    client.on('error', () => undefined);
    const connected = client.connect();
    const stores = storesOf({ client, prefix: newPrefix(), deadlineMs: 50 });
    // Without its own deadline, it would wait for the connection, which is not there before the server is.
    await expect(count(stores, 'acme')).rejects.toThrow();
    await server.restart();
    await connected;
    await leftAlone();
    expect(await count(stores, 'acme')).toEqual([1, 1, 1]);
    await server.restart();
    while (!client.isReady) await new Promise((resolve) => setTimeout(resolve, 10));
    await leftAlone();
    expect(await count(stores, 'acme')).toEqual([1, 1, 1]);
    client.destroy();
    await server.stop();
  });

  it('refuse wrong options at start', () => {
    const { client } = redis();
    expect(() => rateLimitStores({})).toThrow(
      'rateLimitStores: exactly one of "client", "pool", "sentinel" and "cluster" is required',
    );
    expect(() => rateLimitStores({ client, prefix: 'a{b}' })).toThrow('rateLimitStores: "prefix" must be');
    expect(() => rateLimitStores({ client, deadlineMs: 1 })).toThrow('rateLimitStores: "deadlineMs" must be');
    expect(() => rateLimitStores(Object.assign({ client }, { partition: 1 }))).toThrow('"partition"');
  });
});

interface WeightedStore extends Store {
  incrementBy(
    key: string,
    cost: number,
    limit: number,
  ): Promise<ClientRateLimitInfo & { countedAtMs: number }>;
  decrementBy(key: string, cost: number, countedAtMs: number): Promise<void>;
}

/** A store as `rateLimit()` asks it for costs and sliding windows. */
const weighted = (options: RateLimitStoresOptions, windowMs: number, window: 'fixed' | 'sliding') =>
  rateLimitStores(options)(`requests-${window}-${windowMs}ms`, windowMs, window) as WeightedStore;

const until = async (resetTime: Date | undefined): Promise<void> => {
  const waitMs = (resetTime?.getTime() ?? 0) - Date.now();
  // Redis' clock and this process's are one here; a millisecond more for the rounding of both.
  await new Promise((resolve) => setTimeout(resolve, waitMs + 2));
};

for (const window of ['fixed', 'sliding'] as const) {
  describe(`rateLimitStores, costs in ${window} windows`, () => {
    it('count a request as several for all processes, and take it back', async () => {
      const { client } = redis();
      const prefix = newPrefix();
      const [ours, theirs] = [
        weighted({ client, prefix }, 60_000, window),
        weighted({ client, prefix }, 60_000, window),
      ];
      for (const store of [ours, theirs]) rateLimit({ windowMs: 60_000, store, validate: false });
      const first = await ours.incrementBy('tenant=acme', 6, 10);
      expect(first.totalHits).toBe(6);
      const waitMs = (first.resetTime?.getTime() ?? 0) - Date.now();
      expect(waitMs).toBeGreaterThan(30_000);
      expect(waitMs).toBeLessThanOrEqual(60_000);
      const second = await theirs.incrementBy('tenant=acme', 5, 10);
      expect(second.totalHits).toBe(11);
      await theirs.decrementBy('tenant=acme', 5, second.countedAtMs);
      expect((await ours.get?.('tenant=acme'))?.totalHits).toBe(6);
      await theirs.decrementBy('tenant=acme', 7, first.countedAtMs);
      expect((await ours.get?.('tenant=acme'))?.totalHits).toBe(6);
      await ours.resetKey('tenant=acme');
      expect((await theirs.incrementBy('tenant=acme', 2, 10)).totalHits).toBe(2);
      expect((await theirs.increment('tenant=acme')).totalHits).toBe(3);
      await client.scriptFlush();
      expect((await theirs.incrementBy('tenant=acme', 2, 10)).totalHits).toBe(5);
    });

    it('leave nothing behind: a request taken back too late, and a window that is over', async () => {
      const { client } = redis();
      const prefix = newPrefix();
      const store = weighted({ client, prefix }, 200, window);
      rateLimit({ windowMs: 200, store, validate: false });
      const { resetTime, countedAtMs } = await store.incrementBy('tenant=acme', 3, 10);
      await until(resetTime);
      await store.decrementBy('tenant=acme', 3, countedAtMs);
      expect(await client.keys(`${prefix}*`)).toEqual([]);
    });
  });
}

describe('rateLimitStores, sliding windows', () => {
  it('never contain more than the limit, and admit a request that waited as long as it was asked to', async () => {
    const { client } = redis();
    const store = weighted({ client, prefix: newPrefix() }, 300, 'sliding');
    const admitted: number[] = [];
    let waits = 0;
    while (waits < 4) {
      const { totalHits, resetTime, countedAtMs } = await store.incrementBy('tenant=acme', 1, 7);
      if (totalHits <= 7) {
        admitted.push(countedAtMs);
        continue;
      }
      await store.decrementBy('tenant=acme', 1, countedAtMs);
      waits += 1;
      await until(resetTime);
      const after = await store.incrementBy('tenant=acme', 1, 7);
      expect(after.totalHits).toBeLessThanOrEqual(7);
      admitted.push(after.countedAtMs);
    }
    expect(admitted.length).toBeGreaterThan(10);
    for (const at of admitted) {
      expect(admitted.filter((other) => other > at - 300 && other <= at).length).toBeLessThanOrEqual(7);
    }
  });

  it('keep at most 121 fields for any number of requests', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = weighted({ client, prefix }, 400, 'sliding');
    const endMs = Date.now() + 600;
    let counted = 0;
    while (Date.now() < endMs) {
      await store.incrementBy('tenant=acme', 1, 100);
      counted += 1;
    }
    const [key = ''] = await client.keys(`${prefix}*`);
    expect(await client.hLen(key)).toBeLessThanOrEqual(121);
    expect((await store.get?.('tenant=acme'))?.totalHits).toBeLessThanOrEqual(counted);
  });
});

describe('rateLimitStores on a cluster of three masters', () => {
  const cluster = useCluster();

  it('keep the windows of one caller on one server, and callers on all of them', async () => {
    const stores = storesOf({ cluster: cluster(), prefix: 'limits' });
    const tenants = Array.from({ length: 30 }, (_, index) => `tenant-${index}`);
    expect(await Promise.all(tenants.map((tenant) => count(stores, tenant)))).toEqual(
      tenants.map(() => [1, 1, 1]),
    );
    expect(await Promise.all(tenants.map((tenant) => count(stores, tenant)))).toEqual(
      tenants.map(() => [2, 2, 2]),
    );
    const found = await Promise.all(
      cluster().masters.map(async (master) => {
        const node = await cluster().nodeClient(master);
        return (await node.keys('limits:rate:*')).map((key) => /tenant-\d+/.exec(key)?.[0] ?? '');
      }),
    );
    expect(found.every((names) => names.length > 0)).toBe(true);
    for (const names of found) {
      for (const name of names) expect(names.filter((other) => other === name).length).toBeGreaterThan(1);
    }
    expect(new Set(found.flat()).size).toBe(30);
    await stores[1]?.decrement(keyOf(1, 'tenant-0'));
    expect((await count(stores, 'tenant-0'))[1]).toBe(2);
  });

  it('go on when a server has forgotten their scripts', async () => {
    const stores = storesOf({ cluster: cluster(), prefix: 'forgotten' });
    for (const master of cluster().masters) await (await cluster().nodeClient(master)).scriptFlush();
    const tenants = Array.from({ length: 10 }, (_, index) => `tenant-${index}`);
    const counts = await Promise.all(tenants.map((tenant) => count(stores, tenant)));
    expect(counts.flat().every((hits) => hits === 1)).toBe(true);
  });
});
