import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import { admitted, QuotaTenant, quotaCounter } from '@tollgate/testkit/contracts';
import { redisQuota } from '../src/index.js';
import { newPrefix, useRedis } from './servers.js';

const redis = useRedis();
const warnings: string[] = [];
let stop = (): void => undefined;

beforeEach(() => {
  forgetWarnings();
  warnings.length = 0;
  stop = subscribe('tollgate:warning', (warning) => {
    warnings.push(String((warning as { code: string }).code));
  });
});
afterEach(() => stop());

describe('a store without a ledger whose server is emptied', () => {
  it('counts from 0 with the next request, and warns of it once', async () => {
    const { client } = redis();
    const store = redisQuota({ client, prefix: newPrefix(), deadlineMs: 5_000, sweepEveryMs: 3_600_000 });
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    for (const round of [1, 2]) {
      admitted(await tenant.reserve([{ ...spend, want: 60 }]));
      expect((await tenant.reserve([{ ...spend, want: 60 }])).ok).toBe(false);
      await client.flushAll();
      const { states } = admitted(await tenant.reserve([{ ...spend, want: 60 }]));
      expect({ round, held: states[0]?.held }).toEqual({ round, held: 60 });
      await client.flushAll();
    }
    expect(warnings.filter((code) => code === 'TOLLGATE_W_REDIS_LOST')).toEqual(['TOLLGATE_W_REDIS_LOST']);
    await store.end();
  });

  it('is told so, too, where an older copy of its counters is put in the place of the present ones', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({
      client,
      prefix,
      partitions: 1,
      deadlineMs: 5_000,
      sweepEveryMs: 3_600_000,
      rememberRefusalsMs: 0,
    });
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    admitted(await tenant.reserve([{ ...spend, want: 10 }]));
    const keys = await client.keys(`${prefix}:{p0}*`);
    const copies = await Promise.all(keys.map((key) => client.sendCommand(['COPY', key, `${key}~`])));
    expect(copies.length).toBeGreaterThan(2);
    await new Promise((resolve) => setTimeout(resolve, 250));
    admitted(await tenant.reserve([{ ...spend, want: 10 }]));
    await Promise.all(keys.map((key) => client.sendCommand(['RENAME', `${key}~`, key])));
    expect(warnings).not.toContain('TOLLGATE_W_REDIS_LOST');
    const { states } = admitted(await tenant.reserve([{ ...spend, want: 10 }]));
    expect(states[0]?.held).toBe(20);
    expect(warnings).toContain('TOLLGATE_W_REDIS_LOST');
    await store.end();
  });
});
