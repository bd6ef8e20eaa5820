import { describe, expect, it } from '@jest/globals';
import { definePlans, memoryQuota } from '@tollgate/core';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn } from './app.js';

describe('budget() and the comparison of two numbers in memory', () => {
  it('has at most ten calls between them', async () => {
    // The store asks for the time as it begins; the engine's reserve(), its decide() and the comparison in it are called next.
    const calledByStore = 2;
    const frames: number[] = [];
    const now = (): number => {
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 200;
      const stack = (new Error().stack ?? '').split('\n').slice(1);
      Error.stackTraceLimit = limit;
      const from = stack.findIndex((line) => line.includes('budgetMiddleware'));
      const to = stack.findIndex((line) => line.includes('.reserve'));
      if (from > to && to !== -1) frames.push(from - to + calledByStore);
      return Date.now();
    };
    const plans = definePlans({ one: { tokens: '1M/day', spend: '$10/month' } });
    const app = appOf(callerOn('one'), (app) => {
      app.use(budget({ plans, store: memoryQuota({ now }) }));
      app.post('/', (_req, res) => {
        res.json({});
      });
    });
    await request(app).post('/').send({ model: 'small', input: 100, max_tokens: 100 }).expect(200);
    expect(frames).toHaveLength(1);
    expect(frames[0]).toBeLessThanOrEqual(10);
    expect(frames[0]).toBeGreaterThan(calledByStore);
  });
});
