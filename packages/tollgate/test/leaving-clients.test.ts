import { describe, expect, it } from '@jest/globals';
import { simulateProvider } from '@tollgate/simulator';
import express from 'express';
import request from 'supertest';
import { memoryKeys, openai, tollgate } from '../src/index.js';

describe('a client that may leave', () => {
  it('is watched for by one listener on its response, however many guards and the proxy want to know', async () => {
    const provider = await simulateProvider();
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'free' });
    const tg = tollgate({
      keys,
      plans: { free: { requests: '100/min', spend: '$1/day' } },
      watch: {},
      concurrency: { limit: 5 },
    });
    const listeners: string[] = [];
    const app = express();
    app.use((_req, res, next) => {
      const on = res.on.bind(res);
      // `once` calls it as well.
      res.on = (name, listener) => {
        listeners.push(String(name));
        return on(name, listener);
      };
      next();
    });
    app.use(tg.guards());
    app.use(tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
    const messages = [{ role: 'user', content: 'hi' }];
    const answer = await request(app)
      .post('/v1/chat/completions')
      .set('Authorization', `Bearer ${key}`)
      .send({ model: 'gpt-5-mini', max_completion_tokens: 10, stream: true, messages });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('[DONE]');
    expect(listeners.filter((name) => name === 'close')).toEqual(['close']);
    await tg.close({ graceMs: 0 });
    await provider.close();
  });
});
