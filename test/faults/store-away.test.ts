import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { outbox, redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type FaultProxy, faultProxy, type RedisProcess, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { type App, useApps } from './app.js';
import {
  deadlineMs,
  expectInTime,
  expectRecovery,
  expectUnverifiable,
  moneyOf,
  until,
} from './expectations.js';

const startApp = useApps();
let redis: RedisProcess;
let provider: SimulatedProvider;
let line: FaultProxy;
let client: ReturnType<typeof createClient>;
let store: QuotaStore;
let app: App;

beforeAll(async () => {
  redis = await startRedis();
  provider = await simulateProvider();
  line = await faultProxy({ target: redis.port });
  // The checker's own way to Redis, past the faults.
  client = createClient({ url: redis.url });
  client.on('error', () => undefined);
  await client.connect();
  store = redisQuota({ client, prefix: 'faults', deadlineMs: 5_000, sweepEveryMs: 200 });
  app = await startApp({ redisPorts: [line.port], providerUrl: provider.openAiUrl });
});
afterAll(async () => {
  await store.end();
  client.destroy();
  await line.close();
  await redis.stop();
  await provider.close();
});
beforeEach(async () => {
  provider.reset();
  await until(async () => (await app.ask()).status === 200, 3_000, 'a sound app');
  await app.state();
});
afterEach(() => {
  line.set('pass');
  redis.resume();
});

/** What everybody holds is given back: at once where the settlement came through, within the lease where it did not. */
async function expectNothingHeld(withinMs: number, what: string): Promise<void> {
  const tookMs = await until(async () => (await moneyOf(store, 'acme')).held === 0, withinMs, what);
  process.stdout.write(`    ${what}: nothing held after ${tookMs.toFixed(0)} ms\n`);
}

describe('an app whose Redis is down as it starts', () => {
  it('starts, answers 503, and works within two seconds of Redis coming up', async () => {
    const late = await faultProxy({ target: redis.port, mode: 'refuse' });
    const early = await startApp({ redisPorts: [late.port], providerUrl: provider.openAiUrl });
    for (let turn = 0; turn < 8; turn += 1) expectUnverifiable(await early.ask());
    await expectInTime(early, 'Redis down at start');
    late.set('pass');
    await expectRecovery(early, 'Redis down at start');
    expect((await early.state()).unhandled).toEqual([]);
    await early.stop();
    await late.close();
  }, 40_000);
});

describe('an app whose Redis fails while it runs', () => {
  // First, while no earlier fault has a close put off, whose tombstone would be counted too.
  it('does not admit what Redis reserved when the reply is lost, and gives it back', async () => {
    const asked = provider.requests.length;
    const leases = async (): Promise<number> => (await client.keys('faults:*:r:*')).length;
    const before = await leases();
    line.set('drop-reply');
    expectUnverifiable(await app.ask({ unlimited: true }));
    await expectInTime(app, 'lost reply');
    expect(await leases()).toBe(before + 1);
    expect(provider.requests).toHaveLength(asked);
    line.set('pass');
    await expectRecovery(app, 'lost reply');
    await expectNothingHeld(2_000, 'lost reply');
  });

  it('does not admit what Redis may have reserved as its connection broke, and gives it back', async () => {
    const { used } = await moneyOf(store, 'acme');
    const asked = provider.requests.length;
    line.set({ cutAfterBytes: 0 });
    expectUnverifiable(await app.ask({ unlimited: true }));
    await expectInTime(app, 'cut before the reply');
    expect(provider.requests).toHaveLength(asked);
    line.set('pass');
    await expectRecovery(app, 'cut before the reply');
    await expectNothingHeld(2_000, 'cut before the reply');
    expect((await moneyOf(store, 'acme')).used).toBe(used + costOf(asked));
  });

  for (const [what, fault, heal] of [
    ['frozen (SIGSTOP)', () => redis.pause(), () => redis.resume()],
    ['500 ms slow', () => line.set({ delayMs: 500 }), () => line.set('pass')],
    ['in a blackhole', () => line.set('blackhole'), () => line.set('pass')],
    ['dripping', () => line.set({ dripMs: 20 }), () => line.set('pass')],
    ['refusing connections', () => line.set('refuse'), () => line.set('pass')],
  ] as const) {
    it(`answers in time while Redis is ${what}, its memory flat, and works within two seconds afterwards`, async () => {
      const before = await app.state();
      fault();
      const answers = await Promise.all(Array.from({ length: 20 }, () => app.ask()));
      for (let turn = 0; turn < 10; turn += 1) {
        answers.push(...(await Promise.all(Array.from({ length: 40 }, () => app.ask()))));
      }
      const state = await expectInTime(app, what);
      heal();
      for (const answer of answers) expectUnverifiable(answer);
      // Most are answered without asking, for the breaker is open; on a busy machine some of them take longer than the deadline.
      const quick = state.decisionsMs.filter((ms) => ms < deadlineMs);
      expect(quick.length).toBeGreaterThan(answers.length / 2);
      expect(state.heapBytes - before.heapBytes).toBeLessThan(8_000_000);
      await expectRecovery(app, what);
      await expectNothingHeld(2_500, what);
    }, 40_000);
  }

  it('charges once, and tells it once, where the reply to a charge is lost and it is charged again', async () => {
    provider.reset();
    provider.hold();
    const running = [app.ask({ tenant: 'lost' }), app.ask({ tenant: 'lost', stream: true })];
    await provider.waitFor(2);
    line.set('drop-reply');
    provider.release();
    for (const { status } of await Promise.all(running)) expect(status).toBe(200);
    const events: UsageEvent[] = [];
    const sinks = [{ write: (event: UsageEvent) => void events.push(event) }];
    const delivery = outbox({ client, prefix: 'faults', sinks });
    const told = () => events.filter(({ tenant }) => tenant === 'lost');
    await until(() => told().length === 2, 3_000, 'both charged');
    line.set('pass');
    await expectRecovery(app, 'lost reply to a charge');
    await app.settled();
    await delivery.end();
    expect(told()).toHaveLength(2);
    const { used, held } = await moneyOf(store, 'lost');
    expect({ used, held }).toEqual({ used: costOf(0, 2), held: 0 });
    expect(told().reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0)).toBe(used);
    expect((await app.state()).unhandled).toEqual([]);
  }, 40_000);

  it('goes on with a Redis that was restarted empty, and charges there what was running', async () => {
    provider.reset();
    provider.hold();
    const running = app.ask({ stream: true });
    await provider.waitFor(1);
    await redis.kill();
    expectUnverifiable(await app.ask());
    await expectInTime(app, 'killed');
    await redis.restart();
    provider.release();
    expect((await running).status).toBe(200);
    await expectRecovery(app, 'restarted empty');
    const ended = provider.requests.filter(({ outcome }) => outcome === 'answered').length;
    await until(
      async () => (await moneyOf(store, 'acme')).used === costOf(0, ended),
      5_000,
      'what was running is charged',
    );
    await expectNothingHeld(2_000, 'restarted empty');
  }, 40_000);
});

/** What the provider billed for requests from one position to another. */
function costOf(from: number, to = provider.requests.length): number {
  let cost = 0;
  for (const { billed } of provider.requests.slice(from, to)) {
    cost += billed.inputTokens * 1_000 + billed.outputTokens * 4_000;
  }
  return cost;
}
