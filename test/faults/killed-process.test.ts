import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { type Outbox, outbox, redisQuota } from '@tollgate/redis';
import {
  type RedisProcess,
  type Script,
  type SimulatedProvider,
  simulateProvider,
  startRedis,
} from '@tollgate/testkit';
import { createClient } from 'redis';
import { useApps } from './app.js';
import { inputNanoUsd, type KillPoint, killPoints, outputNanoUsd } from './app-settings.js';
import { moneyOf, until } from './expectations.js';

const long = process.env.TOLLGATE_LONG === '1';
/** Each of the six points is met in every round. Runs of a round share the wait for their leases. */
const rounds = long ? 9 : 2;
const leaseMs = 5_000;
/** Nobody has seen the end of these. */
const unseen = new Set<KillPoint>(killPoints.filter((point) => point !== 'after-charge'));

const startApp = useApps();
let redis: RedisProcess;
let client: ReturnType<typeof createClient>;
let store: QuotaStore;
let delivery: Outbox;
let delivered: UsageEvent[];
/** How often each event stands in the streams, or was given to the sink. */
const eventsOf = (tenant: string): UsageEvent[] =>
  delivered.filter((event) => event.tenant === tenant && event.kind === 'usage');

beforeAll(async () => {
  delivered = [];
  redis = await startRedis();
  client = createClient({ url: redis.url });
  await client.connect();
  // Another process than those that are killed: it reaps what they leave behind, and delivers their events.
  store = redisQuota({ client, prefix: 'faults', outbox: true, deadlineMs: 5_000, sweepEveryMs: 100 });
  const sinks = [{ write: (event: UsageEvent) => void delivered.push(event) }];
  delivery = outbox({ client, prefix: 'faults', sinks, pollMs: 50 });
});
afterAll(async () => {
  await delivery.end();
  await store.end();
  client.destroy();
  await redis.stop();
});

/** A small seeded generator, so that a run that fails can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Killed {
  readonly tenant: string;
  readonly point: KillPoint;
  readonly provider: SimulatedProvider;
  /** When the process was gone. */
  readonly endedAtMs: number;
}

async function kill(point: KillPoint, tenant: string, seed: number): Promise<Killed> {
  const random = seeded(seed);
  const tokens = 20 + Math.floor(random() * 40);
  const script: Script = { tokens, chunkDelayMs: Math.floor(random() * 30) };
  const provider = await simulateProvider({ script });
  const settings = { redisPorts: [redis.port], providerUrl: provider.openAiUrl, leaseMs, killAt: point };
  const app = await startApp(settings);
  // A stream has a chunk for each token; only it has a tenth chunk.
  await app.ask({ tenant, stream: point === 'mid-stream' || random() < 0.5, tokens });
  expect(await app.ended()).toBe('SIGKILL');
  return { tenant, point, provider, endedAtMs: Date.now() };
}

async function expectConserved({ tenant, point, provider, endedAtMs }: Killed): Promise<void> {
  const startMs = Date.now();
  const what = `${tenant}, killed at ${point}`;
  await until(
    async () => (await moneyOf(store, tenant)).held === 0,
    leaseMs + 2_000,
    `${what}: nothing held`,
  );
  const sinceMs = Date.now() - endedAtMs;
  expect(sinceMs - (startMs - endedAtMs)).toBeLessThan(leaseMs + 2_000);
  await until(() => eventsOf(tenant).length > 0, 3_000, `${what}: its event`);
  const { used } = await moneyOf(store, tenant);
  const [event, ...others] = eventsOf(tenant);
  expect(others).toEqual([]);
  expect(event).toMatchObject({ uncertain: unseen.has(point), costNanoUsd: String(used) });
  expect(event?.charges.map(({ amount }) => amount)).toEqual([used]);
  const { billed } = provider.books();
  // At least the input, which is bounded from above.
  expect(used).toBeGreaterThanOrEqual(Math.max(1, billed.inputTokens) * inputNanoUsd);
  if (point === 'after-charge') {
    expect(used).toBe(billed.inputTokens * inputNanoUsd + billed.outputTokens * outputNanoUsd);
  }
  expect(provider.requests).toHaveLength(point === 'reserved' || point === 'before-call' ? 0 : 1);
  process.stdout.write(`    ${what}: held 0 after ${sinceMs} ms, charged ${used} nano-dollars\n`);
}

describe('an app process that is killed between reservation and settlement', () => {
  for (let round = 1; round <= rounds; round += 1) {
    it(`leaves nothing held after its lease, is charged, and told of exactly once, at each of six points (round ${round})`, async () => {
      const killed: Killed[] = [];
      // Two at a time: their leases run together.
      for (let at = 0; at < killPoints.length; at += 2) {
        const pair = killPoints.slice(at, at + 2);
        const runs = pair.map((point, index) =>
          kill(point, `round${round}-${point}`, round * 100 + at + index),
        );
        killed.push(...(await Promise.all(runs)));
      }
      await Promise.all(killed.map(expectConserved));
      await Promise.all(killed.map(({ provider }) => provider.close()));
    }, 40_000);
  }

  it('is charged at its last heartbeat where it died in the middle of a long stream', async () => {
    const tenant = 'long-stream';
    const provider = await simulateProvider({ script: { tokens: 200, chunkDelayMs: 25 } });
    const app = await startApp({ redisPorts: [redis.port], providerUrl: provider.openAiUrl, leaseMs });
    const asking = app.ask({ tenant, stream: true, tokens: 200 });
    await provider.waitFor(1);
    // A heartbeat comes every third of a lease: the second has come by now.
    await until(() => (provider.requests[0]?.producedTokens ?? 0) >= 150, 15_000, 'a long stream');
    await app.stop();
    await asking;
    const running: Killed = { tenant, point: 'mid-stream', provider, endedAtMs: Date.now() };
    await expectConserved(running);
    const { used } = await moneyOf(store, tenant);
    const seen = eventsOf(tenant)[0]?.outputTokens ?? 0;
    expect(seen).toBeGreaterThan(20);
    expect(used).toBeGreaterThan(seen * outputNanoUsd);
    await provider.close();
  }, 40_000);

  it('is corrected, by an adjustment, where it was only frozen for longer than its lease', async () => {
    const tenant = 'frozen';
    const provider = await simulateProvider();
    provider.hold();
    const app = await startApp({ redisPorts: [redis.port], providerUrl: provider.openAiUrl, leaseMs });
    const asking = app.ask({ tenant, stream: true });
    await provider.waitFor(1);
    app.process.kill('SIGSTOP');
    await until(() => eventsOf(tenant).length === 1, leaseMs + 3_000, 'reaped');
    expect(await moneyOf(store, tenant)).toMatchObject({ held: 0 });
    provider.release();
    app.process.kill('SIGCONT');
    expect((await asking).status).toBe(200);
    const { billed } = provider.books();
    const truth = billed.inputTokens * inputNanoUsd + billed.outputTokens * outputNanoUsd;
    await until(async () => (await moneyOf(store, tenant)).used === truth, 5_000, 'the truth is charged');
    const own = () => delivered.filter((event) => event.tenant === tenant);
    await until(() => own().length === 2, 3_000, 'the adjustment');
    const [first, second] = own();
    expect(second).toMatchObject({ kind: 'adjustment', adjusts: first?.eventId });
    expect(Number(first?.costNanoUsd) + Number(second?.costNanoUsd)).toBe(truth);
    expect(await moneyOf(store, tenant)).toMatchObject({ held: 0 });
    expect((await app.state()).unhandled).toEqual([]);
    await app.stop();
    await provider.close();
  }, 40_000);

  it('leaves in the streams no event twice', async () => {
    const ids = delivered.map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(delivered.filter(({ kind }) => kind === 'usage')).toHaveLength(rounds * killPoints.length + 2);
    expect(await delivery.lag()).toEqual({ waiting: 0, dead: 0 });
  });
});
