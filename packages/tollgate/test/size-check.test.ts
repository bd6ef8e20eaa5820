import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { memoryKeys, type PlanDeclaration, type TollgateOptions, tollgate } from '../src/index.js';

function appWith(plan: PlanDeclaration, more: Partial<TollgateOptions> = {}) {
  const keys = memoryKeys();
  const { key } = keys.create({ tenant: 'acme', plan: 'small' });
  let looks = 0;
  const watching = {
    name: 'watching',
    on: 'input',
    action: 'block',
    find: () => {
      looks += 1;
      return [];
    },
  } as const;
  const tg = tollgate({ plans: { small: plan }, keys, guardrails: { rules: [watching] }, ...more });
  const app = express();
  app.use(tg.guards());
  app.use((_req, res) => void res.json({}));
  app.use(tg.errors());
  const ask = (content: unknown, path = '/v1/chat/completions') =>
    request(app)
      .post(path)
      .set('Authorization', `Bearer ${key}`)
      .send({ model: 'gpt-5-nano', max_completion_tokens: 10, messages: [{ role: 'user', content }] });
  return { ask, looks: () => looks };
}

const cheap = { inputUsdPerMillion: '0.001', outputUsdPerMillion: '0.001' };

describe('calls larger than a whole limit', () => {
  const large = '\ufdfa'.repeat(150_000);

  it.each([
    ['tokens', { tokens: '20k/day' }],
    ['input tokens', { inputTokens: '20k/day' }],
    ['one of several', { spend: '$5/day', tokens: ['1M/month', '20k/day'] }],
  ] satisfies [string, PlanDeclaration][])(
    'are refused before guardrails look at them: %s',
    async (_, plan) => {
      const { ask, looks } = appWith(plan);
      for (const content of [
        large,
        [
          { type: 'text', text: large },
          { type: 'text', text: large },
        ],
      ]) {
        const { status, body } = await ask(content);
        expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'request_exceeds_limit' });
        expect(body.error.message).toContain('20000 tokens');
      }
      expect(looks()).toBe(0);
      expect((await ask('Hi')).status).toBe(200);
      expect(looks()).toBeGreaterThan(0);
    },
  );

  it('are refused where they cost more than all the money, at the lowest price', async () => {
    // 450 kB: at gpt-5-nano's 0.05 $ per million tokens, half of that in the cheapest tier, 0.011 $.
    const { ask, looks } = appWith({ spend: ['$5/month', '$0.01/day'] });
    const { status, body } = await ask(large);
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'request_exceeds_limit' });
    expect(body.error.message).toContain('$0.01');
    expect(looks()).toBe(0);
  });

  it.each<[string, PlanDeclaration, Partial<TollgateOptions>]>([
    ['money for it', { spend: '$0.02/day' }, {}],
    ['money that only warns', { spend: { limit: '$0.01/day', soft: true } }, {}],
    [
      'a cheaper model to fall back to',
      {
        spend: '$0.01/day',
        degrade: [{ at: 0.5, model: { 'gpt-5-nano': 'tiny' } }],
      },
      { meter: { prices: { tiny: 'free' } } },
    ],
    [
      'a price of one’s own that is lower',
      { spend: '$0.01/day' },
      { meter: { prices: { 'own/gpt-5-nano': cheap } } },
    ],
    ['a model that is free', { spend: '$0.01/day' }, { meter: { prices: { 'gpt-5-nano': 'free' } } }],
    ['calls that go elsewhere', { spend: '$0.01/day' }, { meter: { dispatch: (outgoing) => outgoing } }],
  ])('are looked at with %s', async (_, plan, more) => {
    const { ask, looks } = appWith(plan, more);
    await ask(large);
    expect(looks()).toBeGreaterThan(0);
  });

  it.each([
    ['a limit that only warns', { tokens: { limit: '20k/day', soft: true } }, {}],
    ['a limit on output', { outputTokens: '20k/day' }, {}],
    ['shadow mode', { tokens: '20k/day' }, { mode: 'shadow' }],
  ] satisfies [string, PlanDeclaration, Partial<TollgateOptions>][])(
    'are looked at with %s',
    async (_, plan, more) => {
      const { ask, looks } = appWith(plan, more);
      expect((await ask(large)).status).toBe(200);
      expect(looks()).toBeGreaterThan(0);
    },
  );

  it('are not what is sent to routes of the app, nor what media has for bytes', async () => {
    const { ask, looks } = appWith({ tokens: '100k/day' });
    expect((await ask(large, '/documents')).status).toBe(200);
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'QUJD'.repeat(50_000)}` } };
    expect((await ask([image])).status).toBe(200);
    expect(looks()).toBeGreaterThan(0);
  });

  it('are refused without the figure where the limit is of all callers', async () => {
    const { ask } = appWith({}, { limits: [{ tokens: '20k/day' }] });
    const { status, body } = await ask(large);
    expect(status).toBe(400);
    expect(body.error.message).toBe('This request is larger than a limit.');
  });
});
