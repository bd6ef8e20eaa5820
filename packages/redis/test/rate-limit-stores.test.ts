import { describe, expect, it } from '@jest/globals';
import { startRedis, tapWire } from '@tollgate/testkit';
import { rateLimit, type Store } from 'express-rate-limit';
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
