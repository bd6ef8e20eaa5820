import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { redisProviders } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import { type ResilienceOptions, resilience, resilient } from '@tollgate/upstream';
import { createClient } from 'redis';
import type { PacedOutcome, PacedSettings } from './paced-settings.js';

const long = process.env.TOLLGATE_LONG === '1';
const program = bundledProgram(import.meta.dirname, 'paced-process');
const processes = 4;
/** What comes back in a second, of 600 a minute. */
const aSecond = 10;
let redis: RedisProcess;
const opened: (() => unknown)[] = [];
beforeAll(async () => {
  redis = await startRedis();
}, 150_000);
afterAll(async () => {
  await redis.stop();
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function provided(left: number): Promise<SimulatedProvider> {
  const made = await simulateProvider({
    limits: { requests: { limit: aSecond * 60, left } },
    script: { firstByteDelayMs: 40 },
  });
  opened.push(() => made.close());
  return made;
}

/** What processes that begin together say in the end. */
async function outcomes(settings: Omit<PacedSettings, 'quiet'>): Promise<PacedOutcome[]> {
  const children: ChildProcess[] = [];
  for (let index = 0; index < processes; index += 1) {
    const child = fork(program, [JSON.stringify({ ...settings, quiet: index === 0 })]);
    opened.push(() => child.kill('SIGKILL'));
    children.push(child);
  }
  await Promise.all(children.map((child) => once(child, 'message')));
  const told = children.map(async (child) => (await once(child, 'message'))[0] as PacedOutcome);
  for (const child of children) child.send('go');
  return Promise.all(told);
}

/** The time within which so much of the calls were answered, in ms. */
const within = (rising: readonly number[], share: number): number =>
  Math.round(rising[Math.ceil(rising.length * share) - 1] ?? 0);

const sum = (list: readonly PacedOutcome[], of: (one: PacedOutcome) => number): number =>
  list.reduce((total, one) => total + of(one), 0);

describe('four processes that share a provider', () => {
  const workers = 6;

  it('make all the calls that it allows and have next to none refused, with what is left of its limits on Redis', async () => {
    // In a minute, one moment in which this machine does something else is less than 2 %; in eight seconds it is more.
    const [forMs, mostRefused] = long ? [60_000, 1 / 50] : [8_000, 1 / 10];
    const { openAiUrl: baseUrl } = await provided(21);
    // Somebody has heard of the limits before.
    const before = await member('tollgate', { pacing: {} });
    expect(await before(baseUrl)).toBe(200);
    const told = await outcomes({ redisUrl: redis.url, paced: true, baseUrl, workers, forMs });
    const answered = sum(told, (one) => one.answered);
    const allowed = 20 + (aSecond * forMs) / 1_000;
    const [{ quietMs, busyMs } = { quietMs: [], busyMs: [] }] = told;
    process.stdout.write(
      `pacing: ${answered} answered of about ${allowed}, ${sum(told, (one) => one.refused)} refused; half of the quiet tenant's within ${within(quietMs, 0.5)} ms, 9 of 10 within ${within(quietMs, 0.9)}, all within ${within(quietMs, 1)}; the busy one's ${within(busyMs, 0.5)}, ${within(busyMs, 0.9)}, ${within(busyMs, 1)}\n`,
    );
    expect(sum(told, (one) => one.refused)).toBeLessThanOrEqual(Math.ceil(allowed * mostRefused));
    expect(answered).toBeGreaterThan(allowed * 0.85);
    expect(quietMs.length).toBeGreaterThan(4);
    if (long) expect(within(quietMs, 0.5)).toBeLessThan(1_000);
    expect(within(quietMs, 0.5) * 3).toBeLessThan(within(busyMs, 0.5));
  }, 120_000);

  it('have many refused where they send as it comes', async () => {
    const { openAiUrl: baseUrl } = await provided(21);
    const told = await outcomes({ paced: false, baseUrl, workers, forMs: 3_000 });
    process.stdout.write(
      `without pacing: ${sum(told, (one) => one.answered)} answered, ${sum(told, (one) => one.refused)} refused\n`,
    );
    // Hundreds where the machine has time for them.
    expect(sum(told, (one) => one.refused)).toBeGreaterThan(15);
  }, 150_000);
});

/** A `fetch` as one process has it, with its own connection. */
async function member(prefix: string, options: ResilienceOptions = {}, from = redis) {
  const client = createClient({ url: from.url });
  client.on('error', () => undefined);
  await client.connect();
  opened.push(() => client.destroy());
  const shared = redisProviders({ client, prefix, deadlineMs: 1_000 });
  const breaker = { minimumCalls: 4, openMs: 1_500 };
  const send = resilient(fetch, resilience({ retries: false, breaker, shared, ...options }));
  return async (baseUrl: string): Promise<number> => {
    const answer = await send(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
      body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
}

describe('processes that share breakers', () => {
  it('leave a model alone once one has opened its breaker, and one of them tries it', async () => {
    const sim = await provided(600);
    const members = await Promise.all([1, 2, 3, 4].map(() => member('breakers')));
    const [first, ...others] = members as [Send, ...Send[]];
    for (const ask of members) expect(await ask(sim.openAiUrl)).toBe(200);
    sim.script({ status: 500 });
    // Four failures of all that it saw.
    for (let call = 0; call < 5; call += 1) await first(sim.openAiUrl);
    const openedMs = performance.now();
    expect(await first(sim.openAiUrl)).toBe(503);
    await until(async () => (await others[0]?.(sim.openAiUrl)) === 503);
    if (long) expect(performance.now() - openedMs).toBeLessThan(1_000);
    await until(async () => (await Promise.all(others.map((ask) => ask(sim.openAiUrl)))).every(is503));
    if (long) expect(performance.now() - openedMs).toBeLessThan(1_200);

    sim.script({ firstByteDelayMs: 300 });
    const before = sim.requests.length;
    let tried: number[] = [];
    await until(async () => {
      tried = await Promise.all(members.map((ask) => ask(sim.openAiUrl)));
      return tried.includes(200);
    });
    expect(tried.filter((status) => status === 200)).toHaveLength(1);
    expect(sim.requests.length - before).toBe(1);
    const closedMs = performance.now();
    await until(async () => (await Promise.all(members.map((ask) => ask(sim.openAiUrl)))).every(is200));
    if (long) expect(performance.now() - closedMs).toBeLessThan(2_000);
  }, 90_000);

  it('tell one that begins later', async () => {
    const sim = await provided(600);
    sim.script({ status: 500 });
    const first = await member('later', { breaker: { minimumCalls: 4, openMs: 60_000 } });
    for (let call = 0; call < 6; call += 1) await first(sim.openAiUrl);
    expect(await first(sim.openAiUrl)).toBe(503);
    const before = sim.requests.length;
    const late = await member('later');
    expect(await late(sim.openAiUrl)).toBe(503);
    expect(sim.requests).toHaveLength(before);
  });
});

describe('a Redis that goes away', () => {
  it('holds up no call and fails none: each process paces by what it knows itself, and shares again afterwards', async () => {
    const own = await startRedis();
    opened.push(() => own.stop());
    const sim = await provided(40);
    // Without the store, two that see the same room may both take it; what the provider refuses is tried again.
    const retries = { attempts: 8, perTarget: 8, ratio: 1 };
    const options = { retries, pacing: { maxWaitMs: 20_000 } };
    const [one, two] = await Promise.all([1, 2].map(() => member('away', options, own)));
    if (!one || !two) throw new Error('there are two');
    const both = (count: number): Promise<number[]> =>
      Promise.all(Array.from({ length: count }, (_none, index) => (index % 2 ? one : two)(sim.openAiUrl)));
    expect((await both(20)).every(is200)).toBe(true);
    own.pause();
    const frozenMs = performance.now();
    expect((await both(2)).every(is200)).toBe(true);
    expect(performance.now() - frozenMs).toBeLessThan(2_500);
    own.resume();
    const running = both(40);
    await sim.waitFor(30);
    await own.kill();
    const startedMs = performance.now();
    expect((await running).filter((status) => status !== 200)).toEqual([]);
    expect((await both(20)).filter((status) => status !== 200)).toEqual([]);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    await own.restart();
    await until(async () => {
      await both(2);
      const client = await createClient({ url: own.url }).connect();
      const keys = await client.keys('away:provider:*');
      client.destroy();
      return keys.length > 0;
    });
    expect((await both(20)).filter((status) => status !== 200)).toEqual([]);
  }, 150_000);
});

type Send = Awaited<ReturnType<typeof member>>;
const is200 = (status: number): boolean => status === 200;
const is503 = (status: number): boolean => status === 503;

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endsMs = performance.now() + 20_000;
  while (!(await holds()))
    if (performance.now() > endsMs) throw new Error('it did not come to pass within 20 s');
}
