import { describe, expect, it } from '@jest/globals';
import { definePlans, memoryQuota, type PlanDeclaration, spend, tokens } from '@tollgate/core';
import { createManualClock } from '@tollgate/testkit';
import request from 'supertest';
import { type BudgetOptions, budget } from '../src/index.js';
import { appOf, callerOn, proxyLike } from './app.js';
import { used } from './stub-meter.js';

const noon = Date.UTC(2026, 10, 21, 12, 0, 0);

/** An app on one plan, at noon, whose provider always uses so much. */
function appOn(plan: PlanDeclaration, usage = used(100, 100), options: BudgetOptions = {}) {
  const clock = createManualClock(noon);
  const store = memoryQuota({ now: clock.now });
  const plans = definePlans({ one: plan });
  const app = appOf(callerOn('one'), (app) => {
    app.use(budget({ plans, store, now: clock.now, ...options }));
    app.post('/', proxyLike(usage));
  });
  const send = (body: object) => request(app).post('/').send(body);
  return { app, clock, store, send };
}

const call = { model: 'small', input: 100, max_tokens: 100 };

describe('what budget() refuses with', () => {
  it('answers 402 budget_exceeded with what is left, what was asked and the reset once the money is gone', async () => {
    const { send } = appOn({ spend: '$0.0001/day' });
    await send(call).expect(200);
    const answer = await send(call).expect(402);
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(answer.headers).not.toHaveProperty('retry-after');
    expect(answer.body.error).toEqual({
      code: 'budget_exceeded',
      type: 'insufficient_quota',
      param: null,
      message:
        'The budget does not cover this request. Limit "usd-day": $0.00004 of $0.0001 left, $0.00006 asked. It resets at 2026-11-22T00:00:00.000Z.',
      resets_at: '2026-11-22T00:00:00.000Z',
    });
  });

  it('answers 429 instead of 402 where the app says so, still without a retry', async () => {
    const { send } = appOn({ spend: '$0.0001/day' }, undefined, { refuseWith: 429 });
    await send(call).expect(200);
    const answer = await send(call).expect(429);
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(answer.body.error.code).toBe('budget_exceeded');
  });

  it('answers 429 rate_limit_exceeded where tokens are back within a minute, and admits after exactly that long', async () => {
    const { send, clock } = appOn({ tokens: '600/min' });
    for (let sent = 0; sent < 3; sent += 1) await send(call).expect(200);
    const answer = await send(call).expect(429);
    expect(answer.body.error.code).toBe('rate_limit_exceeded');
    expect(answer.headers['x-should-retry']).toBe('true');
    const waitMs = Number(answer.headers['retry-after-ms']);
    expect(waitMs).toBe(20_000);
    expect(answer.headers['retry-after']).toBe('20');
    clock.advance(waitMs - 1);
    await send(call).expect(429);
    clock.advance(1);
    await send(call).expect(200);
  });

  it('answers 429 quota_exceeded where tokens are back later, with the reset in the body and no Retry-After beyond an hour', async () => {
    const { send, clock } = appOn({ tokens: '200/day' });
    await send(call).expect(200);
    const answer = await send(call).expect(429);
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(answer.headers).not.toHaveProperty('retry-after');
    expect(answer.body.error).toMatchObject({
      code: 'quota_exceeded',
      resets_at: '2026-11-22T00:00:00.000Z',
    });
    clock.set(Date.UTC(2026, 10, 21, 23, 30));
    const later = await send(call).expect(429);
    expect(later.headers['retry-after']).toBe('1800');
    expect(later.headers['x-should-retry']).toBe('false');
  });

  it('answers 429 with 1 second where tokens are only held by others', async () => {
    const { store, clock } = appOn({});
    const plans = definePlans({ one: { tokens: '200/day' } });
    let answered: (() => void) | undefined;
    const app = appOf(callerOn('one'), (app) => {
      app.use(budget({ plans, store, now: clock.now }));
      app.post('/', (req, res, next) => {
        answered = () => proxyLike()(req, res, next);
      });
    });
    const server = app.listen(0);
    try {
      const first = request(server)
        .post('/')
        .send(call)
        .then((answer) => answer.status);
      while (!answered) await new Promise(setImmediate);
      const second = await request(server).post('/').send(call);
      expect(second.status).toBe(429);
      expect(second.headers['retry-after']).toBe('1');
      expect(second.body.error.code).toBe('rate_limit_exceeded');
      answered();
      expect(await first).toBe(200);
    } finally {
      server.close();
    }
  });

  it('answers 429 concurrency_exceeded with 1 second where too many are in flight, until one ends', async () => {
    const clock = createManualClock(noon);
    const plans = definePlans({ one: { concurrent: 1 } });
    let answered: (() => void) | undefined;
    const app = appOf(callerOn('one'), (app) => {
      app.use(budget({ plans, store: memoryQuota({ now: clock.now }), now: clock.now }));
      app.post('/', (_req, res) => {
        answered = () => res.json({});
      });
    });
    const server = app.listen(0);
    try {
      const first = request(server)
        .post('/')
        .then((answer) => answer.status);
      while (!answered) await new Promise(setImmediate);
      const second = await request(server).post('/');
      expect(second.status).toBe(429);
      expect(second.headers['retry-after']).toBe('1');
      expect(second.body.error.code).toBe('concurrency_exceeded');
      answered();
      expect(await first).toBe(200);
    } finally {
      server.close();
    }
  });

  it('answers 400 request_exceeds_limit for a request larger than a whole limit, naming it, and never says retry', async () => {
    const { send } = appOn({ tokens: '150/day' });
    const answer = await send(call).expect(400);
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(answer.body.error.code).toBe('request_exceeds_limit');
    expect(answer.body.error.message).toContain(
      '"tokens-day": 150 tokens of 150 tokens left, 200 tokens asked',
    );
  });

  it('says no figures of a limit that tenants share, only its name and its reset', async () => {
    const { send } = appOn({}, used(100, 100), { limits: [spend('$0.0001/day').by('global')] });
    const first = await send(call).expect(200);
    expect(String(first.headers.ratelimit ?? '')).not.toContain('usd');
    const answer = await send(call).expect(402);
    expect(answer.body.error.message).toBe(
      'The budget does not cover this request. Limit "usd-day" is shared. It resets at 2026-11-22T00:00:00.000Z.',
    );
  });

  it("answers 400 invalid_value naming the field where the client's cap is above the plan's", async () => {
    const { send } = appOn({ maxOutputTokens: 64 });
    const answer = await send(call).expect(400);
    expect(answer.body.error).toMatchObject({ code: 'invalid_value', param: 'max_tokens' });
  });

  it('answers 403 model_not_allowed for a model that the plan, or the key, does not have', async () => {
    const { send } = appOn({ models: ['sm*'] });
    await send(call).expect(200);
    const answer = await send({ ...call, model: 'large' }).expect(403);
    expect(answer.body.error).toMatchObject({ code: 'model_not_allowed', param: 'model' });
  });

  it('answers 401 to a request without a verified caller, and 403 to one on an unknown plan', async () => {
    const plans = definePlans({ one: {} });
    const guard = () => budget({ plans, store: memoryQuota() });
    await request(appOf(undefined, (app) => app.use(guard())))
      .post('/')
      .expect(401);
    await request(appOf(callerOn('other'), (app) => app.use(guard())))
      .post('/')
      .expect(403);
  });

  it('lets a model that is declared free pass when the money is gone', async () => {
    const { send } = appOn({ spend: '$0.00006/day' });
    await send(call).expect(200);
    await send(call).expect(402);
    await send({ ...call, model: 'free' }).expect(200);
  });

  it('counts a limit by model for each model of its own', async () => {
    const { send } = appOn({}, used(100, 100), { limits: [tokens('200/day').by('model')] });
    await send(call).expect(200);
    await send(call).expect(429);
    await send({ ...call, model: 'large' }).expect(200);
  });
});
