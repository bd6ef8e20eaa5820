import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { admitted, QuotaTenant, quotaCounter, usageEvent } from '@tollgate/testkit/contracts';
import { createClient } from 'redis';
import { outbox, redisQuota, usageFeed } from '../src/index.js';
import { newPrefix } from './servers.js';
import { settle } from './settle.js';

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('not within 20 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** As a managed Redis may be: one address for all keys, but no command with keys of different slots. */
describe('a server that refuses keys of different slots in one command', () => {
  const clientOf = (url: string) => createClient({ url });
  let server: RedisProcess;
  let client: ReturnType<typeof clientOf>;
  beforeAll(async () => {
    server = await startRedis({ args: ['--cluster-enabled', 'yes'] });
    client = clientOf(server.url);
    await client.connect();
    await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
    while (!String(await client.sendCommand(['CLUSTER', 'INFO'])).includes('cluster_state:ok'));
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });
  const collector = () => {
    const seen: string[] = [];
    return { seen, write: ({ eventId }: UsageEvent) => void seen.push(eventId) };
  };

  it('delivers and shows usage events, and ends expired leases of a partition without traffic', async () => {
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, outbox: true, deadlineMs: 5_000, sweepEveryMs: 50 });
    const [kept, shown] = [collector(), collector()];
    const feed = usageFeed({ client, prefix, sink: shown, pollMs: 20 });
    await feed.flush();
    const delivery = outbox({ client, prefix, sinks: [kept], pollMs: 20 });
    const ids = (await settle(store, 20)).sort();
    await until(() => kept.seen.length >= 20 && shown.seen.length >= 20);
    expect([...kept.seen].sort()).toEqual(ids);
    expect([...shown.seen].sort()).toEqual(ids);

    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    const attemptId = newId();
    const event = usageEvent({ eventId: attemptId });
    const alternatives = [{ charges: [{ ...spend, want: 10 }], event }];
    admitted(await tenant.reserve([], { attemptId, leaseMs: 1_000, alternatives }));
    await until(() => kept.seen.includes(attemptId));
    await Promise.all([delivery.end(), feed.end()]);
    await store.end();
  }, 150_000);
});
