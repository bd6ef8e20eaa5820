import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import express from 'express';
import request from 'supertest';
import { memoryKeys, memoryOverrides, openai, subscribe, tollgate } from '../src/index.js';

const plans = { free: { spend: '$0.0001/day' } };
const body = { model: 'gpt-5-mini', max_completion_tokens: 10, messages: [{ role: 'user', content: 'hi' }] };

describe('a budget on Redis that is used up', () => {
  let server: RedisProcess;
  let provider: SimulatedProvider;
  beforeAll(async () => {
    [server, provider] = await Promise.all([startRedis(), simulateProvider()]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), provider.close()]);
  });

  it('and refuses from memory admits at once when it is raised, and refuses again when it is lowered', async () => {
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'free' });
    const overrides = memoryOverrides();
    const tg = tollgate({ plans, keys, overrides, redis: { url: server.url, deadlineMs: 5_000 } });
    const app = express();
    app.use(tg.guards());
    app.post(
      '/v1/chat/completions',
      tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }),
    );
    const call = async () =>
      (await request(app).post('/v1/chat/completions').set('Authorization', `Bearer ${key}`).send(body))
        .status;
    let remembered = 0;
    const stop = subscribe('tollgate:reserve', ({ remembered: yes }) => {
      if (yes === true) remembered += 1;
    });
    const spend = async (): Promise<number> => {
      for (let round = 0; round < 60; round += 1) {
        const status = await call();
        if (status !== 200) return status;
      }
      return 200;
    };
    expect(await spend()).toBe(402);
    expect(await call()).toBe(402);
    expect(remembered).toBeGreaterThan(0);
    overrides.set({ tenant: 'acme', kind: 'spend', limit: '$1/day', by: 'key' });
    expect(await call()).toBe(200);
    overrides.set({ tenant: 'acme', kind: 'spend', limit: '$0.00011/day', by: 'key' });
    expect(await spend()).toBe(402);
    stop();
    await tg.close({ graceMs: 1_000 });
  }, 150_000);
});
