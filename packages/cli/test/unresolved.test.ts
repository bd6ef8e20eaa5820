import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, spend, type UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { type Ledger, ledger } from '@tollgate/postgres';
import { outbox, redisQuota } from '@tollgate/redis';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { terminal } from './terminal.js';

const limit = spend('$5/month').by('tenant');

describe('tollgate unresolved', () => {
  let postgres: PostgresProcess;
  let redis: RedisProcess;
  let books: Ledger;
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    books = ledger({ connectionString: postgres.url });
    client = createClient({ url: redis.url });
    await client.connect();
  }, 150_000);
  afterAll(async () => {
    await books.close();
    client.destroy();
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const counterOfTenant = (tenant: string) =>
    counterOf(limit, { caller: { id: tenant, tenant, plan: 'p', scopes: [], labels: {} } });

  /** Settles an attempt whose end is unknown, as a request would; resolves with its event's id. */
  async function unknown(tenant: string): Promise<string> {
    const store = redisQuota({ client, outbox: true, deadlineMs: 5_000 });
    const delivery = outbox({ client, sinks: [books], pollMs: 20 });
    const [id, attemptId] = [newId(), newId()];
    const counter = counterOfTenant(tenant);
    const admitted = await store.reserve({
      ...{ id, partition: tenant, attemptId, leaseMs: 60_000 },
      alternatives: [{ charges: [{ ...counter, want: 900 }] }],
    });
    if (!admitted.ok) throw new Error('refused');
    const { window = '' } = admitted.grants[0] ?? {};
    const time = new Date().toISOString();
    const event: UsageEvent = {
      ...{ eventId: attemptId, kind: 'usage', requestId: id, callId: id, attempt: 1, admittedAt: time, time },
      ...{ tenant, plan: 'p', labels: {}, provider: 'openai', model: 'gpt-5', requestedModel: 'gpt-5' },
      ...{ inputTokens: 10, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
      ...{ costNanoUsd: '100', unresolvedNanoUsd: '800', priceVersion: 'v', source: 'estimated' },
      ...{ uncertain: true, overrun: false, status: 0, outcome: 'aborted', stream: true, latencyMs: 1 },
      charges: [{ counter: counter.counter, window, amount: 900, unresolved: 800 }],
    };
    const item = { ...counter, windowId: window, amount: 900, release: 900 };
    await store.charge({ id, partition: tenant, attemptId, items: [item], event, close: true });
    await delivery.flush();
    await delivery.end();
    await store.end();
    return attemptId;
  }

  const usedBy = async (tenant: string): Promise<number | undefined> => {
    const store = redisQuota({ client, deadlineMs: 5_000 });
    const [state] = await store.read(tenant, [counterOfTenant(tenant)]);
    await store.end();
    return state?.used;
  };

  it('lists attempts whose end is unknown, and accepts their estimate or nothing, audited', async () => {
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
    const { tollgate, json } = terminal(env);
    const [acme, globex] = [await unknown('acme'), await unknown('globex')];
    expect(await json('unresolved', 'list')).toMatchObject([
      { eventId: acme, tenant: 'acme', costNanoUsd: '100', unresolvedNanoUsd: '800' },
      { eventId: globex, tenant: 'globex' },
    ]);
    expect((await tollgate('unresolved', 'list', '--tenant', 'acme')).out).toContain('$0.0000008');
    expect(await usedBy('acme')).toBe(900);
    expect(await json('unresolved', 'accept', acme, '--as', 'estimate')).toMatchObject([
      { eventId: acme, changed: true, costNanoUsd: '100', unresolvedNanoUsd: '0' },
    ]);
    expect(await usedBy('acme')).toBe(100);
    await json('unresolved', 'accept', acme, globex, '--as', 'zero');
    expect([await usedBy('acme'), await usedBy('globex')]).toEqual([0, 0]);
    expect(await json('unresolved', 'list')).toEqual([]);
    const trail = await json('audit', '--tenant', 'acme');
    expect(JSON.stringify(trail)).toContain('usage.accept');
  }, 150_000);

  it('says what it did not understand or find', async () => {
    const { tollgate } = terminal({ DATABASE_URL: postgres.url });
    for (const [args, code, message] of [
      [['accept', newId()], 2, "required option '--as <what>' not specified"],
      [['accept', newId(), '--as', 'free'], 2, 'Allowed choices are estimate, zero'],
      [['accept', newId(), '--as', 'zero'], 1, 'the ledger has no usage event'],
      [['list', '--limit', '0'], 2, '--limit must be an integer from 1 to 10000'],
    ] as const) {
      const answer = await tollgate('unresolved', ...args);
      expect([args, answer.code]).toEqual([args, code]);
      expect(answer.error).toContain(message);
    }
  });
});
