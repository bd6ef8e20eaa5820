import { afterAll, beforeAll } from '@jest/globals';
import {
  createManualClock,
  type RedisCluster,
  type RedisProcess,
  startRedis,
  startRedisCluster,
} from '@tollgate/testkit';
import type { MakeProcesses, QuotaUnderTest } from '@tollgate/testkit/contracts';
import { createClient, createCluster } from 'redis';
import { type ReadOptions, type RedisQuotaOptions, readOptions } from '../src/connection/options.js';
import { quotaOf } from '../src/quota/quota-of.js';
import { HeardClock, type SliceClock } from '../src/slices/store-clock.js';
import { eventsIn } from './events-in.js';

let stores = 0;

/** A prefix that no other test uses. */
export function newPrefix(): string {
  stores += 1;
  return `store${stores}`;
}

const clientOf = (url: string) => createClient({ url });

export interface Server {
  readonly process: RedisProcess;
  readonly client: ReturnType<typeof clientOf>;
}

/** A server and a client for the tests of a file. */
export function useRedis(args: readonly string[] = []): () => Server {
  let server: Server | undefined;
  beforeAll(async () => {
    const process = await startRedis({ args });
    const client = clientOf(process.url);
    // A server that is killed on purpose closes its connections.
    client.on('error', () => undefined);
    await client.connect();
    server = { process, client };
  });
  afterAll(async () => {
    server?.client.destroy();
    await server?.process.stop();
  });
  return () => {
    if (!server) throw new Error('the server was not started');
    return server;
  };
}

const clusterOf = ({ nodes }: RedisCluster) =>
  createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) });

/** A cluster of three masters and a client for the tests of a file. */
export function useCluster(): () => ReturnType<typeof clusterOf> {
  let servers: RedisCluster | undefined;
  let cluster: ReturnType<typeof clusterOf> | undefined;
  beforeAll(async () => {
    servers = await startRedisCluster();
    cluster = clusterOf(servers);
    await cluster.connect();
  });
  afterAll(async () => {
    cluster?.destroy();
    await servers?.stop();
  });
  return () => {
    if (!cluster) throw new Error('the cluster was not started');
    return cluster;
  };
}

/** For slices, the same clock as the store's; what they do by themselves they do in real time. */
function sliceClockOf(now: () => number): SliceClock {
  const real = new HeardClock();
  return {
    storeMs: now,
    ownMs: now,
    heard: () => undefined,
    pause: (ms) => real.pause(ms),
    every: (ms, work) => real.every(ms, work),
  };
}

/** A store whose clock is moved by the test. */
export function quotaOn(
  options: RedisQuotaOptions,
  startMs = Date.parse('2026-11-21T12:30:00Z'),
  patch?: (source: string) => string,
): QuotaUnderTest {
  const clock = createManualClock(startMs);
  const read = forTests(options);
  return {
    store: quotaOf(read, { ownClock: clock.now, patch }, sliceClockOf(clock.now)),
    now: clock.now,
    advance: clock.advance,
    events: () => eventsOf(options, read),
  };
}

/** So many processes that count in the same place, each with its own idea of the time. */
export function processesOn(options: RedisQuotaOptions, count: number): MakeProcesses {
  return ({ now }, offMs) => {
    const read = forTests(options);
    const stores = Array.from({ length: count }, (_, process) => {
      const processClock = (): number => now() + offMs(process);
      return quotaOf(read, { ownClock: now, processClock }, sliceClockOf(now));
    });
    return { stores, events: () => eventsOf(options, read) };
  };
}

function forTests(options: RedisQuotaOptions): ReadOptions {
  return readOptions('redisQuota', { prefix: newPrefix(), outbox: true, deadlineMs: 5_000, ...options });
}

function eventsOf({ client, cluster }: RedisQuotaOptions, { prefix, partitions }: ReadOptions) {
  return eventsIn(prefix, partitions, (stream) => {
    const command = ['XRANGE', stream, '-', '+'];
    if (cluster) return cluster.sendCommand(stream, true, command);
    return client ? client.sendCommand(command) : Promise.resolve([]);
  });
}
