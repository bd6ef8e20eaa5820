import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, spend } from '@tollgate/core';
import { redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import { build } from 'esbuild';
import pg from 'pg';
import { createClient } from 'redis';
import { seeded } from '../seeded.js';
import type { DeployedSettings } from './deployed-settings.js';

/** The last version that charged an unknown end its input only. Its source comes from the history of the repository. */
const earlier = '64f68ed99626a8fe4c9537489db97bfd97353180';
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const tenants = ['acme', 'beta', 'gamma', 'delta'];
/** gpt-5-mini: 0.25 $ and 2 $ per million tokens. */
const [inputNanoUsd, outputNanoUsd] = [250, 2_000];
const eachNanoUsd = 30_000_000;
const allNanoUsd = 90_000_000;

/** Bundles a program with the packages of the earlier version, and this one's dependencies, which are the same. */
async function bundleEarlier(program: string, folder: string, outfile: string): Promise<void> {
  const source = join(folder, 'earlier');
  mkdirSync(source);
  const archive = join(folder, 'earlier.tar');
  execFileSync('git', ['archive', '-o', archive, earlier, 'packages'], { cwd: root });
  execFileSync('tar', ['xf', archive, '-C', source]);
  const names = readdirSync(join(source, 'packages'));
  const paths = names.map((name) => [
    name === 'tollgate' ? name : `@tollgate/${name}`,
    join(source, 'packages', name, 'src/index.ts'),
  ]);
  await build({
    ...{ entryPoints: [program], outfile, bundle: true, platform: 'node', target: 'node20', format: 'esm' },
    alias: Object.fromEntries(paths.filter(([, path]) => existsSync(path as string))),
    nodePaths: [
      join(root, 'node_modules'),
      ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'node_modules')),
    ],
    external: ['pg-native', '@electric-sql/pglite', '@tollgate/testkit'],
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: 'error',
  });
}

/** It needs the history of the repository, which a copy may not have. */
if (process.env.TOLLGATE_LONG === '1') {
  describe('an earlier version and this one side by side on one Redis and one ledger', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-deploy-'));
    const programs = {
      earlier: join(folder, 'earlier.mjs'),
      present: bundledProgram(here, 'deployed-process'),
    };
    const random = seeded(77);
    const children = new Set<ChildProcess>();
    let redis: RedisProcess;
    let postgres: PostgresProcess;
    let provider: SimulatedProvider;

    beforeAll(async () => {
      const program = join(here, 'deployed-process.ts');
      [redis, postgres, provider] = await Promise.all([
        startRedis(),
        startPostgres(),
        simulateProvider(),
        bundleEarlier(program, folder, programs.earlier),
      ]);
      provider.script(() => ({
        tokens: 5 + Math.floor(random() * 60),
        chunkDelayMs: random() < 0.3 ? 5 : 0,
      }));
    }, 120_000);
    afterAll(async () => {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all([provider.close(), redis.stop(), postgres.stop()]);
      rmSync(folder, { recursive: true, force: true });
    }, 90_000);

    interface Deployed {
      readonly child: ChildProcess;
      readonly url: string;
      readonly keys: readonly string[];
    }

    async function start(version: keyof typeof programs, ...makesKeysFor: string[]): Promise<Deployed> {
      const settings: DeployedSettings = {
        ...{ redisUrl: redis.url, databaseUrl: postgres.url, providerUrl: provider.openAiUrl },
        ...{ each: `$${eachNanoUsd / 1e9}/month`, all: `$${allNanoUsd / 1e9}/month` },
        tenants: makesKeysFor,
      };
      const child = spawn(process.execPath, [programs[version], JSON.stringify(settings)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.add(child);
      const [line] = await Promise.race([
        once(child.stdout as NonNullable<typeof child.stdout>, 'data'),
        once(child, 'exit').then(() => Promise.reject(new Error(`the ${version} version has ended`))),
      ]);
      const { port, keys } = JSON.parse(String(line));
      const url = `http://127.0.0.1:${port}`;
      while ((await fetch(`${url}/readyz`)).status !== 200) await delay(20);
      return { child, url, keys };
    }

    it('lose nothing during a deploy, and admit nothing above the caps', async () => {
      const first = await start('earlier', ...tenants);
      const { keys } = first;
      const running = [first, await start('earlier')];
      const statuses = new Map<number, number>();
      const answered = new Set<string>();
      const inFlight = new Map<Deployed, number>();
      let [asked, done] = [0, false];
      async function client(): Promise<void> {
        while (!done) {
          const name = `ask-${asked++}`;
          const app = running[Math.floor(random() * running.length)] as Deployed;
          inFlight.set(app, (inFlight.get(app) ?? 0) + 1);
          const key = keys[Math.floor(random() * keys.length)];
          const response = await fetch(`${app.url}/v1/chat/completions`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-ask': name },
            body: JSON.stringify({
              ...{ model: 'gpt-5-mini', max_completion_tokens: 100, stream: random() < 0.5 },
              messages: [{ role: 'user', content: name }],
            }),
          });
          await response.text();
          inFlight.set(app, (inFlight.get(app) ?? 0) - 1);
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          if (response.status === 200) answered.add(name);
          await delay(random() * 40);
        }
      }
      async function answer(more: number): Promise<void> {
        const enough = answered.size + more;
        while (answered.size < enough) await delay(5);
      }
      /** Takes a process out of rotation, waits for its requests, and ends it as a deploy does. */
      async function retire(one: Deployed): Promise<void> {
        running.splice(running.indexOf(one), 1);
        while ((inFlight.get(one) ?? 0) > 0) await delay(5);
        one.child.kill('SIGTERM');
        const [code] = await once(one.child, 'exit');
        expect(code).toBe(0);
        children.delete(one.child);
      }
      const clients = Array.from({ length: 12 }, client);
      await answer(150);
      for (const one of [...running]) {
        running.push(await start('present'));
        await answer(150);
        await retire(one);
      }
      // The caps refuse in the end, whichever version counted.
      const end = Date.now() + 60_000;
      while ((statuses.get(402) ?? 0) < 50 && Date.now() < end) await delay(50);
      done = true;
      await Promise.all(clients);
      const { billed } = provider.accounts();
      const bill = billed.inputTokens * inputNanoUsd + billed.outputTokens * outputNanoUsd;

      const redisClient = createClient({ url: redis.url });
      await redisClient.connect();
      const store = redisQuota({ client: redisClient, deadlineMs: 5_000 });
      const pool = new pg.Pool({ connectionString: postgres.url });
      pool.on('error', () => undefined);
      const caller = { id: '', tenant: '', plan: 'pro', scopes: [], labels: {} };
      const global = counterOf(spend('$1/month').by('global'), { caller });
      const sums = async () => {
        const { rows } = await pool.query(
          'select count(*)::int as rows, count(distinct event_id)::int as ids, sum(cost_nano_usd)::text as cost from tollgate.usage_events',
        );
        const [state] = await store.read('acme', [global]);
        return { ...rows[0], used: state?.used, held: state?.held };
      };
      let books = await sums();
      const late = Date.now() + 30_000;
      while ((books.held !== 0 || String(books.used) !== books.cost) && Date.now() < late) {
        await delay(200);
        books = await sums();
      }
      process.stdout.write(
        `    ${asked} asked, statuses ${JSON.stringify([...statuses])}; bill ${bill}, counter ${books.used}, ledger ${books.cost}, cap ${allNanoUsd}\n`,
      );
      expect([...statuses.keys()].sort()).toEqual([200, 402]);
      expect(books).toMatchObject({ rows: answered.size, ids: answered.size, cost: String(bill) });
      expect(bill).toBeLessThanOrEqual(allNanoUsd);
      expect(books.used).toBe(bill);
      await Promise.all(running.map(retire));
      await store.end();
      redisClient.destroy();
      await pool.end();
    }, 180_000);
  });
} else {
  describe('an earlier version', () => {
    it('is run beside this one by the long tests', () => expect(earlier).toMatch(/^[0-9a-f]{40}$/));
  });
}
