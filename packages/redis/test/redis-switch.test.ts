import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MitigationStore } from '@tollgate/core/internal';
import { type RedisProcess, startRedis, startRedisCluster } from '@tollgate/testkit';
import { mitigationContract, switchContract } from '@tollgate/testkit/contracts';
import { createClient, createCluster } from 'redis';
import { redisSwitch } from '../src/index.js';

let redis: RedisProcess;
const clientOf = () => createClient({ url: redis.url });
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
let prefixes = 0;
const nextPrefix = (): string => {
  prefixes += 1;
  return `switch${prefixes}`;
};
const entry = { kind: 'tenant', name: 'acme', reason: 'r', by: 'b', sinceMs: 1, cutsRunning: false } as const;

switchContract('on Redis', async () => {
  const prefix = nextPrefix();
  const clients = [clientOf(), clientOf()] as const;
  for (const client of clients) await client.connect();
  return {
    store: redisSwitch({ client: clients[0], prefix, deadlineMs: 5_000 }),
    other: redisSwitch({ client: clients[1], prefix, deadlineMs: 5_000 }),
    end: async () => {
      for (const client of clients) client.destroy();
    },
  };
});

describe('actions of watch()', () => {
  const client = () => shared;
  let shared: ReturnType<typeof clientOf>;
  beforeAll(async () => {
    shared = clientOf();
    await shared.connect();
  });
  afterAll(() => shared.destroy());
  mitigationContract('on Redis', () => {
    const prefix = nextPrefix();
    const storeOf = () =>
      redisSwitch({ client: client(), prefix, deadlineMs: 5_000 }).mitigations as MitigationStore;
    return { store: storeOf(), other: storeOf() };
  });

  it('leave no key behind for longer than they last', async () => {
    const prefix = nextPrefix();
    const { mitigations } = redisSwitch({ client: client(), prefix, deadlineMs: 5_000 });
    const record = {
      id: 'a',
      atMs: 1,
      action: 'slow',
      outcome: 'applied',
      target: 'key k',
      reason: 'r',
      process: 'p',
    };
    await mitigations?.put({ ...record, untilMs: Date.now() + 90_000 });
    await mitigations?.decide({ id: 'a', what: 'undo', by: 'ann' });
    for (const key of await client().keys(`${prefix}*`)) {
      const leftMs = await client().pTTL(key);
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(90_000);
    }
  });
});

describe('redisSwitch()', () => {
  it('hints at changes where it is given a client for that', async () => {
    const [client, hints] = [clientOf(), clientOf()];
    await client.connect();
    await hints.connect();
    const prefix = nextPrefix();
    const store = redisSwitch({ client, prefix, hints, deadlineMs: 5_000 });
    const hinted = new Promise<void>((resolve) => {
      store.onHint?.(resolve);
    });
    while (
      Number(((await client.sendCommand(['PUBSUB', 'NUMSUB', `${prefix}:switch:hints`])) as unknown[])[1]) ===
      0
    );
    await redisSwitch({ client, prefix, deadlineMs: 5_000 }).turnOff(entry);
    await hinted;
    expect((await store.read())?.entries).toEqual([entry]);
    client.destroy();
    hints.destroy();
  });

  it('drops what has expired with the next change, and works on a cluster', async () => {
    const cluster = await startRedisCluster();
    const client = createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) });
    await client.connect();
    const store = redisSwitch({ cluster: client, deadlineMs: 5_000 });
    await store.turnOff({ ...entry, name: 'old', expiresAtMs: 5 });
    await store.turnOff(entry);
    expect((await store.read())?.entries).toEqual([entry]);
    await client.close();
    await cluster.stop();
  });

  it('throws at start for a wrong or misspelt option', () => {
    expect(() => redisSwitch({})).toThrow('exactly one of "client"');
    expect(() => redisSwitch({ hint: {} } as never)).toThrow('did you mean "hints"?');
  });
});
