import { describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, memoryQuota, type QuotaStore } from '@tollgate/core';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn, callProvider, expresses, proxyLike } from './app.js';

import { costOf, used } from './stub-meter.js';

const plans = definePlans({
  free: { spend: '$0.001/day', concurrent: 300 },
  small: { spend: '$0.0001/day' },
});
const free = callerOn('free');

/** What the money of the caller's key says. */
async function money(store: QuotaStore, plan: 'free' | 'small' = 'free') {
  const counters = (plans[plan]?.limits ?? []).map((limit) => counterOf(limit, { caller: free }));
  const [state] = await store.read('acme', counters);
  return { used: state?.used, held: state?.held };
}

for (const [name, create] of expresses) {
  describe(`budget() on ${name}`, () => {
    it('lets 3 of 200 parallel requests through where the money covers exactly 3, and charges what they used', async () => {
      const store = memoryQuota();
      const usage = used(30, 20);
      let release = (): void => {};
      const all = new Promise<void>((resolve) => {
        release = resolve;
      });
      let reached = 0;
      const app = appOf(
        free,
        (app) => {
          app.use(budget({ plans, store }));
          app.post('/', async (req, res, next) => {
            reached += 1;
            await all;
            proxyLike(usage)(req, res, next);
          });
        },
        create,
      );
      const server = app.listen(0);
      // 100 × 1 000 + 46 × 5 000 nano-dollars each: three are 990 000 of 1 000 000.
      const body = { model: 'large', input: 100, max_tokens: 46 };
      let decided = 0;
      const answers = await Promise.all(
        Array.from({ length: 200 }, async () => {
          const answer = await request(server)
            .post('/')
            .send(body)
            .then((got) => got);
          decided += 1;
          if (decided === 197) release();
          return answer;
        }),
      );
      server.close();
      expect(reached).toBe(3);
      const refused = answers.filter(({ status }) => status === 402);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
      expect(refused).toHaveLength(197);
      for (const { headers, body } of refused) {
        expect(headers['x-should-retry']).toBe('false');
        expect(body.error).toMatchObject({ code: 'budget_exceeded', type: 'insufficient_quota' });
      }
      expect(await money(store)).toEqual({ used: 3 * costOf('large', usage), held: 0 });
    });

    it('covers an agent loop call by call, and stops it exactly at the cap', async () => {
      const store = memoryQuota();
      const app = appOf(
        free,
        (app) => {
          app.post('/agent', budget({ plans, store }), async (req, res, next) => {
            let made = 0;
            try {
              for (; made < 20; made += 1) {
                await callProvider(
                  req.tollgate,
                  { model: 'large', input: 50, max_tokens: 20 },
                  { usage: used(50, 20) },
                );
              }
            } catch (error) {
              res.set('x-made', String(made));
              next(error);
            }
          });
        },
        create,
      );
      const answer = await request(app).post('/agent');
      expect(answer.status).toBe(402);
      // 150 000 nano-dollars each: the seventh would pass 1 000 000.
      expect(answer.headers['x-made']).toBe('6');
      expect(await money(store)).toEqual({ used: 900_000, held: 0 });
    });
  });
}
