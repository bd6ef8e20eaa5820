import { afterAll, beforeAll } from '@jest/globals';
import {
  createManualClock,
  type RedisCluster,
  type RedisProcess,
  startRedis,
  startRedisCluster,
} from '@tollgate/testkit';
import { quotaContract } from '@tollgate/testkit/contracts';
import { createClient, createCluster } from 'redis';
import type { ConnectionOptions } from '../src/connection.js';
import { readOptions } from '../src/options.js';
import { RedisQuotaStore } from '../src/redis-quota-store.js';
import { WideQuota } from '../src/wide-quota.js';
import { eventsIn, type ReadStream } from './events-in.js';

let server: RedisProcess;
let client: ReturnType<typeof createClient>;
let servers: RedisCluster;
let cluster: ReturnType<typeof createCluster>;
let stores = 0;

beforeAll(async () => {
  [server, servers] = await Promise.all([startRedis(), startRedisCluster()]);
  client = createClient({ url: server.url });
  cluster = createCluster({ rootNodes: servers.nodes.map(({ url }) => ({ url })) });
  await Promise.all([client.connect(), cluster.connect()]);
});

afterAll(async () => {
  client.destroy();
  cluster.destroy();
  await Promise.all([server.stop(), servers.stop()]);
});

function underTest(connection: ConnectionOptions, read: ReadStream) {
  stores += 1;
  const clock = createManualClock(Date.UTC(2026, 10, 21, 12, 30));
  const prefix = `store${stores}`;
  const options = readOptions('redisQuota', { ...connection, prefix, outbox: true, deadlineMs: 5_000 });
  return {
    store: new WideQuota(new RedisQuotaStore(options, clock.now)),
    now: clock.now,
    advance: clock.advance,
    events: () => eventsIn(prefix, 16, read),
  };
}

quotaContract('on Redis', () => underTest({ client }, (stream) => client.xRange(stream, '-', '+')));
quotaContract('on a Redis Cluster of three masters', () =>
  underTest({ cluster }, (stream) => cluster.xRange(stream, '-', '+')),
);
