import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuotaStore } from '@tollgate/core';
import { redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis, startRedisCluster } from '@tollgate/testkit';
import { createClient } from 'redis';
import { type App, useApps } from './app.js';
import { inputNanoUsd, outputNanoUsd } from './app-settings.js';
import { expectInTime, expectRecovery, expectUnverifiable, moneyOf, until } from './expectations.js';

const startApp = useApps();
/** Loading 4 000 keys takes about two seconds so; commands are answered meanwhile. */
const slowLoading = ['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024'];
let redis: RedisProcess;
let provider: SimulatedProvider;
let client: ReturnType<typeof createClient>;
let store: QuotaStore;
let app: App;

beforeAll(async () => {
  redis = await startRedis({ args: slowLoading });
  provider = await simulateProvider();
  client = createClient({ url: redis.url });
  client.on('error', () => undefined);
  await client.connect();
  store = redisQuota({ client, prefix: 'faults', deadlineMs: 5_000, sweepEveryMs: 200 });
  app = await startApp({ redisPorts: [redis.port], providerUrl: provider.openAiUrl });
});
afterAll(async () => {
  await store.end();
  client.destroy();
  await redis.stop();
  await provider.close();
});
beforeEach(async () => {
  await until(async () => (await app.ask()).status === 200, 3_000, 'a sound app');
  await app.state();
});

/** Everything that the provider billed is charged, once, and nothing is held. */
async function expectChargedOnce(): Promise<void> {
  const { inputTokens, outputTokens } = provider.accounts().billed;
  const billed = inputTokens * inputNanoUsd + outputTokens * outputNanoUsd;
  let standing = '';
  const isCharged = async (): Promise<boolean> => {
    try {
      const { used, held } = await moneyOf(store, 'acme');
      standing = `${used} used, ${held} held`;
    } catch {
      // The checker's own store comes back by itself, too.
    }
    return standing === `${billed} used, 0 held`;
  };
  await until(isCharged, 3_000, 'everything charged').catch(() => undefined);
  expect(standing).toBe(`${billed} used, 0 held`);
}

describe('an app whose Redis answers with errors', () => {
  it('notices nothing when Redis forgets its scripts, between requests or while one runs', async () => {
    await client.scriptFlush();
    expect((await app.ask()).status).toBe(200);
    const asked = provider.requests.length;
    provider.hold();
    const running = Promise.all([app.ask(), app.ask({ stream: true })]);
    await provider.waitFor(asked + 2);
    await client.scriptFlush();
    provider.release();
    for (const { status } of await running) expect(status).toBe(200);
    await expectInTime(app, 'NOSCRIPT');
    await expectChargedOnce();
  });

  it('answers 503 while its Redis is a replica (READONLY), and charges what was running once it is none', async () => {
    const asked = provider.requests.length;
    provider.hold();
    const running = app.ask();
    await provider.waitFor(asked + 1);
    await client.replicaOf('127.0.0.1', 1);
    for (let turn = 0; turn < 8; turn += 1) expectUnverifiable(await app.ask());
    provider.release();
    expect((await running).status).toBe(200);
    await expectInTime(app, 'READONLY');
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await expectRecovery(app, 'READONLY');
    await expectChargedOnce();
  });

  it('answers 503 while the memory of Redis is full, settles what runs, and counts nothing twice', async () => {
    const asked = provider.requests.length;
    provider.hold();
    const running = app.ask();
    await provider.waitFor(asked + 1);
    await client.configSet('maxmemory', '1');
    for (let turn = 0; turn < 8; turn += 1) expectUnverifiable(await app.ask());
    provider.release();
    expect((await running).status).toBe(200);
    await expectInTime(app, 'maxmemory');
    await client.configSet('maxmemory', '0');
    await expectRecovery(app, 'maxmemory');
    await expectChargedOnce();
  });

  it('answers 503 while Redis loads its snapshot (LOADING), and goes on with what was saved', async () => {
    await expectChargedOnce();
    const fill = Array.from({ length: 4_000 }, (_, index) => [`filler${index}`, 'x'] as [string, string]);
    await client.mSet(fill);
    await client.sendCommand(['SAVE']);
    const restarting = redis.restart();
    let loading = false;
    await until(
      async () => {
        const answer = await app.ask();
        if (answer.status !== 200) expectUnverifiable(answer);
        loading ||= await isLoading(redis.port);
        return loading;
      },
      5_000,
      'a Redis that loads',
    );
    await app.state();
    for (let turn = 0; turn < 8; turn += 1) expectUnverifiable(await app.ask());
    expect(await isLoading(redis.port)).toBe(true);
    await expectInTime(app, 'LOADING');
    await restarting;
    await expectRecovery(app, 'LOADING');
    await expectChargedOnce();
  }, 150_000);
});

/** What a server answers on a connection of its own; an error as its text. */
async function answerOf(port: number, command: string[]): Promise<string> {
  const own = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } });
  own.on('error', () => undefined);
  try {
    await own.connect();
    return String(await own.sendCommand(command));
  } catch (error) {
    return String(error);
  } finally {
    if (own.isOpen) own.destroy();
  }
}

const isLoading = async (port: number): Promise<boolean> =>
  (await answerOf(port, ['GET', 'filler0'])).includes('LOADING');
const servesCluster = async (port: number): Promise<boolean> =>
  (await answerOf(port, ['CLUSTER', 'INFO'])).includes('cluster_state:ok');

describe('an app on a Redis Cluster of which a master is killed', () => {
  it('answers 503 to all that live there (CLUSTERDOWN), and works within two seconds of its return', async () => {
    const cluster = await startRedisCluster();
    const ports = cluster.nodes.map(({ port }) => port);
    const own = await startApp({ redisPorts: ports, cluster: true, providerUrl: provider.openAiUrl });
    const tenants = Array.from({ length: 12 }, (_, index) => `tenant${index}`);
    const askAll = () => Promise.all(tenants.map((tenant) => own.ask({ tenant })));
    await until(async () => (await askAll()).every(({ status }) => status === 200), 5_000, 'a sound cluster');
    await own.state();
    const [, second] = cluster.nodes;
    if (!second) throw new Error('the cluster has one node');
    await second.kill();
    const answers = (await askAll()).concat(await askAll());
    await until(
      async () => {
        const now = await askAll();
        answers.push(...now);
        return now.every(({ status }) => status === 503);
      },
      8_000,
      'the whole cluster down',
    );
    for (const answer of answers) if (answer.status !== 200) expectUnverifiable(answer);
    await expectInTime(own, 'CLUSTERDOWN');
    await second.restart();
    // A master that comes back refuses writes for two seconds of its own.
    for (const port of ports) {
      await until(() => servesCluster(port), 10_000, 'the cluster whole again');
    }
    for (const tenant of tenants) await expectRecovery(own, `CLUSTERDOWN, ${tenant}`, tenant);
    expect((await own.state()).unhandled).toEqual([]);
    await own.stop();
    await cluster.stop();
  }, 150_000);
});
