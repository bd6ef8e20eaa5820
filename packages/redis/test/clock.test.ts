import { describe, expect, it } from '@jest/globals';
import { admitted, calendar, QuotaTenant, quotaCounter, usageEvent } from '@tollgate/testkit/contracts';
import { readOptions } from '../src/connection/options.js';
import { RedisQuotaStore } from '../src/quota/redis-quota-store.js';
import { newPrefix, useRedis } from './servers.js';

const redis = useRedis();
const hourMs = 3_600_000;

async function serverMs(): Promise<number> {
  const [seconds, micros] = await redis().client.sendCommand<[string, string]>(['TIME']);
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

/** Whether so many ms are left of this period of the server's. */
async function early(periodMs = 60_000): Promise<void> {
  while ((await serverMs()) % periodMs > periodMs - 2_000)
    await new Promise((resolve) => setTimeout(resolve, 200));
}

describe('processes whose clocks are wrong', () => {
  it('by up to 90 s, by hours or by days count in the window that is open by the server’s clock', async () => {
    const prefix = newPrefix();
    await early();
    const minute = new Date(await serverMs()).toISOString().slice(0, 16);
    const windows: string[] = [];
    let held = 0;
    for (const offMs of [0, -90_000, 90_000, -5 * hourMs, 5 * hourMs, 40 * 24 * hourMs]) {
      const options = readOptions('redisQuota', { client: redis().client, prefix });
      const store = new RedisQuotaStore(options, { processClock: () => Date.now() + offMs });
      const spend = quotaCounter('usd/minute', 100, { window: calendar('minute') });
      const request = {
        partition: 'acme',
        leaseMs: 60_000,
        alternatives: [{ charges: [{ ...spend, want: 7 }] }],
      };
      const { grants, states } = admitted(await store.reserve({ id: `r${offMs}`, ...request }));
      windows.push(grants[0]?.window ?? '');
      held = states[0]?.held ?? 0;
      await store.end();
    }
    expect(new Set(windows)).toEqual(new Set([minute]));
    expect(held).toBe(6 * 7);
  });

  it('charge to the window that is named, whatever they take the time for when they say their first word', async () => {
    const prefix = newPrefix();
    await early(hourMs);
    const hour = new Date(await serverMs()).toISOString().slice(0, 13);
    const spend = quotaCounter('usd/hour', 100, { window: calendar('hour') });
    let used = 0;
    for (const offMs of [90_000 + hourMs, -90_000 - hourMs, 40 * 24 * hourMs]) {
      const options = readOptions('redisQuota', { client: redis().client, prefix });
      const store = new RedisQuotaStore(options, { processClock: () => Date.now() + offMs });
      const partition = `acme${offMs}`;
      const counter = `${spend.counter}/tenant=${partition}`;
      const items = [{ ...spend, counter, windowId: hour, amount: 7, release: 0 }];
      const event = usageEvent();
      await store.charge({
        id: event.eventId,
        partition,
        attemptId: event.eventId,
        items,
        event,
        close: true,
      });
      const [state] = await store.read(partition, [{ ...spend, counter }]);
      if (state?.window === hour) used += state.used;
      await store.end();
    }
    expect(used).toBe(3 * 7);
  });

  it('see a lease end when the server’s time says so', async () => {
    const options = readOptions('redisQuota', {
      client: redis().client,
      prefix: newPrefix(),
      sweepEveryMs: 50,
    });
    const store = new RedisQuotaStore(options, { processClock: () => Date.now() - 90_000 });
    const tenant = new QuotaTenant(store);
    const spend = quotaCounter(tenant.key('day'), 100);
    const { nowMs, expiresAtMs } = admitted(
      await tenant.reserve([{ ...spend, want: 7 }], { leaseMs: 1_000 }),
    );
    expect(expiresAtMs - nowMs).toBe(1_000);
    expect(Math.abs((await serverMs()) - nowMs)).toBeLessThan(2_000);
    while ((await tenant.standing(spend)).held > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await serverMs()).toBeGreaterThanOrEqual(expiresAtMs);
    await store.end();
  });
});
