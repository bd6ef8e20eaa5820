import { describe, expect, it } from '@jest/globals';
import { subscribe, TollgateError } from '@tollgate/core';
import { createManualClock } from '@tollgate/testkit';
import { MemoryStore } from 'express-rate-limit';
import request from 'supertest';
import { type RateLimitOptions, rateLimit } from '../src/index.js';
import { appOf, versions } from './app.js';

const startMs = Date.UTC(2026, 0, 5, 12);

function asking(create: (typeof versions)[number][1], options: Partial<RateLimitOptions>) {
  const clock = createManualClock(startMs);
  const limiter = rateLimit({
    limits: '10/min',
    cost: (req) => Number(req.get('x-cost') ?? 1),
    now: clock.now,
    ...options,
  });
  const app = appOf(create, limiter);
  const ask = (cost: number | string) =>
    request(app).post('/v1/chat').set('x-test-caller', 'acme/ann/k1').set('x-cost', String(cost));
  return { clock, ask };
}

for (const [version, create] of versions) {
  for (const window of ['fixed', 'sliding'] as const) {
    describe(`cost in ${window} windows, ${version}`, () => {
      const limits = { rate: '10/min', window } as const;

      it('counts a request as several, and admits those that still fit', async () => {
        const { clock, ask } = asking(create, { limits });
        const first = await ask(6);
        expect([first.status, first.headers.ratelimit]).toEqual([200, '"requests-min";r=4;t=60']);
        const refused = await ask(5);
        expect([refused.status, refused.headers.ratelimit]).toEqual([429, '"requests-min";r=4;t=60']);
        expect((await ask(4)).status).toBe(200);
        expect((await ask(1)).status).toBe(429);
        clock.advance(60_000);
        expect((await ask(10)).status).toBe(200);
      });

      it('of 0 is not counted, and more than the limit is a 400 that counts nothing', async () => {
        const { ask } = asking(create, { limits });
        for (let index = 0; index < 20; index += 1) expect((await ask(0)).status).toBe(200);
        const large = await ask(11);
        expect(large.status).toBe(400);
        expect(large.body.error).toMatchObject({ code: 'request_exceeds_limit' });
        expect(large.body.error.message).toBe(
          'This request counts as 11 requests, and its limit is 10 (requests-min).',
        );
        expect(large.headers['x-should-retry']).toBe('false');
        expect((await ask(10)).headers.ratelimit).toBe('"requests-min";r=0;t=60');
      });

      it('returns what it counted when a later guard refuses because of the server', async () => {
        const clock = createManualClock(startMs);
        const app = appOf(create, rateLimit({ limits, cost: 4, now: clock.now }), (_req, _res, next) => {
          next(new TollgateError({ status: 503, code: 'queue_full', message: 'Full.', retryAfterMs: 1_000 }));
        });
        const ask = () => request(app).post('/v1/chat').set('x-test-caller', 'acme/ann/k1');
        for (let index = 0; index < 5; index += 1) expect((await ask()).status).toBe(503);
      });
    });
  }
}

describe('cost', () => {
  const [[, create]] = versions as [(typeof versions)[number]];

  it.each(['NaN', '-1', '1.5', '1e7', 'Infinity'])(
    'of %s fails the request and counts nothing',
    async (cost) => {
      const { ask } = asking(create, {});
      expect((await ask(cost)).status).toBe(500);
      expect((await ask(10)).status).toBe(200);
    },
  );

  it('is counted in every window, and a refusal in one returns it to the others', async () => {
    const { clock, ask } = asking(create, { limits: ['10/min', '4/s'] });
    expect((await ask(4)).status).toBe(200);
    expect((await ask(4)).status).toBe(429);
    clock.advance(1_000);
    expect((await ask(4)).status).toBe(200);
    clock.advance(1_000);
    expect((await ask(3)).status).toBe(429);
    expect((await ask(2)).status).toBe(200);
  });

  it('is published with the decision', async () => {
    const seen: unknown[] = [];
    const stop = subscribe('tollgate:rate-limit', ({ limits }) => seen.push(limits));
    const { ask } = asking(create, {});
    await ask(7);
    stop();
    expect(seen).toEqual([[{ name: 'requests-min', quota: 10, used: 7, resetsAtMs: startMs + 60_000 }]]);
  });

  it('needs stores that count several at once, and a plausible figure', () => {
    expect(() => rateLimit({ limits: '1/min', cost: 2, stores: () => new MemoryStore() })).toThrow(
      'rateLimit: "cost" needs stores with incrementBy() and decrementBy(), such as rateLimitStores() of @tollgate/redis',
    );
    for (const cost of [0, -1, 1.5, Number.NaN, 1_000_001, '2']) {
      expect(() => rateLimit({ limits: '1/min', cost: cost as number })).toThrow(
        'rateLimit: "cost" must be an integer from 1 to 1000000, or a function of the request',
      );
    }
  });
});
