import { describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, memoryQuota, type PlanDeclaration, spend } from '@tollgate/core';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn, callProvider, proxyLike } from './app.js';
import { used } from './stub-meter.js';

const caller = callerOn('one');
const plan: PlanDeclaration = {
  spend: '$0.001/day',
  models: ['large', 'small'],
  degrade: [
    { at: 0.3, warn: true },
    { at: 0.5, model: { large: 'small' } },
    { at: 0.7, warn: true, maxOutputTokens: 64 },
    { at: 0.9, maxOutputTokens: 32 },
    { at: 0.95, refuse: true },
  ],
};
const dayMs = 86_400_000;

/** What the client of a request is told, at this share of the cap. */
function expected(share: number) {
  const warning = share < 0.3 ? undefined : `budget;used=${share < 0.7 ? 0.3 : 0.7}`;
  const model = share < 0.5 ? 'large' : 'small';
  const swapped = model === 'small';
  return {
    share,
    model,
    cap: share < 0.7 ? 100 : share < 0.9 ? 64 : 32,
    warning,
    said: swapped ? model : undefined,
    degraded: swapped ? 'budget' : undefined,
  };
}

describe('the degradation ladder, from 0 to 100 % of a cap', () => {
  it('takes each step at its threshold, says so, refuses at the end, and begins anew with the next window', async () => {
    const clock = { nowMs: Date.parse('2026-11-21T08:00:00Z') };
    const now = () => clock.nowMs;
    const store = memoryQuota({ now });
    const plans = definePlans({ one: plan });
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store, now }));
      app.post('/', proxyLike(used(100, 0)));
    });
    const counter = counterOf(spend('$0.001/day'), { caller });

    async function ask() {
      const [state] = await store.read('acme', [counter]);
      const share = (state?.used ?? 0) / counter.limit;
      const answer = await request(app).post('/').send({ model: 'large', input: 100, max_tokens: 100 });
      const { headers, body, status } = answer;
      const seen = {
        share,
        model: body.model,
        cap: body.max_tokens,
        warning: headers['x-tollgate-warning'],
        said: headers['x-tollgate-model'],
        degraded: headers['x-tollgate-degraded'],
      };
      return { status, seen, error: body.error };
    }

    const shares: number[] = [];
    for (;;) {
      const { status, seen, error } = await ask();
      shares.push(seen.share);
      if (status !== 200) {
        expect({ status, error, warning: seen.warning }).toMatchObject({
          status: 402,
          warning: 'budget;used=0.95',
          error: {
            code: 'budget_exceeded',
            resets_at: '2026-11-22T00:00:00.000Z',
            message: expect.stringMatching(
              /^This plan admits nothing more once 95 % of a limit are taken\. Limit "usd-day": /,
            ),
          },
        });
        break;
      }
      expect(seen).toEqual(expected(seen.share));
    }
    // Every step was seen, and the last one refused before the cap was used up.
    for (const [from, to] of [
      [0, 0.3],
      [0.3, 0.5],
      [0.5, 0.7],
      [0.7, 0.9],
      [0.9, 0.95],
      [0.95, 1],
    ] as const) {
      expect(shares.some((share) => share >= from && share < to)).toBe(true);
    }
    expect(shares.filter((share) => share >= 0.95)).toHaveLength(1);
    clock.nowMs += dayMs;
    const { status, seen } = await ask();
    expect({ status, seen }).toEqual({ status: 200, seen: expected(0) });
  });

  it('also refuses, at its last step, requests whose calls are not known beforehand, and says when waiting helps', async () => {
    const clock = { nowMs: Date.parse('2026-11-21T08:00:20Z') };
    const now = () => clock.nowMs;
    const tokens = { limit: '100/min', window: 'calendar' } as const;
    const plans = definePlans({ one: { tokens, degrade: [{ at: 0.5, refuse: true }] } });
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store: memoryQuota({ now }), now }));
      app.post('/agent', (req, res, next) => {
        const call = { model: 'large', input: 49, max_tokens: 1 };
        callProvider(req.tollgate, call, { usage: used(49, 1) }).then(() => res.json({}), next);
      });
    });
    await request(app).post('/agent').expect(200);
    const answer = await request(app).post('/agent').expect(429);
    expect(answer.body.error.code).toBe('rate_limit_exceeded');
    expect(answer.body.error.message).toMatch(
      /^This plan admits nothing more once 50 % of a limit are taken/,
    );
    expect(answer.headers).toMatchObject({ 'x-tollgate-warning': 'budget;used=0.5', 'retry-after': '40' });
    clock.nowMs += 40_000;
    await request(app).post('/agent').expect(200);
  });
});
