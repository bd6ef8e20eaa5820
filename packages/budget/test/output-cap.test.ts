import { describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, memoryQuota, type PlanDeclaration, spend } from '@tollgate/core';
import request from 'supertest';
import { type BudgetOptions, budget } from '../src/index.js';
import { appOf, callerOn, proxyLike } from './app.js';
import { used } from './stub-meter.js';

const caller = callerOn('one');

function appOn(plan: PlanDeclaration, options: BudgetOptions = {}, usage = used(100, 10), from = caller) {
  const store = memoryQuota();
  const plans = definePlans({ one: plan });
  const app = appOf(from, (app) => {
    app.use(budget({ plans, store, ...options }));
    app.post('/', proxyLike(usage));
  });
  const counters = (plans.one?.limits ?? []).map((limit) => counterOf(limit, { caller }));
  return {
    send: (body: object) => request(app).post('/').send(body),
    read: () => store.read('acme', counters),
  };
}

describe('the output cap of a call', () => {
  it('is injected where the client states none: 4096, or what the plan says', async () => {
    const { send } = appOn({ spend: '$1/day' });
    expect((await send({ model: 'small', input: 100 })).body.max_tokens).toBe(4096);
    const smaller = appOn({ spend: '$1/day', maxOutputTokens: 500 });
    expect((await smaller.send({ model: 'small', input: 100 })).body.max_tokens).toBe(500);
  });

  it('is what every limit still affords, to the token, so that the plain call works on the smallest plan', async () => {
    // 100 × 100 nano-dollars of input leave 30 400 of 40 400: 60 tokens at 500.
    const money = await appOn({ spend: '$0.0000404/day', tokens: '1k/day' }).send({
      model: 'small',
      input: 100,
    });
    expect(money.body.max_tokens).toBe(60);
    const count = await appOn({ spend: '$1/day', tokens: '150/day' }).send({ model: 'small', input: 100 });
    expect(count.body.max_tokens).toBe(50);
    const answers = await appOn({ outputTokens: '90/day' }).send({ model: 'small', input: 100, n: 4 });
    expect(answers.body.max_tokens).toBe(22);
  });

  it('is not lowered by the limits of requests in flight and of requests', async () => {
    const plan = { spend: '$1/day', concurrent: 2, requests: '5/min' };
    const { send } = appOn(plan, { requests: true });
    expect((await send({ model: 'small', input: 100 })).body.max_tokens).toBe(4096);
  });

  it('is never less than what is worth a call: below it, the call is refused', async () => {
    await appOn({ tokens: '116/day' }).send({ model: 'small', input: 100 }).expect(200);
    await appOn({ tokens: '115/day' }).send({ model: 'small', input: 100 }).expect(400);
    await appOn({ tokens: '101/day' }, { minOutputTokens: 1 })
      .send({ model: 'small', input: 100 })
      .expect(200);
  });

  it('gives back what was held beyond it', async () => {
    const { send, read } = appOn({ spend: '$0.0000404/day', tokens: '10k/day' });
    await send({ model: 'small', input: 100 }).expect(200);
    for (const state of await read()) expect(state.held).toBe(0);
    expect((await read()).map((state) => state.used).sort()).toEqual([110, 15_000]);
  });

  it('is sent as the client states it, where it fits', async () => {
    const answer = await appOn({ spend: '$1/day' }).send({ model: 'small', input: 100, max_tokens: 7 });
    expect(answer.body.max_tokens).toBe(7);
    expect(answer.headers).not.toHaveProperty('x-tollgate-max-output-tokens');
  });

  it('is lowered and said so with "fit", to what is affordable and to the plan’s', async () => {
    const money = appOn({ tokens: '150/day' }, { fit: true });
    const answer = await money.send({ model: 'small', input: 100, max_tokens: 500 }).expect(200);
    expect(answer.body.max_tokens).toBe(50);
    expect(answer.headers['x-tollgate-max-output-tokens']).toBe('50');
    const plan = appOn({ maxOutputTokens: 64 }, { fit: true });
    const lowered = await plan.send({ model: 'small', input: 100, max_tokens: 500 }).expect(200);
    expect(lowered.headers['x-tollgate-max-output-tokens']).toBe('64');
  });
});

describe('the degradation ladder', () => {
  const plan: PlanDeclaration = {
    spend: '$0.001/day',
    models: ['large', 'small'],
    degrade: [
      { at: 0.5, model: { large: 'small' } },
      { at: 0.8, maxOutputTokens: 32 },
    ],
  };

  it('is gone down from 0 to 100 % of the cap, and said in headers', async () => {
    const store = memoryQuota();
    const plans = definePlans({ one: plan });
    const seen: { share: number; model: string; cap: number; said: string | undefined }[] = [];
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.post('/', proxyLike(used(100, 0)));
    });
    const counter = counterOf(spend('$0.001/day'), { caller });
    let status = 200;
    for (let sent = 0; sent < 200 && status === 200; sent += 1) {
      const [state] = await store.read('acme', [counter]);
      const answer = await request(app).post('/').send({ model: 'large', input: 100, max_tokens: 100 });
      status = answer.status;
      if (status !== 200) break;
      seen.push({
        share: (state?.used ?? 0) / counter.limit,
        model: answer.body.model,
        cap: answer.body.max_tokens,
        said: answer.headers['x-tollgate-model'],
      });
    }
    expect(status).toBe(402);
    for (const { share, model, cap, said } of seen) {
      if (share < 0.5)
        expect({ share, model, cap, said }).toEqual({ share, model: 'large', cap: 100, said: undefined });
      else if (share < 0.8)
        expect({ share, model, cap, said }).toEqual({ share, model: 'small', cap: 100, said: 'small' });
      else expect({ share, model, cap, said }).toEqual({ share, model: 'small', cap: 32, said: 'small' });
    }
    expect(seen.some(({ share }) => share >= 0.9)).toBe(true);
  });

  it('takes only models that the caller may use and that have a price', async () => {
    const steps = (model: string): PlanDeclaration => ({
      tokens: '1k/day',
      degrade: [{ at: 0.01, model: { large: model } }],
    });
    const narrow = { ...caller, models: ['large', 'unpriced'] };
    for (const model of ['small', 'unpriced']) {
      const { send } = appOn(steps(model), {}, undefined, narrow);
      await send({ model: 'large', input: 100, max_tokens: 100 }).expect(200);
      const answer = await send({ model: 'large', input: 100, max_tokens: 100 }).expect(200);
      expect(answer.body.model).toBe('large');
    }
  });
});
