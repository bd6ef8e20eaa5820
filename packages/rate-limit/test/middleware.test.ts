import { beforeEach, describe, expect, it } from '@jest/globals';
import { definePlans, subscribe } from '@tollgate/core';
import { forgetWarnings, setJobRun } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import type { Express, RequestHandler } from 'express';
import request from 'supertest';
import { rateLimit } from '../src/index.js';
import { appOf, callerOf, versions } from './app.js';
import { parseList } from './structured-field.js';

const plans = definePlans({
  free: { requests: '5/min' },
  pro: { requests: { rate: '100/min', burst: 3 } },
  staged: { requests: ['2/min', '3/hour', '1000/day'] },
  unlimited: {},
});
const startMs = Date.UTC(2026, 0, 5, 12);

const ask = (app: Express, caller = 'acme/ann/k1', plan = 'free') =>
  request(app).post('/v1/chat').set('x-test-caller', caller).set('x-test-plan', plan);

async function statuses(count: number, one: () => PromiseLike<{ status: number }>): Promise<number[]> {
  const seen: number[] = [];
  for (let index = 0; index < count; index += 1) seen.push((await one()).status);
  return seen;
}

beforeEach(forgetWarnings);

for (const [version, create] of versions) {
  describe(`rateLimit on ${version}`, () => {
    it('lets 5 requests through, then answers 429 with Retry-After', async () => {
      const clock = createManualClock(startMs);
      const app = appOf(create, rateLimit({ plans, now: clock.now }));
      expect(await statuses(5, () => ask(app))).toEqual([200, 200, 200, 200, 200]);
      clock.advance(18_500);
      const refused = await ask(app).expect(429);
      expect(refused.headers).toMatchObject({
        'retry-after': '42',
        'retry-after-ms': '41500',
        'x-should-retry': 'true',
        'content-type': 'application/json; charset=utf-8',
      });
      expect(refused.body).toEqual({
        error: {
          message:
            'Too many requests: the limit of 5 requests per minute (requests-min) is used up. Try again in 42 s.',
          type: 'rate_limit_error',
          param: null,
          code: 'rate_limit_exceeded',
          resets_at: '2026-01-05T12:01:00.000Z',
        },
        request_id: refused.headers['x-request-id'],
      });
    });

    it('admits again exactly when Retry-After has passed', async () => {
      const clock = createManualClock(startMs);
      const app = appOf(create, rateLimit({ plans, now: clock.now }));
      await statuses(5, () => ask(app));
      const refused = await ask(app).expect(429);
      clock.advance(Number(refused.headers['retry-after-ms']) - 1);
      await ask(app).expect(429);
      clock.advance(1);
      await ask(app).expect(200);
    });

    it('answers in the shape of the provider that the client speaks to', async () => {
      const app = appOf(create, rateLimit({ limits: '1/min' }));
      await ask(app);
      const refused = await ask(app).set('anthropic-version', '2023-06-01').expect(429);
      expect(refused.body).toMatchObject({
        type: 'error',
        error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
      });
    });

    it('hands its refusal to next(error) when it is told so', async () => {
      const app = appOf(create, rateLimit({ limits: '1/min', refusals: 'next' }));
      await ask(app).expect(200);
      const refused = await ask(app).expect(429);
      expect(refused.body.error.code).toBe('rate_limit_exceeded');
    });

    it('says what is left in fields that a structured-field parser reads', async () => {
      const clock = createManualClock(startMs);
      const app = appOf(create, rateLimit({ plans, now: clock.now }));
      await ask(app, 'acme/ann/k1', 'pro').expect(200);
      clock.advance(400);
      const answer = await ask(app, 'acme/ann/k1', 'pro').expect(200);
      expect(parseList(answer.get('ratelimit-policy'))).toEqual([
        { name: 'requests-min', parameters: { q: 100, w: 60 } },
        { name: 'requests-min-burst', parameters: { q: 3, w: 1 } },
      ]);
      expect(parseList(answer.get('ratelimit'))).toEqual([
        { name: 'requests-min', parameters: { r: 98, t: 60 } },
        { name: 'requests-min-burst', parameters: { r: 1, t: 1 } },
      ]);
    });
  });
}

const [[, create]] = versions as [(typeof versions)[number]];

describe('windows', () => {
  it('are all counted, and the refusal names the one that resets last', async () => {
    const clock = createManualClock(startMs);
    const app = appOf(create, rateLimit({ plans, now: clock.now }));
    const staged = () => ask(app, 'acme/ann/k1', 'staged');
    expect(await statuses(3, staged)).toEqual([200, 200, 429]);
    clock.advance(60_000);
    expect(await statuses(1, staged)).toEqual([200]);
    const refused = await staged().expect(429);
    expect(refused.body.error).toMatchObject({
      code: 'quota_exceeded',
      resets_at: '2026-01-05T13:00:00.000Z',
    });
    expect(refused.headers).toMatchObject({ 'x-should-retry': 'false', 'retry-after': String(59 * 60) });
    expect(refused.headers['retry-after-ms']).toBeUndefined();
  });

  it('give back a request that another window has refused', async () => {
    const clock = createManualClock(startMs);
    const app = appOf(create, rateLimit({ plans, now: clock.now }));
    const refused = (await statuses(9, () => ask(app, 'acme/ann/k1', 'staged'))).filter(
      (status) => status === 429,
    );
    expect(refused).toHaveLength(7);
    clock.advance(60_000);
    const answer = await ask(app, 'acme/ann/k1', 'staged').expect(200);
    expect(parseList(answer.get('ratelimit')).map(({ parameters }) => parameters.r)).toEqual([1, 0, 997]);
  });

  it('that reset beyond an hour send no Retry-After, since SDKs would sleep it out', async () => {
    const app = appOf(create, rateLimit({ limits: '1/day' }));
    await ask(app).expect(200);
    const refused = await ask(app).expect(429);
    expect(refused.body.error.code).toBe('quota_exceeded');
    expect(refused.body.error.message).not.toMatch(/again|retry/i);
    expect(refused.headers).toMatchObject({ 'x-should-retry': 'false' });
    expect(refused.headers).not.toHaveProperty('retry-after');
  });

  it('of a burst let at most so many through within a second', async () => {
    const clock = createManualClock(startMs);
    const app = appOf(create, rateLimit({ plans, now: clock.now }));
    const pro = () => ask(app, 'acme/ann/k1', 'pro');
    expect(await statuses(4, pro)).toEqual([200, 200, 200, 429]);
    const refused = await pro();
    expect(refused.headers).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '1000' });
    expect(refused.body.error.message).toContain('3 requests per second (requests-min-burst)');
    clock.advance(1_000);
    expect(await statuses(4, pro)).toEqual([200, 200, 200, 429]);
  });

  it('admit exactly their amount of 200 parallel requests', async () => {
    const app = appOf(create, rateLimit({ limits: ['40/min', '1000/hour'] }));
    const server = app.listen(0);
    try {
      const all = await Promise.all(
        Array.from({ length: 200 }, () =>
          request(server).post('/v1/chat').set('x-test-caller', 'acme/ann/k1'),
        ),
      );
      expect(all.filter(({ status }) => status === 200)).toHaveLength(40);
      expect(all.filter(({ status }) => status === 429)).toHaveLength(160);
      expect(parseList(all.at(-1)?.get('ratelimit')).at(1)?.parameters.r).toBeGreaterThanOrEqual(1000 - 200);
    } finally {
      server.close();
    }
  });
});

describe('requests that a shared wait releases in one tick', () => {
  it('are counted one by one', async () => {
    const waiting: (() => void)[] = [];
    const together: RequestHandler = (_req, _res, next) => {
      waiting.push(next);
      if (waiting.length === 50) for (const go of waiting) go();
    };
    const server = appOf(create, together, rateLimit({ limits: ['10/min', '1k/day'] })).listen(0);
    try {
      const all = await Promise.all(
        Array.from({ length: 50 }, () =>
          request(server).post('/v1/chat').set('x-test-caller', 'acme/ann/k1'),
        ),
      );
      expect(all.filter(({ status }) => status === 200)).toHaveLength(10);
    } finally {
      server.close();
    }
  });
});

describe('plans', () => {
  it('give each caller its own limit', async () => {
    const app = appOf(create, rateLimit({ plans }));
    expect(await statuses(6, () => ask(app, 'acme/ann/k1'))).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await statuses(1, () => ask(app, 'acme/ann/k2'))).toEqual([200]);
    expect(await statuses(8, () => ask(app, 'acme/bob/k3', 'unlimited'))).not.toContain(429);
  });

  it('keep the count of a caller that changes plan', async () => {
    const app = appOf(create, rateLimit({ plans }));
    await statuses(5, () => ask(app));
    const answer = await ask(app, 'acme/ann/k1', 'pro').expect(200);
    expect(parseList(answer.get('ratelimit'))[0]?.parameters.r).toBe(94);
  });

  it('that are not defined are refused, not unlimited', async () => {
    const app = appOf(create, rateLimit({ plans }));
    const refused = await ask(app, 'acme/ann/k1', 'gold').expect(403);
    expect(refused.body.error.message).toContain('plan');
    await ask(app, 'acme/ann/k1', 'toString').expect(403);
  });
});

describe('modes', () => {
  it('shadow counts and publishes the refusal, and lets it pass without a word', async () => {
    const seen: unknown[] = [];
    const stop = subscribe('tollgate:rate-limit', (facts) => seen.push(`${facts.outcome} ${facts.mode}`));
    const app = appOf(create, rateLimit({ limits: '1/min', mode: 'shadow' }));
    const answers = [await ask(app), await ask(app)];
    stop();
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]?.headers).not.toHaveProperty('ratelimit');
    expect(seen).toEqual(['admitted shadow', 'refused shadow']);
  });

  it('off does nothing', async () => {
    const app = appOf(create, rateLimit({ limits: '1/min', mode: 'off' }));
    expect(await statuses(3, () => ask(app))).toEqual([200, 200, 200]);
  });

  it('skip leaves requests uncounted', async () => {
    const app = appOf(
      create,
      rateLimit({ limits: '1/min', skip: async (req) => req.get('x-test-caller') === 'acme/ops/k9' }),
    );
    expect(await statuses(3, () => ask(app, 'acme/ops/k9'))).toEqual([200, 200, 200]);
    expect(await statuses(2, () => ask(app))).toEqual([200, 429]);
  });
});

describe('a deferred request that is done now', () => {
  it('is not counted again: it was when it was asked', async () => {
    const asRun: RequestHandler = (req, _res, next) => {
      if (req.get('x-test-run')) setJobRun(req, { requestId: 'r', caller: callerOf('acme/ann/k1', 'free') });
      next();
    };
    for (const [, create] of versions) {
      const app = appOf(create, asRun, rateLimit({ plans }));
      const runs = () => ask(app).set('x-test-run', 'yes');
      expect(await statuses(7, runs)).toEqual([200, 200, 200, 200, 200, 200, 200]);
      expect(await statuses(6, () => ask(app))).toEqual([200, 200, 200, 200, 200, 429]);
    }
  });
});
