import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisCluster, type RedisProcess, startRedis, startRedisCluster } from '@tollgate/testkit';
import express, { type Express } from 'express';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import request from 'supertest';
import {
  callbackSink,
  memoryKeys,
  openai,
  type Tollgate,
  type TollgateOptions,
  tollgate,
  type UsageEvent,
} from '../src/index.js';
import { type RedisSetting, readRedisSetting } from '../src/redis-options.js';

const plans = { free: { requests: ['4/min', '100/hour'], spend: '$0.50/day' } };
const body = { model: 'gpt-5-mini', max_completion_tokens: 10, messages: [{ role: 'user', content: 'hi' }] };
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'free' });

let server: RedisProcess;
let provider: SimulatedProvider;
const started: Tollgate[] = [];
beforeAll(async () => {
  [server, provider] = await Promise.all([startRedis(), simulateProvider()]);
  // A busy machine may be slower than the default.
  patient = { url: server.url, deadlineMs: 5_000 };
});
afterAll(async () => {
  await Promise.all([server.stop(), provider.close()]);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((tg) => tg.close({ graceMs: 1_000 })));
});

let prefixes = 0;
let patient: { url: string; deadlineMs: number };
function newPrefix(): string {
  prefixes += 1;
  return `app${prefixes}`;
}

interface Running {
  app: Express;
  tg: Tollgate;
  events: UsageEvent[];
}

/** One process' app: what several of them share is on Redis only. */
function appOn(redis: RedisSetting, more: Partial<TollgateOptions> = {}): Running {
  const events: UsageEvent[] = [];
  const sinks = [callbackSink((event) => void events.push(event))];
  const tg = tollgate({ plans, keys, redis, sinks, ...more });
  started.push(tg);
  const app = express();
  app.use(tg.guards());
  app.get('/v1/usage', tg.usage());
  app.use(tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
  return { app, tg, events };
}

const post = (app: Express) =>
  request(app).post('/v1/chat/completions').set('Authorization', `Bearer ${key}`).send(body);

async function statuses(apps: readonly Running[], each: number): Promise<number[]> {
  const seen: number[] = [];
  for (let turn = 0; turn < each; turn += 1) {
    for (const { app } of apps) seen.push((await post(app)).status);
  }
  return seen;
}

async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const start = Date.now();
  while (!(await condition())) {
    if (Date.now() - start > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('tollgate({ redis })', () => {
  it('knows of the providers what all processes know, and without Redis nothing of others', async () => {
    const prefix = newPrefix();
    const [one, two] = [appOn({ ...patient, prefix }).tg, appOn({ ...patient, prefix }).tg];
    await one.sharedProviders?.openBreaker('openai gpt-5', 60_000);
    expect(await two.sharedProviders?.openBreakers()).toMatchObject([{ id: 'openai gpt-5' }]);
    const alone = tollgate({ plans, keys });
    started.push(alone);
    expect(alone.sharedProviders).toBeUndefined();
  });

  it('shares requests and money between apps, and hands each usage event over once', async () => {
    const prefix = newPrefix();
    const apps = [appOn({ ...patient, prefix }), appOn({ ...patient, prefix })];
    await until(() => apps.every(({ tg }) => tg.isReady), 2_000);
    expect(await statuses(apps, 3)).toEqual([200, 200, 200, 200, 429, 429]);
    await Promise.all(apps.map(({ tg }) => tg.close()));
    const events = apps.flatMap((one) => one.events);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(4);
    expect(events).toHaveLength(4);

    const reader = appOn({ ...patient, prefix }, { rateLimit: { skip: () => true } });
    const usage = await request(reader.app).get('/v1/usage').set('Authorization', `Bearer ${key}`);
    const [money] = usage.body.limits;
    const spent = events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0);
    expect(Math.round(Number(money.used) * 1e9)).toBe(spent);
    expect(spent).toBeGreaterThan(0);
  });

  it("takes the app's own client, and leaves it open", async () => {
    const client = await createClient({ url: server.url }).connect();
    const running = appOn(client);
    expect(await statuses([running, appOn({ client, prefix: newPrefix() })], 1)).toEqual([200, 200]);
    await running.tg.close();
    expect(await client.ping()).toBe('PONG');
    await Promise.all(started.splice(0).map((tg) => tg.close()));
    client.destroy();
  });

  it('counts requests in the step that reserves money, where told so', async () => {
    const prefix = newPrefix();
    const more = { budget: { requests: true } };
    const apps = [
      appOn({ ...patient, prefix }, more),
      appOn({ ...patient, prefix }, { ...more, rateLimit: { limits: '3/min' } }),
    ];
    await until(() => apps.every(({ tg }) => tg.isReady), 2_000);
    expect(await statuses(apps, 3)).toEqual([200, 200, 200, 200, 429, 429]);
    const answered = await Promise.all(apps.map(({ app }) => post(app)));
    const [byBudget, byOwnLimit] = answered;
    expect(byBudget?.body.error.message).toContain('requests-min');
    expect(Number(byBudget?.headers['retry-after'])).toBeGreaterThan(0);
    expect(byOwnLimit?.headers['ratelimit-policy']).toContain('q=3;w=60');
  });

  it('asks Redis once in five seconds about a key that has spent everything, and at once under a raised budget', async () => {
    const prefix = newPrefix();
    const onPlan = (spend: string) => appOn({ ...patient, prefix }, { plans: { free: { spend } } });
    const { app, tg } = onPlan('$0.0002/day');
    await until(() => tg.isReady, 2_000);
    const answers = async (): Promise<number> => (await post(app)).status;
    for (let sent = 0; (await answers()) === 200; sent += 1) expect(sent).toBeLessThan(100);
    const watcher = await createClient({ url: server.url }).connect();
    const seen: string[] = [];
    await watcher.monitor((line) => seen.push(line.toString()));
    for (let sent = 0; sent < 20; sent += 1) {
      const refused = await post(app);
      expect([refused.status, refused.body.error.code]).toEqual([402, 'budget_exceeded']);
    }
    watcher.destroy();
    const asked = seen.filter((line) => line.includes(`${prefix}:`) && line.includes('acme'));
    expect(asked).toEqual([]);
    expect((await post(onPlan('$1/day').app)).status).toBe(200);
  });

  it('starts without Redis and refuses with 503 until it is there, and again when it is gone', async () => {
    const absent = await startRedis();
    await absent.kill();
    const { app, tg } = appOn({ url: absent.url });
    const open = appOn({ url: absent.url }, { budget: { whenStoreDown: 'open' } });
    const shadow = appOn({ url: absent.url }, { mode: 'shadow' });
    const strict = { budget: { whenStoreDown: 'open' }, rateLimit: { whenStoreDown: 'closed' } } as const;
    const others = [open, shadow, appOn({ url: absent.url }, strict)];
    expect([tg.isReady, ...others.map((one) => one.tg.isReady)]).toEqual([false, true, true, false]);
    const refused = await post(app);
    expect([refused.status, refused.body.error.code]).toEqual([503, 'budget_unverifiable']);
    expect((await post(open.app)).status).toBe(200);
    expect([tg.unverified, open.tg.unverified]).toEqual([0, 1]);
    await absent.restart();
    await until(() => tg.isReady, 2_000);
    await until(async () => (await post(app)).status === 200, 2_000);
    await absent.kill();
    await until(() => !tg.isReady, 3_000);
    expect((await post(app)).status).toBe(503);
    await absent.restart();
    await until(() => tg.isReady, 2_000);
    await Promise.all(started.splice(0).map((one) => one.close({ graceMs: 100 })));
    await absent.stop();
  });

  it('ends while Redis is away', async () => {
    const leaving = await startRedis();
    const { app, tg } = appOn({ url: leaving.url });
    await until(async () => (await post(app)).status === 200, 2_000);
    await leaving.kill();
    const start = Date.now();
    await tg.close({ graceMs: 100 });
    expect(Date.now() - start).toBeLessThan(4_000);
    await leaving.stop();
  });

  it("tells node-redis' clients apart", () => {
    const [cluster, client] = [createCluster({ rootNodes: [] }), createClient()];
    const pool = createClientPool();
    const sentinel = createSentinel({ name: 'main', sentinelRootNodes: [] });
    expect(readRedisSetting(cluster)).toEqual({ cluster });
    expect(readRedisSetting(sentinel)).toEqual({ sentinel });
    expect(readRedisSetting(client)).toEqual({ client });
    expect(readRedisSetting(pool)).toEqual({ client: pool });
  });

  it.each<[string, object, string]>([
    ['nothing', {}, 'tollgate: redis: exactly one of "url", "client"'],
    [
      'a URL of something else',
      { url: 'https://user:secret@host' },
      'tollgate: redis: "url" must be a URL such as redis://',
    ],
    ['a misspelt option', { url: 'redis://host', prefx: 'a' }, 'unknown option "prefx"'],
    ['a wrong deadline', { url: 'redis://host', deadlineMs: 0 }, '"deadlineMs" must be an integer from 5'],
  ])('refuses %s at start, and shows no password', (_what, redis, message) => {
    const start = () => tollgate({ plans, keys, redis });
    expect(start).toThrow(message);
    expect(start).not.toThrow('secret');
  });
});

describe('tollgate({ redis }) on a cluster of three masters', () => {
  let nodes: RedisCluster;
  beforeAll(async () => {
    nodes = await startRedisCluster();
  });
  afterAll(() => nodes.stop());

  it('shares requests and money between apps', async () => {
    const cluster = createCluster({ rootNodes: nodes.nodes.map(({ url }) => ({ url })) });
    await cluster.connect();
    const apps = [appOn({ cluster, deadlineMs: 5_000 }), appOn({ cluster, deadlineMs: 5_000 })];
    expect(await statuses(apps, 3)).toEqual([200, 200, 200, 200, 429, 429]);
    await Promise.all(started.splice(0).map((tg) => tg.close()));
    expect(apps.flatMap(({ events }) => events)).toHaveLength(4);
    cluster.destroy();
  });
});
