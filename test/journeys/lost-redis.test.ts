import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { ledger } from '@tollgate/postgres';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import express from 'express';
import { jsonLines, memoryKeys, openai, type Tollgate, type TollgateOptions, tollgate } from 'tollgate';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-lost-redis-'));
const long = process.env.TOLLGATE_LONG === '1';
const capNanoUsd = 100_000_000;
const keys = memoryKeys();
let redis: RedisProcess;
let postgres: PostgresProcess;
let provider: SimulatedProvider;

beforeAll(async () => {
  [redis, postgres, provider] = await Promise.all([startRedis(), startPostgres(), simulateProvider()]);
  // To make the tables of a new folder takes PGlite eight seconds of CPU: no app that has run for a while waits for that.
  if (!long) return;
  const made = ledger({ directory: join(folder, 'ledger') });
  await made.database.ready();
  await made.close();
}, 120_000);
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop(), provider.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const events = (file: string): UsageEvent[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

type Named = readonly [
  name: string,
  options: (usage: ReturnType<typeof jsonLines>) => Partial<TollgateOptions>,
];
const pglite: Named = [
  'PGlite in a folder',
  () => ({ redis: { url: redis.url, prefix: 'lite' }, database: { directory: join(folder, 'ledger') } }),
];

/** Where the ledger is, by what it is called; each begins empty. */
const ledgers: readonly Named[] = [
  [
    'PostgreSQL',
    () => ({ redis: { url: redis.url, prefix: 'pg' }, database: { connectionString: postgres.url } }),
  ],
  ['usage.jsonl', (usage) => ({ redis: { url: redis.url, prefix: 'lines', spent: usage } })],
  ...(long ? [pglite] : []),
];

describe.each(ledgers)('an app with %s whose Redis comes back empty while a stream runs', (name, stores) => {
  const file = join(folder, `${name}.jsonl`);
  const server = createServer();
  let tg: Tollgate;

  afterEach(async () => {
    await tg.close({ graceMs: 100 });
    server.close();
    server.closeAllConnections();
  });

  it('refuses until its counters stand where they stood, never spends more than the cap, and charges the stream once', async () => {
    const usage = jsonLines(file);
    const plans = { one: { spend: '$0.1/day' } };
    tg = tollgate({ plans, keys, sinks: [usage], ...stores(usage) });
    const app = express();
    app.use(tg.guards());
    app.use(tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
    server.on('request', app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
    const { key } = keys.create({ tenant: `acme-${name}`, plan: 'one' });
    const ask = (more: object): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }], ...more }),
      });
    const until = async (condition: () => boolean | Promise<boolean>): Promise<number> => {
      const start = performance.now();
      while (!(await condition())) {
        if (performance.now() - start > 20_000) throw new Error('not within 20 s');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return Math.round(performance.now() - start);
    };

    /** On a busy machine Redis may answer later than its deadline: then the app refuses with 503, and the client asks again. */
    const served = async (more: object): Promise<Response> => {
      for (;;) {
        const answer = await ask(more);
        if (answer.status !== 503) return answer;
        await answer.text();
      }
    };

    await until(() => tg.isReady);
    // $0.01 for a thousand tokens: three tenths of the cap, and a stream that costs three more.
    provider.script({ tokens: 3_000 });
    expect((await served({ max_completion_tokens: 3_000 })).status).toBe(200);
    provider.script({ tokens: 3_000, chunkDelayMs: 1 });
    const stream = await served({ max_completion_tokens: 3_000, stream: true });
    expect(stream.status).toBe(200);
    await redis.restart();
    const statuses: number[] = [];
    const openAfterMs = await until(async () => {
      const answer = await ask({ max_completion_tokens: 6_000 });
      statuses.push(answer.status);
      await answer.text();
      return answer.status !== 503;
    });
    expect(statuses.at(-1)).toBe(402);
    expect(await stream.text()).toContain('[DONE]');
    await until(() => tg.inFlight === 0);
    provider.script({ tokens: 1_000 });
    const rest: number[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const answer = await served({ max_completion_tokens: 1_000 });
      rest.push(answer.status);
      await answer.text();
    }
    const [caller] = [...new Set(statuses)];
    process.stdout.write(
      `    ${name}: open again after ${openAfterMs} ms (${caller} until then), then ${rest.join(' ')}\n`,
    );
    expect(rest.filter((status) => status === 200)).toHaveLength(3);
    expect(rest.at(-1)).toBe(402);
    await tg.close({ graceMs: 100 });
    const all = new Map(events(file).map((event) => [event.eventId, event]));
    const costs = [...all.values()].map(({ costNanoUsd }) => Number(costNanoUsd));
    expect(costs).toHaveLength(5);
    const spent = costs.reduce((sum, cost) => sum + cost, 0);
    expect(spent).toBeLessThanOrEqual(capNanoUsd);
    expect(spent).toBeGreaterThan(0.89 * capNanoUsd);
  }, 150_000);
});
