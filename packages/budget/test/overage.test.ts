import { describe, expect, it } from '@jest/globals';
import { definePlans, memoryQuota, subscribe } from '@tollgate/core';
import { limitsFor } from '@tollgate/core/internal';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn, expresses, proxyLike } from './app.js';
import { used } from './stub-meter.js';

// A call of 100 tokens in and 50 out of the model "large" costs 350 000 nano-dollars.
const plans = definePlans({
  lenient: { spend: [{ limit: '$0.001/day', overage: 0.5 }, '$1/month'] },
  strict: { spend: '$0.001/day' },
});
const body = { model: 'large', input: 100, max_tokens: 50 };

describe.each(expresses)('the overage of a limit on %s', (_name, create) => {
  const serve = (plan: string, mode?: 'shadow') => {
    const app = appOf(
      callerOn(plan),
      (routes) => {
        routes.use(budget({ plans, store: memoryQuota(), ...(mode && { mode }) }));
        routes.post('/', proxyLike(used(100, 50)));
      },
      create,
    );
    return () => request(app).post('/').send(body);
  };

  it('is admitted and reported, and ends at a hard cap', async () => {
    const reported: string[] = [];
    const stop = subscribe('tollgate:overage', ({ tenant, name, used, included, limit }) => {
      reported.push(`${tenant} ${name} ${used} > ${included}, ${limit}`);
    });
    const ask = serve('lenient');
    const seen: string[] = [];
    for (let call = 0; call < 6; call += 1) {
      const { status, headers } = await ask();
      seen.push(`${status} ${headers['x-tollgate-warning'] ?? '-'}`);
    }
    stop();
    expect(seen).toEqual(['200 -', '200 -', '200 -', '200 overage;limit="usd-day"', '402 -', '402 -']);
    expect(reported).toEqual(['acme usd-day 1050000 > 1000000, 1500000']);
  });

  it('belongs to one limit: others refuse at their amount, and shadow mode reports nothing', async () => {
    const reported: string[] = [];
    const stop = subscribe('tollgate:overage', ({ name }) => reported.push(name));
    const strict = serve('strict');
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await strict()).status);
    const shadow = serve('lenient', 'shadow');
    for (let call = 0; call < 6; call += 1) expect((await shadow()).status).toBe(200);
    stop();
    expect(statuses).toEqual([200, 200, 402, 402]);
    expect(reported).toEqual([]);
  });
});

describe('overage', () => {
  it('is part of the amount, and the limit knows what it includes', () => {
    expect(plans.lenient.limits[0]).toMatchObject({ amount: 1_500_000, included: 1_000_000 });
    expect(plans.lenient.limits[1]).not.toHaveProperty('included');
    const [reduced] = limitsFor(plans.lenient, {
      tightened: { factor: 0.5, windowsUpToMs: 86_400_000 },
    }).limits;
    expect(reduced).toMatchObject({ amount: 750_000, included: 500_000 });
  });

  it('beyond what can be counted exactly is refused', () => {
    const tokens = { limit: '9000000000000000/month', overage: 0.5 };
    expect(() => definePlans({ a: { tokens } })).toThrow('must be at most 9007199254740991 together');
  });

  it.each([
    [{ limit: '$5/day', overage: 0 }, '"overage" must be a share above 0 and at most 1'],
    [{ limit: '$5/day', overage: 1.5 }, '"overage" must be a share above 0 and at most 1'],
    [{ limit: '$5/day', overage: 0.1, window: 'bucket' }, '"overage" belongs to calendar windows'],
    [{ limit: '$5/day', overage: 0.1, soft: true }, 'a soft limit refuses nothing'],
    [{ limit: '$8999999/month', overage: 0.5 }, 'must be at most 9,000,000 USD together'],
  ] as const)('of %j is refused at start', (spend, message) => {
    expect(() => definePlans({ a: { spend } })).toThrow(message);
  });
});
