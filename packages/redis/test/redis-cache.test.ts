import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { faultProxy } from '@tollgate/testkit';
import { cacheStoreContract } from '@tollgate/testkit/contracts';
import { createClient, createClientPool } from 'redis';
import { redisCache } from '../src/index.js';
import { newPrefix, useCluster, useRedis } from './servers.js';

const server = useRedis();
const cluster = useCluster();
const maxBytes = 16 * 1_048_576;

cacheStoreContract('on Redis, through a client and a pool', async () => {
  const { client, process } = server();
  const pool = createClientPool({ url: process.url });
  await pool.connect();
  const shared = { prefix: newPrefix(), maxBytes, deadlineMs: 5_000 };
  return {
    store: redisCache({ client, ...shared }),
    other: redisCache({ pool, ...shared }),
    maxBytes,
    pass: (ms) => delay(ms),
    end: async () => pool.destroy(),
  };
});

cacheStoreContract('on a Redis Cluster', () => {
  const shared = { cluster: cluster(), prefix: newPrefix(), maxBytes, deadlineMs: 5_000 };
  return { store: redisCache(shared), other: redisCache(shared), maxBytes, pass: (ms) => delay(ms) };
});

describe('redisCache()', () => {
  it('leaves nothing behind of what has ended', async () => {
    const { client } = server();
    const prefix = newPrefix();
    const store = redisCache({ client, prefix, deadlineMs: 5_000 });
    const names = Array.from({ length: 64 }, (_, at) => at.toString(16).padStart(8, '0').padEnd(64, '0'));
    await Promise.all(names.map((name) => store.set(name, new Uint8Array(100), 2_000)));
    const kept = (): Promise<string[]> => client.keys(`${prefix}:*`);
    expect((await kept()).length).toBeGreaterThan(64);
    for (let turn = 0; turn < 100 && (await kept()).length > 0; turn += 1) await delay(100);
    expect(await kept()).toEqual([]);
  });

  it('books what it holds: answers put twice, and those that Redis has lost, are counted once and not for ever', async () => {
    const { client } = server();
    const prefix = newPrefix();
    const store = redisCache({ client, prefix, deadlineMs: 5_000 });
    const key = '0'.repeat(64);
    for (let turn = 0; turn < 5; turn += 1) await store.set(key, new Uint8Array(1_000), 60_000);
    const books = await client.hGetAll(`${prefix}:{cache0}:sizes`);
    expect(books).toEqual({ '': '1512', [key]: '1512' });
    await client.del(`${prefix}:{cache0}:${key}`);
    expect(await store.get(key)).toBeUndefined();
    await store.set(key, new Uint8Array(10), 60_000);
    expect(await client.hGet(`${prefix}:{cache0}:sizes`, '')).toBe('522');
  });

  it('rejects within its deadline while Redis does not answer', async () => {
    const { process } = server();
    const { port } = new URL(process.url);
    const proxy = await faultProxy({ target: Number(port) });
    const client = createClient({ url: `redis://127.0.0.1:${proxy.port}` });
    client.on('error', () => undefined);
    await client.connect();
    const store = redisCache({ client, deadlineMs: 50 });
    await store.set('0'.repeat(64), new Uint8Array(1), 1_000);
    proxy.set('blackhole');
    await expect(store.get('0'.repeat(64))).rejects.toMatchObject({ fault: 'deadline' });
    await expect(store.set('0'.repeat(64), new Uint8Array(1), 1_000)).rejects.toThrow();
    client.destroy();
    await proxy.close();
  });

  it('throws at start for a wrong or misspelt option', () => {
    expect(() => redisCache({})).toThrow('exactly one of "client"');
    expect(() => redisCache({ maxByte: 5 } as never)).toThrow('did you mean "maxBytes"?');
  });
});
