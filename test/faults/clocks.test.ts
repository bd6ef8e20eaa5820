import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { idTimeMs } from '@tollgate/core/internal';
import { outbox, redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { useApps } from './app.js';
import { inputNanoUsd, outputNanoUsd } from './app-settings.js';
import { moneyOf, until } from './expectations.js';

const startApp = useApps();
/** Whatever else this machine does: no decision is late here. */
const deadlineMs = 10_000;
let redis: RedisProcess;
let provider: SimulatedProvider;
let client: ReturnType<typeof createClient>;
let store: QuotaStore;

beforeAll(async () => {
  redis = await startRedis();
  provider = await simulateProvider();
  client = createClient({ url: redis.url });
  await client.connect();
  store = redisQuota({ client, prefix: 'faults', deadlineMs: 5_000, sweepEveryMs: 200 });
});
afterAll(async () => {
  await store.end();
  client.destroy();
  await redis.stop();
  await provider.close();
});

/** What one request holds at most, and what the provider bills for it. */
async function costs(spend: string): Promise<{ held: number; used: number }> {
  const app = await startApp({
    redisPorts: [redis.port],
    providerUrl: provider.openAiUrl,
    spend,
    deadlineMs,
  });
  provider.reset();
  provider.hold();
  const asking = app.ask({ tenant: 'probe' });
  await provider.waitFor(1);
  const { held } = await moneyOf(store, 'probe');
  provider.release();
  await asking;
  await app.stop();
  const { inputTokens, outputTokens } = provider.accounts().billed;
  return { held, used: inputTokens * inputNanoUsd + outputTokens * outputNanoUsd };
}

describe('processes whose clocks are 90 seconds ahead, 90 behind, and right', () => {
  it('admit exactly what one budget covers, of one window, also while their clocks jump', async () => {
    const each = await costs('$100/month');
    const admits = 6;
    // The sixth still fits beside the other five while all of them are held.
    const cap = Math.ceil((each.held * admits) / 1_000) * 1_000;
    const spend = `$${(cap / 1e9).toFixed(6)}/month`;
    const app = { redisPorts: [redis.port], providerUrl: provider.openAiUrl, spend, deadlineMs };
    const apps = await Promise.all([90_000, -90_000, 0].map((offsetMs) => startApp({ ...app, offsetMs })));
    provider.reset();
    provider.hold();
    const statuses: number[] = [];
    const all: Promise<void>[] = [];
    const ask = (one: (typeof apps)[number] | undefined) => {
      all.push(
        (one?.ask() ?? Promise.reject(new Error('no app'))).then(({ status = 0 }) => {
          statuses.push(status);
        }),
      );
    };
    for (let turn = 0; turn < 4; turn += 1) for (const one of apps) ask(one);
    await provider.waitFor(admits);
    // Clocks step back and forth under what is running, and under those that ask.
    await Promise.all([apps[0]?.setClock(-90_000), apps[1]?.setClock(90_000), apps[2]?.setClock(-60_000)]);
    for (let turn = 0; turn < 2; turn += 1) for (const one of apps) ask(one);
    await until(() => statuses.length === 18 - admits, 5_000, 'all others refused');
    expect(new Set(statuses)).toEqual(new Set([402]));
    expect(await moneyOf(store, 'acme', spend)).toMatchObject({ used: 0, held: each.held * admits });
    provider.release();
    await Promise.all(all);
    expect(statuses.filter((status) => status === 200)).toHaveLength(admits);
    expect(provider.requests).toHaveLength(admits);
    const settled = async () => (await moneyOf(store, 'acme', spend)).held === 0;
    await until(settled, 2_000, 'everything settled');
    const state = await moneyOf(store, 'acme', spend);
    expect(state.used).toBe(each.used * admits);
    expect(state.window).toBe(new Date().toISOString().slice(0, 7));
    for (const one of apps) expect((await one.state()).unhandled).toEqual([]);
  }, 150_000);
});

describe('processes whose clocks are ten minutes ahead, ten behind, and right', () => {
  it("write usage events with the store's time, so that the ledger has them in the months of the counters", async () => {
    provider.reset();
    const own = { redisPorts: [redis.port], providerUrl: provider.openAiUrl, deadlineMs };
    const apps = await Promise.all([600_000, -600_000, 0].map((offsetMs) => startApp({ ...own, offsetMs })));
    // The store's first answer tells the time.
    await Promise.all(apps.map((one) => one.ask({ tenant: 'first' })));
    const fromMs = Date.now();
    await Promise.all(apps.map((one, index) => one.ask({ tenant: `dated-${index}`, stream: index === 1 })));
    for (const one of apps) await one.settled();
    const untilMs = Date.now();
    const events: UsageEvent[] = [];
    const sinks = [{ write: (event: UsageEvent) => void events.push(event) }];
    await outbox({ client, prefix: 'faults', sinks }).end();
    const dated = events.filter(({ tenant }) => tenant.startsWith('dated-'));
    expect(dated).toHaveLength(apps.length);
    for (const { eventId, callId, admittedAt, time, latencyMs } of dated) {
      for (const ms of [
        idTimeMs(eventId) ?? 0,
        idTimeMs(callId) ?? 0,
        Date.parse(admittedAt),
        Date.parse(time),
      ]) {
        expect(ms).toBeGreaterThan(fromMs - 2_000);
        expect(ms).toBeLessThan(untilMs + 2_000);
      }
      expect(latencyMs).toBeLessThan(60_000);
    }
  }, 150_000);
});

/** A minute has to pass on the server's own clock. */
if (process.env.TOLLGATE_LONG === '1') {
  describe('a request that runs across the end of its window', () => {
    it('is charged to the window that admitted it, and leaves the next one untouched', async () => {
      const spend = '$1/minute';
      const own = { redisPorts: [redis.port], providerUrl: provider.openAiUrl, deadlineMs };
      const app = await startApp({ ...own, spend, offsetMs: -90_000 });
      provider.reset();
      provider.hold();
      const asking = app.ask({ tenant: 'across', stream: true });
      await provider.waitFor(1);
      const before = await moneyOf(store, 'across', spend);
      expect(before.held).toBeGreaterThan(0);
      const next = async () => (await moneyOf(store, 'across', spend)).window !== before.window;
      await until(next, 70_000, 'the next minute');
      provider.release();
      expect((await asking).status).toBe(200);
      await app.settled();
      expect(await moneyOf(store, 'across', spend)).toMatchObject({ used: 0, held: 0 });
      const events: UsageEvent[] = [];
      const sinks = [{ write: (event: UsageEvent) => void events.push(event) }];
      await outbox({ client, prefix: 'faults', sinks }).end();
      const told = events.filter(({ tenant }) => tenant === 'across');
      expect(told.flatMap(({ charges }) => charges.map(({ window }) => window))).toEqual([before.window]);
      await app.stop();
    }, 120_000);
  });
}
