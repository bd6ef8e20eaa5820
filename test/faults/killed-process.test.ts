import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { type Outbox, outbox, redisQuota } from '@tollgate/redis';
import { type Script, type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { seeded } from '../seeded.js';
import { sideBySide } from '../side-by-side.js';
import { useApps } from './app.js';
import { inputNanoUsd, type KillPoint, killPoints, outputNanoUsd } from './app-settings.js';
import { moneyOf, until } from './expectations.js';

const long = process.env.TOLLGATE_LONG === '1';
/** Every point is met twice in every round. Runs of a round share the wait for their leases. */
const rounds = long ? 4 : 1;
const leaseMs = 5_000;
/** Whatever else this machine does: a decision that is late would keep a request from where it is to be killed. */
const deadlineMs = 10_000;
/** These were charged before; nobody has seen the end of the others. */
const settled = new Set<KillPoint>(['after-charge', 'between-calls']);

const startApp = useApps();
let redis: RedisProcess;
let client: ReturnType<typeof createClient>;
let store: QuotaStore;
let delivery: Outbox;
let delivered: UsageEvent[];
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
  const settings = {
    redisPorts: [redis.port],
    providerUrl: provider.openAiUrl,
    leaseMs,
    deadlineMs,
    killAt: point,
  };
  const app = await startApp(settings);
  // A stream has a chunk for each token; only it has a tenth chunk.
  const stream = point === 'mid-stream' || random() < 0.5;
  const path = point === 'between-calls' ? '/v1/agent' : '/v1/chat/completions';
  const { status, text } = await app.ask({ path, tenant, stream, tokens });
  if (status !== undefined && status !== 200) throw new Error(`${tenant}: ${status} ${text}`);
  expect(await app.ended()).toBe('SIGKILL');
  return { tenant, point, provider, endedAtMs: Date.now() };
}

async function expectConserved({ tenant, point, provider, endedAtMs }: Killed): Promise<void> {
  const what = `${tenant}, killed at ${point}`;
  await until(
    async () => (await moneyOf(store, tenant)).held === 0,
    leaseMs + 2_000,
    `${what}: nothing held`,
  );
  const sinceMs = Date.now() - endedAtMs;
  await delivery.flush();
  const { used } = await moneyOf(store, tenant);
  const events = eventsOf(tenant);
  // A second call may have begun by the time the first was charged.
  const [event, second, ...others] = events;
  if (point !== 'between-calls') expect(second).toBe(undefined);
  if (second) expect(second.uncertain).toBe(true);
  expect(others).toEqual([]);
  expect(event?.uncertain).toBe(!settled.has(point));
  const charged = ({ costNanoUsd, unresolvedNanoUsd }: UsageEvent): number =>
    Number(costNanoUsd) + Number(unresolvedNanoUsd);
  expect(events.reduce((sum, one) => sum + charged(one), 0)).toBe(used);
  for (const one of events) {
    expect(one.charges.map(({ amount }) => amount)).toEqual([charged(one)]);
    if (!one.uncertain) expect(one.unresolvedNanoUsd).toBe('0');
  }
  const { billed } = provider.accounts();
  // What was held, which is no less than what the provider can bill.
  expect(used).toBeGreaterThanOrEqual(
    Math.max(1, billed.inputTokens) * inputNanoUsd + billed.outputTokens * outputNanoUsd,
  );
  if (point === 'after-charge') {
    expect(used).toBe(billed.inputTokens * inputNanoUsd + billed.outputTokens * outputNanoUsd);
  }
  const sent = point === 'reserved' || point === 'before-call' ? 0 : 1;
  expect(provider.requests.length - sent).toBeLessThanOrEqual(events.length - 1);
  process.stdout.write(`    ${what}: held 0 after ${sinceMs} ms, charged ${used} nano-dollars\n`);
}

async function killedAtEachPoint(round: number): Promise<void> {
  const runs = killPoints.flatMap((point, index) =>
    ['one', 'other'].map((twin, at) => ({
      point,
      tenant: `round${round}-${point}-${twin}`,
      seed: round * 100 + index * 2 + at,
    })),
  );
  // Three processes at a time; their leases run together.
  const lanes: Promise<unknown>[] = [];
  const checks = runs.map(({ point, tenant, seed }, index) => {
    const killed = Promise.resolve(lanes[index % 3]).then(() => kill(point, tenant, seed));
    lanes[index % 3] = killed;
    return killed.then(async (one) => {
      await expectConserved(one);
      await one.provider.close();
    });
  });
  await Promise.all(checks);
}

async function killedInLongStream(): Promise<void> {
  const tenant = 'long-stream';
  const provider = await simulateProvider({ script: { tokens: 200, chunkDelayMs: 25 } });
  const app = await startApp({
    redisPorts: [redis.port],
    providerUrl: provider.openAiUrl,
    leaseMs,
    deadlineMs,
  });
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
}

async function frozen(): Promise<void> {
  const tenant = 'frozen';
  const provider = await simulateProvider();
  provider.hold();
  const app = await startApp({
    redisPorts: [redis.port],
    providerUrl: provider.openAiUrl,
    leaseMs,
    deadlineMs,
  });
  const asking = app.ask({ tenant, stream: true });
  await provider.waitFor(1);
  app.process.kill('SIGSTOP');
  await until(() => eventsOf(tenant).length === 1, leaseMs + 3_000, 'reaped');
  expect(await moneyOf(store, tenant)).toMatchObject({ held: 0 });
  provider.release();
  app.process.kill('SIGCONT');
  expect((await asking).status).toBe(200);
  const { billed } = provider.accounts();
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
}

describe('an app process that is killed between reservation and settlement', () => {
  sideBySide(
    {
      ...Object.fromEntries(
        Array.from({ length: rounds }, (_, index) => [
          `leaves nothing held after its lease, is charged, and told of exactly once, at each of seven points (round ${index + 1})`,
          () => killedAtEachPoint(index + 1),
        ]),
      ),
      'is charged at its last heartbeat where it died in the middle of a long stream': killedInLongStream,
      'is corrected, by an adjustment, where it was only frozen for longer than its lease': frozen,
    },
    60_000 * rounds,
  );

  it('leaves no event behind that is delivered twice or not at all', async () => {
    const ids = delivered.map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await delivery.lag()).toEqual({ waiting: 0, dead: 0 });
  });
});
