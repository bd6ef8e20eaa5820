import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { outbox, redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { useApps } from './app.js';
import { inputNanoUsd, outputNanoUsd } from './app-settings.js';
import { moneyOf, until } from './expectations.js';

const startApp = useApps();
const folder = mkdtempSync(join(tmpdir(), 'tollgate-spool-'));
const spool = join(folder, 'spool.jsonl');
let redis: RedisProcess;
let provider: SimulatedProvider;
let client: ReturnType<typeof createClient>;
let store: QuotaStore;

beforeAll(async () => {
  // It knows its leases again when it is back.
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  provider = await simulateProvider();
  client = createClient({ url: redis.url });
  client.on('error', () => undefined);
  await client.connect();
  // With an outbox as the app: whoever finds a lease that has ended tells of it.
  store = redisQuota({ client, prefix: 'faults', outbox: true, deadlineMs: 5_000, sweepEveryMs: 200 });
});
afterAll(async () => {
  await store.end();
  client.destroy();
  await redis.stop();
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
});

const linesOf = (path: string): string[] => {
  try {
    return readFileSync(path, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

describe('settlements of an app whose Redis is away', () => {
  it('outlive the app: the next process brings them to Redis, each once, though their leases have ended', async () => {
    const settings = {
      redisPorts: [redis.port],
      providerUrl: provider.openAiUrl,
      // Long enough that a busy machine is not taken for a Redis that is away.
      deadlineMs: 1_000,
      leaseMs: 5_000,
      spool,
    };
    const app = await startApp(settings);
    await until(async () => (await app.ask()).status === 200, 3_000, 'a sound app');
    const asked = provider.requests.length;
    provider.hold();
    const running = [app.ask(), app.ask({ stream: true }), app.ask({ tokens: 100 })];
    await provider.waitFor(asked + 3);
    await redis.kill();
    const killedMs = Date.now();
    provider.release();
    for (const { status } of await Promise.all(running)) expect(status).toBe(200);
    await until(() => linesOf(spool).length >= 3, 5_000, 'three settlements on the disk');
    app.process.kill('SIGKILL');
    await app.ended();
    await until(() => Date.now() - killedMs > 6_000, 10_000, 'the leases ended');

    await redis.restart();
    const next = await startApp(settings);
    const { inputTokens, outputTokens } = provider.accounts().billed;
    const billed = inputTokens * inputNanoUsd + outputTokens * outputNanoUsd;
    const events: UsageEvent[] = [];
    const delivery = outbox({
      client,
      prefix: 'faults',
      sinks: [{ write: (event) => void events.push(event) }],
    });
    const standing = () =>
      moneyOf(store, 'acme').then(
        ({ used, held }) => ({ used, held }),
        () => undefined,
      );
    await until(async () => (await standing())?.used === billed, 5_000, 'everything charged').catch(
      () => undefined,
    );
    expect(await standing()).toEqual({ used: billed, held: 0 });
    await next.settled();
    const told = () => events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0);
    await until(() => told() === billed, 5_000, 'everything told').catch(() => undefined);
    await delivery.end();
    expect(told()).toBe(billed);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
    await next.stop();
  }, 150_000);
});
