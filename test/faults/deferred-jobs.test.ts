import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { counterOf, spend as spendLimit, type UsageEvent } from '@tollgate/core';
import { createKey } from '@tollgate/core/internal';
import { outbox, redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import { createClient } from 'redis';
import { seeded } from '../seeded.js';
import { sideBySide } from '../side-by-side.js';
import { until } from './expectations.js';
import { type JobsSettings, leaseMs, spend } from './jobs-settings.js';

const long = process.env.TOLLGATE_LONG === '1';
const program = bundledProgram(import.meta.dirname, 'jobs-process');
let prefixes = 0;
let redis: RedisProcess;
let client: ReturnType<typeof createClient>;
const ends: (() => Promise<void>)[] = [];
const started: ChildProcess[] = [];

beforeAll(async () => {
  redis = await startRedis({ args: ['--appendonly', 'yes'] });
  client = createClient({ url: redis.url });
  await client.connect();
}, 90_000);
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  for (const end of ends) await end();
  client.destroy();
  await redis.stop();
});

interface App {
  readonly url: string;
  /** Ids of the jobs that it has begun. */
  readonly runs: string[];
  kill(): Promise<void>;
}

async function start(settings: Omit<JobsSettings, 'redisPort'>): Promise<App> {
  const all: JobsSettings = { redisPort: redis.port, ...settings };
  const child = spawn(process.execPath, [program, JSON.stringify(all)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const exit = once(child, 'exit');
  let port = 0;
  let text = '';
  const runs: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    text += String(chunk);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('runs ')) runs.push(line.slice(5));
      else port = Number(line);
    }
  });
  let isGone = false;
  exit.then(
    () => {
      isGone = true;
    },
    () => undefined,
  );
  await until(() => port > 0 || isGone, 20_000, 'the app listens');
  if (port === 0) throw new Error('the app ended as it started');
  return {
    url: `http://127.0.0.1:${port}`,
    runs,
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

async function ask({ url }: App, key: string, cap: number, mayWait: boolean) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...(mayWait && { prefer: 'respond-async' }),
    },
    body: JSON.stringify({
      model: 'model',
      max_completion_tokens: cap,
      messages: [{ role: 'user', content: 'Tell me of the sea.' }],
    }),
  });
  const body = JSON.parse(await response.text());
  return { status: response.status, id: String(body.id) };
}

async function see({ url }: App, key: string, id: string) {
  const response = await fetch(`${url}/v1/jobs/${id}`, { headers: { authorization: `Bearer ${key}` } });
  expect(response.status).toBe(200);
  return JSON.parse(await response.text());
}

/** An app that only takes requests, and so many jobs that it has deferred, none of which was begun. */
async function deferred(provider: SimulatedProvider, count: number, maxInterruptions: number) {
  const providerUrl = provider.openAiUrl;
  prefixes += 1;
  const prefix = `jobs-faults-${prefixes}`;
  const events: UsageEvent[] = [];
  // Another process than those that are killed: it reaps their leases, and takes all events.
  const store = redisQuota({ client, prefix, outbox: true, deadlineMs: 5_000, sweepEveryMs: 100 });
  const sinks = [{ write: (event: UsageEvent) => void events.push(event) }];
  const delivery = outbox({ client, prefix, sinks, pollMs: 50 });
  ends.push(async () => {
    await delivery.end();
    await store.end();
  });
  const { key, keyId, sha256 } = createKey();
  const record = { keyId, secrets: [{ sha256 }], tenant: `tenant of ${keyId}`, plan: 'one', scopes: [] };
  const front = await start({ providerUrl, prefix, record, maxInterruptions, works: false });
  provider.script({ tokens: 750 });
  expect((await ask(front, key, 750, false)).status).toBe(200);
  provider.script({ tokens: 20 });
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const answer = await ask(front, key, 20, true);
    expect(answer.status).toBe(202);
    ids.push(answer.id);
  }
  const worker = () => start({ providerUrl, prefix, record, maxInterruptions, works: true });
  const caller = { id: keyId, keyId, tenant: record.tenant, plan: 'one', scopes: [], labels: {} };
  const counter = counterOf(spendLimit(spend), { caller });
  const money = async () => {
    const [state] = await store.read(record.tenant, [counter]);
    return { used: state?.used ?? 0, held: state?.held ?? 0 };
  };
  const eventsOf = (id: string) => events.filter(({ requestId }) => requestId === id);
  return { key, front, ids, worker, money, caller, events, eventsOf, delivery };
}

async function killedOnce(maxInterruptions: number): Promise<void> {
  const provider = await simulateProvider();
  const { key, front, ids, worker, eventsOf } = await deferred(provider, 1, maxInterruptions);
  const [id = ''] = ids;
  expect(await see(front, key, id)).toMatchObject({ status: 'queued' });
  const first = await worker();
  provider.hold();
  await until(() => provider.requests.length === 2, 20_000, 'the provider is asked');
  expect(await see(front, key, id)).toMatchObject({ status: 'running' });
  await first.kill();
  const atMs = Date.now();
  provider.release();
  const second = await worker();
  const status = maxInterruptions === 1 ? 'completed' : 'failed';
  await until(async () => (await see(front, key, id)).status === status, 20_000, status);
  process.stdout.write(`    ${status} ${Date.now() - atMs} ms after the kill\n`);
  const uncertain = () => eventsOf(id).filter((event) => event.uncertain);
  await until(() => uncertain().length === 1, leaseMs + 5_000, 'the lease of the killed call is charged');
  const job = await see(front, key, id);
  if (maxInterruptions === 1) {
    expect(job.answer).toMatchObject({ status: 200, body: { usage: { completion_tokens: 20 } } });
    expect(second.runs).toEqual([id]);
  } else {
    expect(job).toMatchObject({ error: { code: 'interrupted' } });
    expect(second.runs).toEqual([]);
  }
  expect(first.runs).toEqual([id]);
  expect(provider.requests).toHaveLength(2 + maxInterruptions);
  await until(() => eventsOf(id).length === 1 + maxInterruptions, 5_000, 'the events');
  const certain = eventsOf(id).filter((event) => !event.uncertain);
  expect(certain.map(({ outputTokens }) => outputTokens)).toEqual(maxInterruptions === 1 ? [20] : []);
  await provider.close();
}

async function killedAtRandom(): Promise<void> {
  const provider = await simulateProvider();
  const random = seeded(7);
  const { key, front, ids, worker, money, caller, events, eventsOf, delivery } = await deferred(
    provider,
    long ? 20 : 8,
    100,
  );
  provider.script({ tokens: 20, firstByteDelayMs: 150 });
  const open = [...ids];
  const done = async () => {
    for (; open[0] !== undefined; open.shift())
      if ((await see(front, key, open[0])).status !== 'completed') return false;
    return true;
  };
  let kills = 0;
  for (; kills < (long ? 8 : 3); kills += 1) {
    const one = await worker();
    await until(async () => one.runs.length > 0 || (await done()), 30_000, 'it begins one');
    await delay(Math.floor(random() * 250));
    await one.kill();
  }
  await worker();
  await until(done, 60_000, 'every job is completed');
  await until(async () => (await money()).held === 0, leaseMs + 5_000, 'nothing is held');
  await until(async () => (await delivery.lag()).waiting === 0, 5_000, 'every event is delivered');
  let calls = 0;
  for (const id of ids) {
    const own = eventsOf(id);
    calls += own.length;
    expect(own.some(({ uncertain, outputTokens }) => !uncertain && outputTokens === 20)).toBe(true);
    expect(own.length).toBeLessThanOrEqual(1 + kills);
    expect(own.every(({ kind }) => kind === 'usage')).toBe(true);
  }
  process.stdout.write(`    ${ids.length} jobs, ${kills} kills, ${calls - ids.length} calls made again\n`);
  // What a worker was killed with is charged; no more is made again than that.
  expect(calls - ids.length).toBeLessThanOrEqual(4 * kills);
  expect(provider.requests.length).toBeGreaterThanOrEqual(1 + ids.length);
  expect(provider.requests.length).toBeLessThanOrEqual(1 + calls);
  const spent = events.filter(({ keyId }) => keyId === caller.keyId);
  const charged = spent.reduce(
    (sum, { costNanoUsd, unresolvedNanoUsd }) => sum + Number(costNanoUsd) + Number(unresolvedNanoUsd),
    0,
  );
  expect((await money()).used).toBe(charged);
  await provider.close();
}

describe('a worker that is killed in the middle of a job', () => {
  sideBySide(
    {
      'with maxInterruptions: 1 makes it again: the first call is charged its input, the second what it used':
        () => killedOnce(1),
      'with maxInterruptions: 0 lets it fail: the call is charged its input, and none is made again': () =>
        killedOnce(0),
      'at random moments: no job is lost, and each is charged once but for what was cut off': killedAtRandom,
    },
    180_000,
  );
});
