import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, spend, type UsageEvent } from '@tollgate/core';
import { type EventCharge, newId, type QuotaCounter } from '@tollgate/core/internal';
import { type Ledger, ledger } from '@tollgate/postgres';
import { checkLeases, outbox, redisQuota } from '@tollgate/redis';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { counterNamed } from '../src/command/redis-counters.js';
import { terminal } from './terminal.js';

const limit = spend({ limit: '$5/month', timeZone: 'Europe/Berlin', anchorDay: 15, by: 'key' });
const callerOf = (tenant: string) => ({ id: 'k1', keyId: 'k1', tenant, plan: 'pro', scopes: [], labels: {} });

function eventOf(id: string, tenant: string, amount: number, charges: EventCharge[]): UsageEvent {
  const time = new Date().toISOString();
  return {
    ...{ eventId: newId(), kind: 'usage', requestId: id, callId: id, attempt: 1, admittedAt: time, time },
    ...{ tenant, plan: 'pro', labels: {}, provider: 'openai', model: 'gpt-5', requestedModel: 'gpt-5' },
    ...{ inputTokens: 1, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 1, reasoningTokens: 0 },
    ...{
      costNanoUsd: String(amount),
      priceVersion: 'v',
      source: 'provider',
      uncertain: false,
      overrun: false,
    },
    ...{ charges, status: 200, outcome: 'ok', stream: false, latencyMs: 1 },
  };
}

describe('tollgate doctor', () => {
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

  /** Charges a counter on Redis, as a request would; resolves with the event that says so. */
  async function charged(counter: QuotaCounter, tenant: string, amount: number): Promise<UsageEvent> {
    const store = redisQuota({ client, deadlineMs: 5_000 });
    const [id, attemptId] = [newId(), newId()];
    const asked = { id, partition: tenant, attemptId, leaseMs: 60_000 };
    const admitted = await store.reserve({
      ...asked,
      alternatives: [{ charges: [{ ...counter, want: 1_000 }] }],
    });
    const grant = admitted.ok ? admitted.grants[0] : undefined;
    if (!grant) throw new Error('not admitted');
    const event = eventOf(id, tenant, amount, [{ counter: grant.counter, window: grant.window, amount }]);
    const item = { counter: grant.counter, windowId: grant.window, amount, release: grant.granted };
    const { unit, window, wide } = counter;
    const items = [{ ...item, unit, limit: counter.limit, window, wide, soft: false }];
    await store.charge({ id, partition: tenant, attemptId, items, event, close: true });
    await store.end();
    return event;
  }

  it('finds nothing where counters, sums and events agree, and says what is wrong where they do not', async () => {
    const { tollgate, json } = terminal({ DATABASE_URL: postgres.url, REDIS_URL: redis.url });
    const tenant = 'Acme & "Söhne"';
    const counter = counterOf(limit, { caller: callerOf(tenant) });
    await books.write(await charged(counter, tenant, 700));
    const healthy = await tollgate('doctor');
    expect(healthy.out).toBe(
      'Sums of the ledger: all right\nSums of days: all right\nCounters on Redis: 1 compared, 0 not comparable, 0 differ\nLeases on Redis: 0, 0 overdue\n',
    );
    expect(healthy.code).toBe(0);

    // An event that has not arrived, and a sum that somebody has changed.
    const late = await charged(counter, tenant, 50);
    const ahead = await tollgate('doctor', '--json');
    expect(ahead.code).toBe(1);
    expect(JSON.parse(ahead.out).counters.gaps).toMatchObject([
      { counter: counter.counter, counted: 750, ledger: 700 },
    ]);
    await books.write(late);
    await books.database.query.updateTable('window_spend').set({ amount: '9' }).execute();
    const wrong = await tollgate('doctor', '--json');
    expect(wrong).toMatchObject({ code: 1, error: 'tollgate: 2 figures differ; --repair sets sums right\n' });
    expect(JSON.parse(wrong.out).sums).toMatchObject([
      { counter: counter.counter, kept: '9', charged: '750' },
    ]);
    expect(await json('doctor', '--repair')).toMatchObject({ repaired: true, counters: { gaps: [] } });
    expect(await json('doctor')).toMatchObject({ sums: [], repaired: false });
    await books.database.query.deleteFrom('window_spend').execute();
    await json('doctor', '--repair');
    expect((await tollgate('doctor')).code).toBe(0);
  }, 90_000);

  it('sets counters to what the ledger says where spools are declared empty, once events are delivered', async () => {
    const { tollgate, json } = terminal({ DATABASE_URL: postgres.url, REDIS_URL: redis.url });
    const tenant = 'drifted';
    const counter = counterOf(limit, { caller: callerOf(tenant) });
    const event = await charged(counter, tenant, 300);
    await charged(counter, tenant, 45);
    await books.write(event);
    expect((await tollgate('doctor', '--spools-empty')).error).toContain('--spools-empty is for --repair');
    const found = await tollgate('doctor', '--repair');
    expect(found).toMatchObject({
      code: 1,
      error: expect.stringContaining('--spools-empty sets counters right'),
    });
    expect(await json('doctor', '--repair', '--spools-empty')).toMatchObject({
      repairedCounters: [{ counter: counter.counter, by: -45 }],
      counters: { gaps: [] },
    });
    expect((await json('doctor', '--repair', '--spools-empty')).repairedCounters).toEqual([]);
    // A counter that was lost is raised, too.
    const keys = await client.keys('tollgate:{p*}:s:tenant=drifted*');
    expect(keys).toHaveLength(1);
    await client.del(keys);
    expect((await json('doctor', '--repair', '--spools-empty')).repairedCounters).toMatchObject([
      { by: 300 },
    ]);
    expect((await tollgate('doctor')).code).toBe(0);
  }, 90_000);

  it('lists leases that nobody looks after, ends them on request, and loses no event of theirs', async () => {
    const { tollgate, json } = terminal({ DATABASE_URL: postgres.url, REDIS_URL: redis.url });
    const tenant = 'left-behind';
    const counter = counterOf(limit, { caller: callerOf(tenant) });
    const gone = redisQuota({ client, deadlineMs: 5_000, outbox: true, sweepEveryMs: 3_600_000 });
    const [id, attemptId] = [newId(), newId()];
    const admitted = await gone.reserve({
      ...{ id, partition: tenant, attemptId, leaseMs: 1_000 },
      alternatives: [
        { charges: [{ ...counter, want: 1_000, floor: 400 }], event: eventOf(id, tenant, 400, []) },
      ],
    });
    expect(admitted.ok).toBe(true);
    await gone.end();
    const endMs = Date.now() + 20_000;
    while ((await checkLeases({ client })).overdue.length === 0 && Date.now() < endMs) await delay(100);

    const found = await tollgate('doctor', '--json');
    expect(found).toMatchObject({ code: 1 });
    expect(found.error).toMatch(/1 leases are overdue: no app looks after them/);
    expect(JSON.parse(found.out).leases.overdue).toMatchObject([{ id }]);
    expect((await json('doctor', '--repair')).leases).toMatchObject({ overdue: [] });
    const delivered: UsageEvent[] = [];
    const sink = { write: (event: UsageEvent) => void delivered.push(event) };
    await outbox({ client, sinks: [sink], group: 'test' }).end();
    expect(delivered).toMatchObject([{ tenant, uncertain: true, charges: [{ amount: 400 }] }]);
  }, 40_000);

  it('says when Redis is away, and looks at the ledger alone where there is none', async () => {
    const away = terminal({ DATABASE_URL: postgres.url, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(await away.tollgate('doctor')).toMatchObject({
      code: 1,
      error: 'tollgate: Redis does not answer\n',
    });
    const { code, out } = await terminal({ DATABASE_URL: postgres.url }).tollgate('doctor');
    expect([code, out]).toEqual([
      0,
      'Sums of the ledger: all right\nSums of days: all right\nCounters on Redis: not looked at (no REDIS_URL)\n',
    ]);
  });
});

describe('the name of a counter', () => {
  it('says what is needed to read it', () => {
    for (const tenant of ['acme', 'Söhne & Co', 'a/b=c']) {
      const counter = counterOf(limit, { caller: callerOf(tenant) });
      expect(counterNamed(counter.counter)).toMatchObject({
        tenant,
        counter: { unit: 'usd', window: limit.window },
      });
    }
    expect(counterNamed('usd/month/global=')).toBeUndefined();
    expect(counterNamed('tokens/60000ms/tenant=acme/key=k1')).toBeUndefined();
    expect(counterNamed(counterOf(limit, { caller: callerOf('x'.repeat(200)) }).counter)).toBeUndefined();
  });
});
