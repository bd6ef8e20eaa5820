import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { redisCache } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { faultProxy, type RedisProcess, startRedis } from '@tollgate/testkit';
import express from 'express';
import { createClient } from 'redis';
import { memoryKeys, openai, type Tollgate, type TollgateOptions, tollgate } from 'tollgate';

const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Shared?' }], temperature: 0 };
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'test' });

let redis: RedisProcess;
let provider: SimulatedProvider;
beforeAll(async () => {
  redis = await startRedis();
  provider = await simulateProvider();
});
afterAll(async () => {
  await provider.close();
  await redis.stop();
});

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** An app of its own, as another process has it. */
async function appWith(options: Partial<TollgateOptions>) {
  const tg: Tollgate = tollgate({ plans: { test: { spend: '$1/day' } }, keys, ...options });
  const app = express();
  app.use(tg.guards());
  const at = openai({ apiKey: 'x', baseUrl: provider.openAiUrl });
  app.post('/v1/chat/completions', tg.proxy({ provider: at }));
  const server: Server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  ends.push(async () => {
    await tg.close();
    server.close();
    server.closeAllConnections();
  });
  return async (body: object) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    while (tg.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
    return { status: answer.status, cache: answer.headers.get('x-tollgate-cache'), text };
  };
}

describe('answers on Redis', () => {
  it('one process pays, another answers', async () => {
    const shared: Partial<TollgateOptions> = { redis: { url: redis.url, deadlineMs: 5_000 }, cache: true };
    const one = await appWith(shared);
    const other = await appWith(shared);
    const first = await one(chat);
    expect(first).toMatchObject({ status: 200, cache: 'miss' });
    const before = provider.requests.length;
    let second = await other(chat);
    // What is kept is written behind the answer.
    for (let tries = 0; second.cache !== 'hit' && tries < 50; tries += 1) second = await other(chat);
    expect(second).toEqual({ status: 200, cache: 'hit', text: first.text });
    expect(provider.requests.length - before).toBeLessThanOrEqual(2);
  });

  it('a Redis that does not answer is a miss within the deadline, and answers come as ever', async () => {
    const link = await faultProxy({ target: Number(new URL(redis.url).port) });
    const client = createClient({ url: `redis://127.0.0.1:${link.port}` });
    client.on('error', () => undefined);
    await client.connect();
    ends.push(async () => {
      client.destroy();
      await link.close();
    });
    const store = redisCache({ client, prefix: 'away', deadlineMs: 50 });
    const ask = await appWith({ cache: { store } });
    await ask(chat);
    link.set('blackhole');
    for (const seed of [1, 2, 3])
      expect(await ask({ ...chat, seed })).toMatchObject({ status: 200, cache: 'miss' });
    link.set('pass');
    let again = await ask(chat);
    for (let tries = 0; again.cache !== 'hit' && tries < 200; tries += 1) again = await ask(chat);
    expect(again).toMatchObject({ status: 200, cache: 'hit' });
  });
});
