import { describe, expect, it } from '@jest/globals';
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

  it('is not asked for while it has just answered something else, once it has answered, and not longer', async () => {
    const store = memoryQuota();
    let asked = 0;
    let answers = true;
    const read: typeof store.read = (partition, counters) => {
      asked += 1;
      return answers ? store.read(partition, counters) : Promise.reject(new Error('away'));
    };
    let answeredMs = performance.now();
    const health = storeHealth({ read }, { everyMs: 20, answeredMs: () => answeredMs });
    await until(() => health.isHealthy, 1_000);
    const before = asked;
    const untilMs = performance.now() + 200;
    while (performance.now() < untilMs) {
      answeredMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // On a slow machine a pause may be longer than the interval: then it is asked.
    expect(asked - before).toBeLessThan(5);
    answers = false;
    answeredMs = performance.now();
    await until(() => !health.isHealthy, 1_000);
    health.end();
    await store.end();
  });

  it('refuses wrong options at start', () => {
    const start = () => storeHealth(memoryQuota(), { everyMs: 1 });
    expect(start).toThrow('storeHealth: "everyMs" must be an integer from 10 to 60000, received 1');
  });
});
