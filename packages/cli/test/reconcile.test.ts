import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, spend } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { type Ledger, ledger } from '@tollgate/postgres';
import { outbox, redisQuota } from '@tollgate/redis';
import {
  type PostgresProcess,
  type RedisProcess,
  startPostgres,
  startRedis,
  usageEvent,
} from '@tollgate/testkit';
import { createClient } from 'redis';
import { terminal } from './terminal.js';

const dayMs = 86_400_000;
const counter = counterOf(spend('$5/month').by('tenant'), {
  caller: { id: 'acme', tenant: 'acme', plan: 'p', scopes: [], labels: {} },
});

describe('tollgate reconcile --settle', () => {
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

  /** An attempt whose end is unknown, of that noon; its counter's window is the one that runs. Resolves with that window. */
  async function unknown(noonMs: number): Promise<string> {
    const store = redisQuota({ client, outbox: true, deadlineMs: 5_000 });
    const delivery = outbox({ client, sinks: [books], pollMs: 20 });
    const eventId = newId(noonMs);
    const reservation = { id: newId(), partition: 'acme', attemptId: eventId };
    const admitted = await store.reserve({
      ...{ ...reservation, leaseMs: 60_000 },
      alternatives: [{ charges: [{ ...counter, want: 900 }] }],
    });
    const [grant] = admitted.ok ? admitted.grants : [];
    if (!grant) throw new Error('refused');
    const time = new Date(noonMs).toISOString();
    const event = usageEvent({
      ...{ eventId, admittedAt: time, time, tenant: 'acme', provider: 'openai' },
      ...{ costNanoUsd: '100', unresolvedNanoUsd: '800', uncertain: true, source: 'estimated' },
      charges: [{ counter: counter.counter, window: grant.window, amount: 900, unresolved: 800 }],
    });
    const items = [{ ...counter, windowId: grant.window, amount: 900, release: 900 }];
    await store.charge({ ...reservation, items, event, close: true });
    await delivery.flush();
    await delivery.end();
    await store.end();
    return grant.window;
  }

  async function used(): Promise<number | undefined> {
    const store = redisQuota({ client, deadlineMs: 5_000 });
    const [state] = await store.read('acme', [counter]);
    await store.end();
    return state?.used;
  }

  it('asks the provider for its costs and lowers the counter to them, in Redis and in the ledger', async () => {
    const noonMs = Math.floor(Date.now() / dayMs) * dayMs + dayMs / 2;
    const window = await unknown(noonMs);
    expect(await used()).toBe(900);
    let billed = 0.000_000_25;
    const asked: string[] = [];
    const answer: typeof fetch = async (input) => {
      const url = new URL(String(input));
      asked.push(url.pathname);
      const start = Math.floor(noonMs / dayMs) * 86_400;
      const cost = { object: 'organization.costs.result', amount: { value: billed, currency: 'usd' } };
      const results = url.pathname.endsWith('/costs') ? [cost] : [];
      return Response.json({ data: [{ start_time: start, end_time: start + 86_400, results }] });
    };
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, OPENAI_ADMIN_KEY: 'sk-admin-test' };
    const tollgate = (nowMs: number, ...args: string[]) =>
      terminal(env, () => nowMs, answer).tollgate('reconcile', '--fetch', 'openai', '--from', '7d', ...args);
    const later = noonMs + 4 * dayMs;
    expect(await tollgate(later, '--settle')).toMatchObject({
      code: 2,
      error: expect.stringContaining('--exclusive'),
    });
    expect((await tollgate(noonMs + dayMs, '--settle', '--exclusive')).out).toContain('too recent');
    billed = 1;
    const foreign = await tollgate(later, '--settle', '--exclusive');
    expect(foreign).toMatchObject({
      code: 1,
      error: expect.stringContaining('something else uses the account'),
    });
    expect(await used()).toBe(900);
    billed = 0.000_000_25;
    const { code, out } = await tollgate(later, '--settle', '--exclusive', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      [{ outcome: 'settled', unresolvedBeforeNanoUsd: '800', unresolvedAfterNanoUsd: '150' }],
    ]);
    expect(await used()).toBe(250);
    expect(await books.spentIn([{ counter: counter.counter, window }])).toEqual([250]);
    expect(new Set(asked)).toEqual(
      new Set([
        '/v1/organization/usage/completions',
        '/v1/organization/usage/embeddings',
        '/v1/organization/costs',
      ]),
    );
  }, 150_000);

  it('says what it did not understand', async () => {
    for (const [args, message] of [
      [[], 'give files, or --fetch openai'],
      [['--fetch', 'google'], 'Allowed choices are openai, anthropic'],
      [['--fetch', 'openai'], 'needs OPENAI_ADMIN_KEY'],
      [['pages.json', '--month', '2026-10'], 'are for --fetch'],
      [['pages.json', '--settle'], '--settle needs --exclusive'],
    ] as const) {
      const { code, error } = await terminal({ DATABASE_URL: postgres.url }).tollgate('reconcile', ...args);
      expect([args, code]).toEqual([args, 2]);
      expect(error).toContain(message);
    }
  });
});
