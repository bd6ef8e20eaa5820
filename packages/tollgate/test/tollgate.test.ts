import { beforeEach, describe, expect, it } from '@jest/globals';
import { simulateProvider } from '@tollgate/simulator';
import express5, { type Express } from 'express';
import express4 from 'express4';
import request from 'supertest';
import {
  callbackSink,
  memoryKeys,
  memoryQuota,
  openai,
  type TollgateOptions,
  tollgate,
  type UsageEvent,
} from '../src/index.js';

const plans = { free: { requests: '5/min', spend: '$0.50/day' } };
const body = { model: 'gpt-5-mini', max_completion_tokens: 10, messages: [{ role: 'user', content: 'hi' }] };

describe.each([
  ['5', express5],
  ['4.18', express4 as unknown as typeof express5],
])('tollgate() on Express %s', (_version, express) => {
  let events: UsageEvent[];
  const keys = memoryKeys();
  const { key } = keys.create({ tenant: 'acme', user: 'ann', plan: 'free', scopes: ['summarize'] });
  const make = (more: Partial<TollgateOptions> = {}) => {
    const tg = tollgate({ plans, keys, sinks: [callbackSink((event) => void events.push(event))], ...more });
    const app = express();
    app.use(tg.guards());
    return { app, tg };
  };
  const post = (app: Express, path: string, sent: object = body) =>
    request(app).post(path).set('Authorization', `Bearer ${key}`).send(sent);

  beforeEach(() => {
    events = [];
  });

  it('asks who it is before anything else', async () => {
    const { app } = make();
    const answer = await request(app).post('/v1/chat/completions').type('text').send('not even JSON');
    expect(answer.status).toBe(401);
    expect(answer.body.error.code).toBe('missing_api_key');
  });

  it('passes calls through, charges what the provider reports, and shows what is left', async () => {
    const provider = await simulateProvider();
    const { app, tg } = make({ meter: { exposeCost: true } });
    app.post(
      '/v1/chat/completions',
      tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }),
    );
    app.get('/v1/usage', tg.usage());
    const answer = await post(app, '/v1/chat/completions');
    expect(answer.status).toBe(200);
    expect(answer.headers['x-tollgate-cost']).toMatch(/^0\.0000\d+$/);
    expect(answer.headers['ratelimit-policy']).toMatch(
      /"requests-min";q=5;w=60, "usd-day";q=500000;w=86400;qu="micro-usd"/,
    );
    const usage = await request(app).get('/v1/usage').set('Authorization', `Bearer ${key}`);
    expect(usage.body).toMatchObject({
      plan: 'free',
      tenant: 'acme',
      limits: [
        {
          limit: 'usd-day',
          cap: '0.50',
          used: answer.headers['x-tollgate-cost'],
          held: '0.00',
          binding: false,
        },
        { limit: 'requests-min', unit: 'requests', cap: 5, used: 1, left: 4, binding: true },
      ],
    });
    expect(events).toHaveLength(1);
    await provider.close();
  });

  it('limits requests before it reads bodies', async () => {
    const { app } = make();
    app.post('/', (_req, res) => void res.end());
    const statuses: number[] = [];
    for (let count = 0; count < 6; count += 1) statuses.push((await post(app, '/', {})).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it('gives a route its own scope and limit', async () => {
    const { app, tg } = make();
    app.post(
      '/summarize',
      tg.scope('summarize'),
      tg.limit('$0.000001/day', { by: ['route', 'user'] }),
      (_req, res) => void res.json({}),
    );
    app.post('/admin', tg.scope('admin'), (_req, res) => void res.json({}));
    app.use(tg.errors());
    expect((await post(app, '/summarize', {})).status).toBe(200);
    const refused = await post(app, '/admin', {});
    expect(refused.status).toBe(403);
    expect(refused.body.error.code).toBe('insufficient_scope');
  });

  it('finishes what runs, refuses what comes, and ends', async () => {
    const provider = await simulateProvider();
    provider.hold();
    const { app, tg } = make();
    app.post(
      '/v1/chat/completions',
      tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }),
    );
    const running = post(app, '/v1/chat/completions').then((answer) => answer.status);
    await provider.waitFor(1);
    const closed = tg.close({ graceMs: 5_000 });
    expect(tg.isReady).toBe(false);
    const late = await post(app, '/v1/chat/completions');
    expect(late.status).toBe(503);
    expect(late.body.error.code).toBe('shutting_down');
    provider.release();
    expect(await running).toBe(200);
    await closed;
    expect(tg.inFlight).toBe(0);
    expect(events).toHaveLength(1);
    await provider.close();
  });

  it('aborts and settles what still runs after the grace period', async () => {
    const provider = await simulateProvider();
    provider.hold();
    const { app, tg } = make();
    app.post(
      '/v1/chat/completions',
      tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }),
    );
    const running = post(app, '/v1/chat/completions').then((answer) => answer.status);
    await provider.waitFor(1);
    await tg.close({ graceMs: 1 });
    expect(await running).toBe(503);
    expect(events).toMatchObject([{ outcome: 'aborted', uncertain: true }]);
    await provider.close();
  });
});

describe('tollgate()', () => {
  it.each<[string, object, string]>([
    ['no plans', { keys: memoryKeys() }, 'tollgate: "plans" is required'],
    [
      'no credentials',
      { plans },
      'tollgate: at least one of "keys", "jwt", "database" and authenticate: { caller } is required',
    ],
    [
      'a misspelt option',
      { plans, key: memoryKeys() },
      'tollgate: unknown option "key" (did you mean "keys"?)',
    ],
    [
      'a misspelt option of a piece',
      { plans, keys: memoryKeys(), meter: { sink: [] } },
      'meter: unknown option "sink"',
    ],
    ['a wrong plan', { plans: { free: { spend: '5' } }, keys: memoryKeys() }, 'definePlans: plan "free"'],
    [
      'sinks beside a store',
      { plans, keys: memoryKeys(), store: memoryQuota(), sinks: [] },
      'give "sinks" to the store itself',
    ],
  ])('throws at start for %s', (_what, options, message) => {
    expect(() => tollgate(options as TollgateOptions)).toThrow(message);
  });
});
