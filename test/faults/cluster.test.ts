import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisCluster, startRedisCluster } from '@tollgate/testkit';
import { type App, useApps } from './app.js';
import { expectRecovery, expectUnverifiable, until } from './expectations.js';

const startApp = useApps();
const tenants = Array.from({ length: 24 }, (_, index) => `tenant${index}`);
let cluster: RedisCluster;
let provider: SimulatedProvider;
let app: App;

beforeAll(async () => {
  // What the other masters have is served although one is away. They must not take each other for frozen too when the machine is busy: without
  // a majority they refuse every command.
  const args = ['--cluster-require-full-coverage', 'no', '--cluster-node-timeout', '15000'];
  cluster = await startRedisCluster({ args });
  provider = await simulateProvider();
  const redisPorts = cluster.nodes.map(({ port }) => port);
  // Long enough that a busy machine is not taken for a frozen server.
  app = await startApp({ redisPorts, cluster: true, providerUrl: provider.openAiUrl, deadlineMs: 5_000 });
  await until(async () => (await askAll()).every(({ status }) => status === 200), 5_000, 'a sound cluster');
  await app.state();
});
afterAll(async () => {
  await app.stop();
  await cluster.stop();
  await provider.close();
});

const askAll = (whom: readonly string[] = tenants) => Promise.all(whom.map((tenant) => app.ask({ tenant })));

describe('an app on a Redis Cluster of which one master is frozen', () => {
  it('goes on for everybody who lives on the others, however often the frozen one fails', async () => {
    const [, second] = cluster.nodes;
    if (!second) throw new Error('the cluster has one node');
    second.pause();
    // Whoever is served once lives elsewhere: a busy machine may keep anybody waiting too long.
    let away: readonly string[] = tenants;
    for (let round = 0; round < 3; round += 1) {
      const answers = await askAll();
      away = away.filter((tenant) => answers[tenants.indexOf(tenant)]?.status !== 200);
    }
    const served = tenants.filter((tenant) => !away.includes(tenant));
    expect(away.length).toBeGreaterThan(2);
    expect(served.length).toBeGreaterThan(2);
    for (let round = 0; round < 10; round += 1) {
      const [failing, others] = await Promise.all([askAll(away), askAll(served)]);
      for (const answer of failing) expectUnverifiable(answer);
      for (const { status, text } of others)
        expect({ status, text }).toEqual({ status: 200, text: expect.any(String) });
    }
    second.resume();
    for (const tenant of away) await expectRecovery(app, `one master frozen, ${tenant}`, tenant);
    expect((await app.state()).unhandled).toEqual([]);
  }, 150_000);
});
