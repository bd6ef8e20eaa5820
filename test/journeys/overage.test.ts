import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { redisQuota } from '@tollgate/redis';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { callback } from '@tollgate/watch';
import { createClient } from 'redis';
import { openai, type TollgateOptions } from 'tollgate';
import { type RunningApp, startApp } from './running-app.js';

let redis: RedisProcess;
let client: ReturnType<typeof createClient>;
let app: RunningApp;
beforeAll(async () => {
  redis = await startRedis();
  client = createClient({ url: redis.url });
  await client.connect();
});
afterEach(() => app.close());
afterAll(async () => {
  client.destroy();
  await redis.stop();
});

/** A slow machine is not a store that is away. */
const deadlineMs = 5_000;
const stores: readonly [string, () => Partial<TollgateOptions>][] = [
  ['in memory', () => ({})],
  [
    'on Redis',
    () => ({ store: redisQuota({ client, deadlineMs }), budget: { storeDeadlineMs: deadlineMs } }),
  ],
];

describe.each(stores)('the overage of a plan, counted %s', (_name, optionsOf) => {
  it('is admitted with a warning, reported once to the operator, and ends at the hard cap', async () => {
    const titles: string[] = [];
    app = await startApp({
      plan: { spend: { limit: '$0.0006/day', overage: 0.5 }, maxOutputTokens: 100 },
      options: {
        ...optionsOf(),
        alerts: { to: [callback(({ incident }) => void titles.push(incident.title))] },
      },
      routes: (routes, tg, provider) => {
        routes.get('/v1/usage', tg.usage());
        routes.post(
          '/v1/chat/completions',
          tg.proxy({ provider: openai({ apiKey: 'a', baseUrl: provider.openAiUrl }) }),
        );
      },
    });
    const seen: string[] = [];
    while (!seen.some((line) => line.startsWith('402'))) {
      const answer = await fetch(`${app.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hello there' }] }),
      });
      await answer.text();
      await app.settled();
      seen.push(`${answer.status} ${answer.headers.get('x-tollgate-warning') ?? '-'}`);
      expect(seen.length).toBeLessThan(100);
    }
    const kinds = [...new Set(seen)];
    expect(kinds).toEqual(['200 -', '200 overage;limit="usd-day"', '402 -']);
    const answer = await fetch(`${app.url}/v1/usage`, { headers: { authorization: `Bearer ${app.key}` } });
    const usage = (await answer.json()) as { limits: Record<string, unknown>[] };
    expect(usage.limits.find(({ limit }) => limit === 'usd-day')).toMatchObject({
      cap: '0.0009',
      included: '0.0006',
      held: '0.00',
    });
    const used = Number(usage.limits.find(({ limit }) => limit === 'usd-day')?.used);
    expect(used).toBeGreaterThan(0.0006);
    expect(used).toBeLessThanOrEqual(0.0009);
    while (!titles.some((title) => title.startsWith('Requests are refused'))) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(titles.filter((title) => title.startsWith('All of the spend limit per day'))).toHaveLength(1);
  }, 150_000);
});
