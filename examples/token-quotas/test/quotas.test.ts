import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { aMonth, type Month } from '../src/month.js';

const program = fileURLToPath(new URL('../dist/worker.js', import.meta.url));
let redis: RedisProcess;
let month: Month;
beforeAll(async () => {
  redis = await startRedis();
  month = await aMonth({ redisUrl: redis.url, processes: 3, requests: 1_000, program });
}, 120_000);
afterAll(async () => {
  await month.close();
  await redis.stop();
});

describe('a quota that three processes share', () => {
  it('is never passed, and contains what the provider billed', () => {
    const { asked, answered, refused, limit, used, billedTokens } = month;
    const { quota_exceeded: over = 0, rate_limit_exceeded: busy = 0 } = refused;
    expect(answered + over + busy).toBe(asked);
    expect(answered).toBeGreaterThan(10);
    expect(over).toBeGreaterThan(0);
    expect(limit).toBe(20_000);
    expect(used).toBeLessThanOrEqual(limit);
    expect(used).toBe(billedTokens);
  });

  it('is reported once for all processes, at 80 % and at the first refusal', async () => {
    const has = (text: string): number => month.notices.filter((one) => one.includes(text)).length;
    while (has('80 %') === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(has('80 %')).toBe(1);
    expect(new Set(month.notices).size).toBe(month.notices.length);
  }, 90_000);
});
