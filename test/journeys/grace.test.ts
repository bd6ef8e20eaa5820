import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { subscribe, type UsageEvent } from '@tollgate/core';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import express from 'express';
import { memoryKeys, openai, type Tollgate, tollgate } from 'tollgate';

let redis: RedisProcess;
let provider: SimulatedProvider;
let tg: Tollgate;
let url: string;
const events = new Map<string, UsageEvent>();
const keys = memoryKeys();
const server = createServer();
const capNanoUsd = 100_000_000;

beforeAll(async () => {
  [redis, provider] = await Promise.all([startRedis(), simulateProvider()]);
  tg = tollgate({
    plans: { one: { tokens: '100k/min', spend: '$0.1/day', concurrent: 100 } },
    keys,
    redis: { url: redis.url, deadlineMs: 1_000, sliceLeaseMs: 5_000 },
    budget: { whenStoreDown: 'grace' },
    sinks: [{ write: (event) => void events.set(event.eventId, event) }],
  });
  const app = express();
  app.use(tg.guards());
  app.use(tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
  server.on('request', app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
});
afterAll(async () => {
  redis.resume();
  await tg.close({ graceMs: 100 });
  server.close();
  server.closeAllConnections();
  await Promise.all([redis.stop(), provider.close()]);
});

async function ask(key: string): Promise<{ status: number; code: string | undefined }> {
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
  return { status: answer.status, code: error?.code };
}

async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const start = Date.now();
  while (!(await condition())) {
    if (Date.now() - start > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('credit that was leased before Redis went away', () => {
  it('admits a busy caller until it is used up or its lease is over, then 503, and is charged exactly when Redis is back', async () => {
    const { key, keyId } = keys.create({ tenant: 'acme', plan: 'one' });
    const told: unknown[] = [];
    const stop = subscribe('tollgate:store', ({ outcome }) => {
      if (outcome === 'grace') told.push(outcome);
    });
    let [asBefore, admitted] = [0, 0];
    let refused: string | undefined;
    // On a busy machine what was leased ahead may be over before anybody asks for it: then all of it is done again.
    while (tg.fromGrace === 0) {
      for (let turn = 0; turn < 4; turn += 1) {
        const answers = await Promise.all(Array.from({ length: 25 }, () => ask(key)));
        expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 25 }, () => 200));
        asBefore += 25;
      }
      // What is taken lately is leased ahead in the background.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(tg.fromGrace).toBe(0);
      redis.pause();
      refused = undefined;
      for (let turn = 0; turn < 2_000 && refused === undefined; turn += 1) {
        const { status, code } = await ask(key);
        if (status === 200) admitted += 1;
        else refused = code;
      }
      if (tg.fromGrace > 0) break;
      redis.resume();
      while ((await ask(key)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
      asBefore += 1;
    }
    expect(refused).toBe('budget_unverifiable');
    expect(tg.fromGrace).toBe(admitted);
    expect(tg.fromGrace).toBeGreaterThan(0);
    expect(told).toHaveLength(tg.fromGrace);
    expect(tg.unverified).toBe(0);
    process.stdout.write(`    admitted of credit: ${tg.fromGrace}\n`);
    redis.resume();
    await until(() => events.size === asBefore + admitted, 10_000);
    const spent = [...events.values()].reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0);
    const counter = `usd/day/tenant=acme/key=${keyId}`;
    const day = { kind: 'calendar', period: 'day', timeZone: 'UTC', anchorDay: 1 } as const;
    const spend = { counter, unit: 'usd', limit: capNanoUsd, window: day, wide: false, soft: false } as const;
    await until(async () => {
      const [state] = await tg.store.read('acme', [spend]).catch(() => []);
      return state?.used === spent && state.held === 0;
    }, 5_000);
    expect((await ask(key)).status).toBe(200);
    stop();
  }, 150_000);
});
