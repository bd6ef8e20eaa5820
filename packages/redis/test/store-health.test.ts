import { describe, expect, it, jest } from '@jest/globals';
import { memoryQuota } from '@tollgate/core';
import { startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { redisQuota, storeHealth } from '../src/index.js';
import { newPrefix } from './servers.js';

async function until(condition: () => boolean, withinMs: number): Promise<void> {
  const start = Date.now();
  while (!condition()) {
    if (Date.now() - start > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the health of a store', () => {
  it('is bad until it has answered, and while Redis is frozen or killed; good again within two seconds', async () => {
    const server = await startRedis();
    const client = createClient({ url: server.url, socket: { reconnectStrategy: () => 50 } });
    client.on('error', () => undefined);
    const store = redisQuota({ client, prefix: newPrefix() });
    const health = storeHealth(store, { everyMs: 100 });
    expect(health.isHealthy).toBe(false);
    await client.connect();
    await until(() => health.isHealthy, 2_000);
    server.pause();
    await until(() => !health.isHealthy, 2_000);
    server.resume();
    await until(() => health.isHealthy, 2_000);
    await server.kill();
    await until(() => !health.isHealthy, 2_000);
    await server.restart();
    await until(() => health.isHealthy, 2_000);
    health.end();
    await store.end();
    client.destroy();
    await server.stop();
  });

  it('is bad where a store never answers, whatever its own deadline', async () => {
    const store = memoryQuota();
    let answers = true;
    const read: typeof store.read = (partition, counters) =>
      answers ? store.read(partition, counters) : new Promise(() => undefined);
    const health = storeHealth({ read }, { everyMs: 10, deadlineMs: 10 });
    await until(() => health.isHealthy, 1_000);
    answers = false;
    await until(() => !health.isHealthy, 1_000);
    answers = true;
    await until(() => health.isHealthy, 1_000);
    health.end();
    await store.end();
  });

  it('is not asked for while its partition carries out something else; once that has failed, only its own answer counts', async () => {
    const nowMs = performance.now.bind(performance);
    jest.useFakeTimers();
    try {
      let [asked, answers, isBusy] = [0, true, true];
      const read = async (): Promise<never[]> => {
        asked += 1;
        if (!answers) throw new Error('away');
        return [];
      };
      const answeredMs = (): number => (isBusy ? nowMs() : Number.NEGATIVE_INFINITY);
      const health = storeHealth({ read, answeredMs }, { everyMs: 1_000 });
      await jest.advanceTimersByTimeAsync(10_000);
      expect([health.isHealthy, asked]).toEqual([true, 1]);
      [answers, isBusy] = [false, false];
      // It is asked within 1.1 s, and five times as often after a failure.
      await jest.advanceTimersByTimeAsync(1_310);
      expect(health.isHealthy).toBe(false);
      isBusy = true;
      await jest.advanceTimersByTimeAsync(5_000);
      expect(health.isHealthy).toBe(false);
      answers = true;
      await jest.advanceTimersByTimeAsync(200);
      expect(health.isHealthy).toBe(true);
      health.end();
    } finally {
      jest.useRealTimers();
    }
  });

  it('refuses wrong options at start', () => {
    const start = () => storeHealth(memoryQuota(), { everyMs: 1 });
    expect(start).toThrow('storeHealth: "everyMs" must be an integer from 10 to 60000, received 1');
  });
});
