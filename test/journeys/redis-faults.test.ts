import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import {
  type FaultMode,
  type FaultProxy,
  faultProxy,
  type RedisProcess,
  startRedis,
} from '@tollgate/testkit';
import express from 'express';
import { memoryKeys, openai, type Tollgate, tollgate } from 'tollgate';

/** What one store may take, and how much later than that a decision may come. */
const deadlineMs = 150;
const lateMs = 50;

let redis: RedisProcess;
let provider: SimulatedProvider;
let proxy: FaultProxy;
let tg: Tollgate;
let url: string;
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'one' });
const server = createServer();
const unhandled: unknown[] = [];
const noteUnhandled = (error: unknown): void => void unhandled.push(error);

beforeAll(async () => {
  process.on('unhandledRejection', noteUnhandled);
  [redis, provider] = await Promise.all([startRedis(), simulateProvider()]);
  proxy = await faultProxy({ target: redis.port });
  tg = tollgate({
    plans: { one: { requests: '10k/min', spend: '$5/day' } },
    keys,
    redis: { url: `redis://127.0.0.1:${proxy.port}`, deadlineMs },
  });
  const app = express();
  app.use(tg.guards());
  app.use(tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
  server.on('request', app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
});
afterAll(async () => {
  await tg.close({ graceMs: 100 });
  server.close();
  server.closeAllConnections();
  await Promise.all([proxy.close(), redis.stop(), provider.close()]);
  process.off('unhandledRejection', noteUnhandled);
});

async function ask(): Promise<{ status: number; code: string | undefined; tookMs: number }> {
  const start = performance.now();
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-5-mini',
      max_completion_tokens: 10,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
  const { error }: { error?: { code: string } } = JSON.parse(await answer.text());
  return { status: answer.status, code: error?.code, tookMs: performance.now() - start };
}

async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const start = Date.now();
  while (!(await condition())) {
    if (Date.now() - start > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const rising = (answers: readonly { tookMs: number }[]): number[] =>
  answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);

interface Fault {
  begin(): unknown;
  end(): unknown;
}

const mode = (fault: FaultMode): Fault => ({ begin: () => proxy.set(fault), end: () => proxy.set('pass') });

describe.each<[string, Fault]>([
  ['is frozen', { begin: () => redis.pause(), end: () => redis.resume() }],
  ['is 500 ms slow', mode({ delayMs: 500 })],
  ['is cut off without a word', mode('blackhole')],
  ['does not listen', mode('refuse')],
  ['is killed, and comes back empty', { begin: () => redis.kill(), end: () => redis.restart() }],
])('an app whose Redis %s', (_what, fault) => {
  afterEach(async () => {
    await fault.end();
  });

  it('refuses with 503 in time, is not ready meanwhile, and serves again within 2 s', async () => {
    await until(async () => tg.isReady && (await ask()).status === 200, 5_000);
    await fault.begin();
    const answers: Awaited<ReturnType<typeof ask>>[] = [];
    for (let turn = 0; turn < 12; turn += 1) answers.push(await ask());
    for (const { status, code } of answers) expect([status, code]).toEqual([503, 'budget_unverifiable']);
    // Two stores are waited for, one after the other: the rate limit, which memory stands in for then, and the budget. The middle
    // one of three, because this machine may be busy with something else for a moment.
    const [, middle = 0] = rising(answers.slice(0, 3));
    expect(middle).toBeLessThan(2 * (deadlineMs + lateMs));
    expect(Math.max(...rising(answers))).toBeLessThan(2_000);
    // And neither is waited for, once it has failed often enough.
    const [, , , , late = 0] = rising(answers.slice(3));
    expect(late).toBeLessThan(deadlineMs);
    await until(() => !tg.isReady, 3_000);
    await fault.end();
    await until(async () => tg.isReady && (await ask()).status === 200, 2_000);
    expect(unhandled).toEqual([]);
  });
});
