import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import type { LimitDeclaration, LimitText } from '@tollgate/core/internal';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import express, { type Request } from 'express';
import { memoryKeys, openai, type PlanDeclaration, type Tollgate, tollgate } from 'tollgate';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-limit-added-'));
const keys = memoryKeys();
let redis: RedisProcess;
let postgres: PostgresProcess;
let provider: SimulatedProvider;
const running: { tg: Tollgate; server: Server }[] = [];

beforeAll(async () => {
  [redis, postgres, provider] = await Promise.all([startRedis(), startPostgres(), simulateProvider()]);
  provider.script({ tokens: 1_000 });
}, 120_000);
afterEach(async () => {
  for (const { tg, server } of running.splice(0)) {
    await tg.close({ graceMs: 100 });
    server.close();
    server.closeAllConnections();
  }
});
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop(), provider.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Where it is around noon now, so that no day ends while a test runs. */
const hours = new Date().getUTCHours();
const timeZone = `Etc/GMT${hours < 12 ? '-' : '+'}${Math.abs(12 - hours)}`;
const day = { timeZone } as const;
/** A day of the month that is far away, for the same reason. */
const month = { timeZone, anchorDay: ((new Date().getUTCDate() + 12) % 28) + 1 } as const;

type Change = readonly [name: string, before: PlanDeclaration, after: PlanDeclaration, counter: RegExp];
const cap = (limit: LimitText, more: Omit<LimitDeclaration, 'limit'>): PlanDeclaration => ({
  spend: { limit, ...more },
});
const before = cap('$5/day', day);
/** Each lets six calls pass in its window: a call of a thousand tokens costs a little more than a cent. */
const changes: readonly Change[] = [
  ['a limit per month is added', before, { ...cap('$0.066/month', month) }, /^usd.month/],
  ['the time zone moves', cap('$5/day', { timeZone: 'UTC' }), cap('$0.066/day', day), /^usd.day@/],
  ['the scope is the team', before, cap('$0.066/day', { ...day, by: 'team' }), /team=/],
  [
    'the scope is the tenant and the model',
    before,
    cap('$0.066/day', { ...day, by: ['tenant', 'model'] }),
    /model=/,
  ],
  ['the scope is the user', before, cap('$0.066/day', { ...day, by: 'user' }), /user=/],
  ['the scope is the route', before, cap('$0.066/day', { ...day, by: 'route' }), /route=/],
  ['everybody shares it', before, cap('$0.066/day', { ...day, by: 'global' }), /global=/],
  ['tokens are limited', before, { tokens: { limit: '6700/day', ...day } }, /^tokens/],
  ['output tokens are limited', before, { outputTokens: { limit: '6500/day', ...day } }, /^outputTokens/],
];

/** Each change takes two apps at once on Redis, so `npm test` tries four of them there, and `npm run test:long` all. */
const onRedis =
  process.env.TOLLGATE_LONG === '1' ? changes : changes.filter((_, index) => index % 3 === 0 || index === 1);

interface App {
  readonly tg: Tollgate;
  readonly ask: () => Promise<number>;
}

/** An app with one plan; `stores`: where it counts. */
async function start(stores: object, plan: PlanDeclaration, key: string): Promise<App> {
  const tg = tollgate({ plans: { one: plan }, keys, ...stores });
  const app = express();
  const upstream = tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) });
  app.post('/v1/chat/completions', tg.guards(), upstream);
  const server = createServer(app).listen(0, '127.0.0.1');
  running.push({ tg, server });
  await once(server, 'listening');
  await tg.ready();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const messages = [{ role: 'user', content: 'hi' }];
  const body = JSON.stringify({ model: 'gpt-5', max_completion_tokens: 1_000, messages });
  return {
    tg,
    async ask() {
      for (;;) {
        const answer = await fetch(url, { method: 'POST', headers, body });
        await answer.text();
        // On a busy machine a store may answer later than its deadline: the client asks again.
        if (answer.status !== 503) return answer.status;
      }
    },
  };
}

/** Asks until it is refused; how many calls passed. */
async function untilRefused({ ask }: App): Promise<number> {
  for (let passed = 0; passed < 20; passed += 1) {
    if ((await ask()) !== 200) return passed;
  }
  return 20;
}

const keyOf = (name: string): string =>
  keys.create({ tenant: `acme ${name}`, team: 'red', user: 'Ann Smith', plan: 'one' }).key;

describe('a plan that changes in the middle of a window', () => {
  it('counts what was spent before, and what a process with the old plan still spends, on Redis', async () => {
    const passed = onRedis.map(async ([name, one, other, counted], index) => {
      const stores = {
        redis: { url: redis.url, prefix: `change${index}`, deadlineMs: 5_000 },
        database: { connectionString: postgres.url, schema: `change${index}` },
      };
      const key = keyOf(name);
      const old = await start(stores, one, key);
      /** By then, its counter has the five calls so far. */
      const filled = new Promise<void>((resolve) => {
        const off = subscribe('tollgate:store', ({ operation, counter = '', amount = 0 }) => {
          const five = counter.startsWith('usd') ? 50_000_000 : 5_000;
          const isWide = name === 'everybody shares it' || name === 'the scope is the route';
          const isIts = counted.test(counter) && (isWide || counter.includes(encodeURIComponent(name)));
          if (operation !== 'fill' || !isIts || amount < five) return;
          off();
          resolve();
        });
      });
      for (let turn = 0; turn < 3; turn += 1) expect(await old.ask()).toBe(200);
      const next = await start(stores, other, key);
      expect(await next.ask()).toBe(200);
      expect(await old.ask()).toBe(200);
      await filled;
      return [name, await untilRefused(next)];
    });
    expect(await Promise.all(passed)).toEqual(onRedis.map(([name]) => [name, 1]));
  }, 150_000);

  it('counts what an earlier process spent, in memory with PostgreSQL', async () => {
    const passed = changes.map(async ([name, one, other], index) => {
      const schema = `memory${index}`;
      const stores = { database: { connectionString: postgres.url, schema, spool: join(folder, schema) } };
      const key = keyOf(`${name} in memory`);
      const first = await start(stores, one, key);
      for (let turn = 0; turn < 3; turn += 1) expect(await first.ask()).toBe(200);
      await first.tg.close();
      const second = await start(stores, other, key);
      const rest = await untilRefused(second);
      await second.tg.close();
      return [name, rest, await untilRefused(await start(stores, other, key))];
    });
    expect(await Promise.all(passed)).toEqual(changes.map(([name]) => [name, 3, 0]));
  }, 150_000);
});

it('says which limits start at 0 all the same, because the ledger cannot be searched by their scope', async () => {
  const stores = {
    database: { connectionString: postgres.url, schema: 'from_zero', spool: join(folder, 'from_zero') },
  };
  const { key } = keys.create({ tenant: 'searched', plan: 'one' });
  const first = await start(stores, before, key);
  expect(await first.ask()).toBe(200);
  await first.tg.close();
  const warned = new Promise<string>((resolve) => {
    const off = subscribe('tollgate:warning', ({ code, message }) => {
      if (code !== 'TOLLGATE_W_LIMIT_FROM_ZERO') return;
      off();
      resolve(message);
    });
  });
  const byPath = { name: 'path', of: (req: Request): string => req.path };
  const second = await start(stores, cap('$0.03/day', { ...day, by: ['tenant', byPath] }), key);
  expect(await untilRefused(second)).toBe(2);
  expect(await warned).toContain(`"usd/day@${timeZone}/tenant/path" is used for the first time`);
}, 150_000);
