import { describe, expect, it } from '@jest/globals';
import { simulateProvider } from '@tollgate/simulator';
import express from 'express';
import request from 'supertest';
import { callbackSink, memoryKeys, memoryQuota, openai, tollgate } from '../src/index.js';

describe('the last byte of an answer and its usage event on the memory store', () => {
  it('have at most fourteen calls between them', async () => {
    // The store asks for the time as it begins; the engine's charge(), chargeAttempt() and the outbox's put() are called next.
    const calledByStore = 3;
    const frames: number[] = [];
    const now = (): number => {
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 200;
      const stack = (new Error().stack ?? '').split('\n').slice(1);
      Error.stackTraceLimit = limit;
      // The answer's end resumes this function, outside of any call.
      const from = stack.findIndex((line) => line.includes('makeCall'));
      const to = stack.findIndex((line) => line.includes('.charge'));
      if (from > to && to !== -1) frames.push(from - to + 1 + calledByStore);
      return Date.now();
    };
    const provider = await simulateProvider();
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'free' });
    const events: unknown[] = [];
    const sinks = [callbackSink((event) => void events.push(event))];
    const plans = { free: { requests: '100/min', spend: '$1/day' } };
    const tg = tollgate({ keys, plans, store: memoryQuota({ now, sinks }) });
    const app = express();
    app.use(tg.guards());
    app.use(tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
    const messages = [{ role: 'user', content: 'hi' }];
    for (const stream of [false, true]) {
      await request(app)
        .post('/v1/chat/completions')
        .set('Authorization', `Bearer ${key}`)
        .send({ model: 'gpt-5-mini', max_completion_tokens: 10, stream, messages })
        .expect(200);
    }
    await tg.close({ graceMs: 0 });
    await provider.close();
    expect(events).toHaveLength(2);
    expect(frames).toHaveLength(2);
    for (const count of frames) {
      expect(count).toBeLessThanOrEqual(14);
      expect(count).toBeGreaterThan(calledByStore);
    }
  });
});
