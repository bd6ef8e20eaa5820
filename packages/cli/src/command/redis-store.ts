import type { QuotaStore } from '@tollgate/core';
import { redisQuota } from '@tollgate/redis';
import type { Command } from 'commander';
import { createClient } from 'redis';
import type { CommandLine } from './command-line.js';

/** Where an app's counters are. */
export interface RedisPlace {
  redisUrl?: string;
  redisPrefix?: string;
}

/** Adds the options that locate the counters. */
export function withRedisPlace(command: Command): Command {
  return command
    .option(
      '--redis-url <url>',
      'where counters are; otherwise REDIS_URL, and without either only the ledger',
    )
    .option('--redis-prefix <prefix>', 'what the app calls its counters', 'tollgate');
}

/** Runs with the counters of an app, if options or environment locate them; otherwise, and without a place, with `undefined`. */
export async function withCounters<Result>(
  place: RedisPlace | undefined,
  io: CommandLine,
  work: (store: QuotaStore | undefined) => Promise<Result>,
): Promise<Result> {
  const { redisUrl, redisPrefix } = place ?? {};
  const url = redisUrl ?? io.env.REDIS_URL;
  if (!url || !place) return work(undefined);
  const client = createClient({ url, socket: { connectTimeout: 5_000, reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect().catch(() => {
    throw new Error('Redis does not answer');
  });
  const store = redisQuota({
    ...{ client, prefix: redisPrefix ?? 'tollgate', deadlineMs: 5_000, rememberRefusalsMs: 0, outbox: true },
    sweepEveryMs: 3_600_000,
  });
  try {
    return await work(store);
  } finally {
    await store.end();
    client.destroy();
  }
}
