import { describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, limitOf, memoryQuota, type PlanDeclaration } from '@tollgate/core';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn, proxyLike } from './app.js';
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
    const counter = counterOf(limitOf('x', '$0.001/day'), { caller });

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
      return { status, seen, code: body.error?.code };
    }

    const shares: number[] = [];
    for (;;) {
      const { status, seen, code } = await ask();
      shares.push(seen.share);
      if (status !== 200) {
        expect({ status, code }).toEqual({ status: 402, code: 'budget_exceeded' });
        break;
      }
      expect(seen).toEqual(expected(seen.share));
    }
    // Every step was seen, and the last answer came close below the cap.
    for (const [from, to] of [
      [0, 0.3],
      [0.3, 0.5],
      [0.5, 0.7],
      [0.7, 0.9],
      [0.9, 1],
    ] as const) {
      expect(shares.some((share) => share >= from && share < to)).toBe(true);
    }
    expect(shares.at(-1)).toBeGreaterThan(0.95);
    clock.nowMs += dayMs;
    const { status, seen } = await ask();
    expect({ status, seen }).toEqual({ status: 200, seen: expected(0) });
  });
});
