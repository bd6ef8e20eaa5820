import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisProcess, startRedis, startRedisCluster } from '@tollgate/testkit';
import { alertStoreContract } from '@tollgate/testkit/contracts';
import { createClient, createCluster } from 'redis';
import { redisAlerts } from '../src/index.js';

let redis: RedisProcess;
const clientOf = () => createClient({ url: redis.url });
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
let prefixes = 0;
const nextPrefix = (): string => {
  prefixes += 1;
  return `alerts${prefixes}`;
};

alertStoreContract('on Redis', async () => {
  const settings = { prefix: nextPrefix(), deadlineMs: 5_000, maxWaiting: 10 };
  const clients = [clientOf(), clientOf()] as const;
  for (const client of clients) await client.connect();
  return {
    store: redisAlerts({ client: clients[0], ...settings }),
    other: redisAlerts({ client: clients[1], ...settings }),
    end: async () => {
      for (const client of clients) client.destroy();
    },
  };
});

describe('redisAlerts()', () => {
  it('leaves nothing behind of what is done, and works on a cluster', async () => {
    const cluster = await startRedisCluster();
    const client = createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) });
    await client.connect();
    const store = redisAlerts({ cluster: client, deadlineMs: 5_000 });
    await store.replace('k', undefined, 'v', 60_000, [{ id: 'a', text: 'text', delayMs: 0 }]);
    expect(await store.take(9, 60_000)).toEqual([{ id: 'a', text: 'text', tries: 1 }]);
    expect(await store.read('k')).toBe('v');
    await store.done('a');
    const left = ['tollgate:{alerts}:due', 'tollgate:{alerts}:work', 'tollgate:{alerts}:incident:k'];
    expect(await Promise.all(left.map((key) => client.exists(key)))).toEqual([0, 0, 1]);
    await client.close();
    await cluster.stop();
  });

  it('throws at start for a wrong or misspelt option', () => {
    expect(() => redisAlerts({})).toThrow('exactly one of "client"');
    expect(() => redisAlerts({ prefixx: 'a' } as never)).toThrow('did you mean "prefix"?');
  });
});
