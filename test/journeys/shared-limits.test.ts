import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { budget } from '@tollgate/budget';
import { contextOf, definePlans, jsonBody, type Plans, subscribe } from '@tollgate/core';
import { meter } from '@tollgate/meter';
import { rateLimit } from '@tollgate/rate-limit';
import { rateLimitStores, redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis, tapWire, type WireTap } from '@tollgate/testkit';
import { openai, proxy } from '@tollgate/upstream';
import express, { type RequestHandler } from 'express';
import { createClient } from 'redis';

const many = definePlans({
  one: { requests: ['300/min', '1k/hour', '5k/day'], tokens: '1M/day', spend: ['$1/day', '$9/month'] },
});
const few = definePlans({ one: { requests: ['7/min', '1k/hour'], spend: '$1/day' } });
const actAsCaller: RequestHandler = (req, res, next) => {
  contextOf(req, res).caller = { id: 'k1', keyId: 'k1', tenant: 'acme', plan: 'one', scopes: [], labels: {} };
  next();
};

// A busy machine may be slower than the default.
const deadlineMs = 5_000;

let redis: RedisProcess;
let provider: SimulatedProvider;
let tap: WireTap;
let prefixes = 0;
const opened: (() => void)[] = [];
beforeAll(async () => {
  [redis, provider] = await Promise.all([startRedis(), simulateProvider()]);
  tap = await tapWire(redis.port);
});
afterAll(async () => {
  tap.close();
  await Promise.all([redis.stop(), provider.close()]);
});
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** A process' app on Redis, seen through the tap; `requests`: counted by the budget instead of the rate limit. */
async function start(requests: boolean, prefix: string, plans: Plans = many): Promise<string> {
  const client = await createClient({ url: `redis://127.0.0.1:${tap.port}` }).connect();
  const store = redisQuota({ client, prefix, deadlineMs, sweepEveryMs: 3_600_000 });
  const app = express();
  app.use(actAsCaller);
  if (!requests) {
    const stores = rateLimitStores({ client, prefix, deadlineMs });
    app.use(rateLimit({ plans, stores, storeDeadlineMs: deadlineMs }));
  }
  app.use(jsonBody(), meter(), budget({ plans, store, requests, storeDeadlineMs: deadlineMs }));
  app.use(proxy({ provider: openai({ apiKey: 'simulated', baseUrl: provider.openAiUrl }) }));
  const server: Server = app.listen(0);
  await once(server, 'listening');
  opened.push(() => {
    server.close();
    server.closeAllConnections();
    client.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
}

function newPrefix(): string {
  prefixes += 1;
  return `shared${prefixes}`;
}

async function ask(url: string): Promise<Response> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-5-mini',
      max_completion_tokens: 10,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
  await answer.text();
  return answer;
}

/** How many script calls each write to Redis held while three requests came and were settled, one after the other. */
async function writesOf(url: string): Promise<number[]> {
  let settled = 0;
  const stop = subscribe('tollgate:settle', () => {
    settled += 1;
  });
  // What a process asks only once is behind it then.
  const turns = 4;
  for (let turn = 1; turn <= turns; turn += 1) {
    if (turn === 2) tap.pieces.length = 0;
    expect((await ask(url)).status).toBe(200);
    while (settled < turn) await new Promise((resolve) => setImmediate(resolve));
  }
  stop();
  return tap.pieces.map((piece) => piece.split('EVALSHA').length - 1).filter((calls) => calls > 0);
}

describe('what a request costs on Redis', () => {
  it('is one write for three windows of requests, one for all limits of money and tokens, one to settle', async () => {
    expect(await writesOf(await start(false, newPrefix()))).toEqual([3, 1, 1, 3, 1, 1, 3, 1, 1]);
  });

  it('is one script call to admit and one to settle where the budget counts requests too', async () => {
    expect(await writesOf(await start(true, newPrefix()))).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe('requests that processes count together', () => {
  it.each([
    ['by the rate limit', false],
    ['by the budget, with money and tokens', true],
  ])('are refused from the first one too many on, %s', async (_how, requests) => {
    const prefix = newPrefix();
    const urls = [await start(requests, prefix, few), await start(requests, prefix, few)];
    const statuses = await Promise.all(Array.from({ length: 30 }, (_, turn) => ask(urls[turn % 2] ?? '')));
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(7);
    const refused = statuses.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(23);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
