import { describe, expect, it } from '@jest/globals';
import { simulateProvider } from '@tollgate/simulator';
import express from 'express';
import request from 'supertest';
import {
  childCredentials,
  memoryKeys,
  memoryOverrides,
  openai,
  type TollgateOptions,
  tollgate,
} from '../src/index.js';

const message = { role: 'user', content: 'hi' };
const body = { model: 'gpt-5-mini', max_completion_tokens: 10, messages: [message] };

async function world(more: Pick<TollgateOptions, 'plans'>) {
  const provider = await simulateProvider();
  const keys = memoryKeys();
  const { key, keyId } = keys.create({ tenant: 'acme', plan: 'free', team: 'data', scopes: ['chat'] });
  const overrides = memoryOverrides();
  const children = childCredentials({ secret: 'a secret of at least thirty-two bytes' });
  const tg = tollgate({ keys, overrides, children, ...more });
  const app = express();
  app.use(tg.guards());
  app.post(
    '/v1/chat/completions',
    tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }),
  );
  app.get('/v1/usage', tg.usage());
  app.post('/children', async (req, res) => {
    const { caller } = req.tollgate;
    res.json(caller && (await children.mint(caller, req.body)));
  });
  const call = (credential = key) =>
    request(app).post('/v1/chat/completions').set('Authorization', `Bearer ${credential}`).send(body);
  const usage = (credential = key) =>
    request(app).get('/v1/usage').set('Authorization', `Bearer ${credential}`);
  const close = async () => {
    await tg.close({ graceMs: 0 });
    await provider.close();
  };
  return { keyId, key, overrides, children, tg, app, call, usage, close };
}

describe('limits that change while the app runs', () => {
  it('raise a budget that was used up, for its key alone, and show in what is left', async () => {
    const { call, overrides, keyId, usage, close } = await world({
      plans: { free: { spend: '$0.000001/day' } },
    });
    const refused = await call();
    expect(refused.status).toBe(400);
    expect(refused.body.error.code).toBe('request_exceeds_limit');
    overrides.set({ tenant: 'acme', keyId, kind: 'spend', limit: '$1/day' });
    expect((await call()).status).toBe(200);
    const { limits } = (await usage()).body;
    expect(limits).toMatchObject([{ limit: 'usd-day', cap: '1.00', binding: true }]);
    overrides.set({ tenant: 'acme', keyId, kind: 'spend', limit: '$0/day' });
    expect((await call()).status).not.toBe(200);
    await close();
  });

  it('are counted beside the plan where it has none such: a budget of a whole team', async () => {
    const { call, overrides, usage, close } = await world({ plans: { free: { spend: '$1/day' } } });
    overrides.set({ tenant: 'acme', team: 'data', kind: 'tokens', limit: '120/month' });
    expect((await call()).status).toBe(200);
    const { limits } = (await usage()).body;
    expect(limits.map(({ limit }: { limit: string }) => limit)).toEqual(['usd-day', 'tokens-month-team']);
    expect(limits.filter(({ binding }: { binding: boolean }) => binding)).toMatchObject([
      { limit: 'tokens-month-team' },
    ]);
    let last = await call();
    for (let round = 0; round < 20 && last.status === 200; round += 1) last = await call();
    expect(last.status).toBe(429);
    expect(last.body.error.code).toBe('quota_exceeded');
    await close();
  });

  it('change how often a key may ask, also in periods that no plan has', async () => {
    const { call, overrides, close } = await world({
      plans: { free: { requests: '2/min', spend: '$1/day' } },
    });
    overrides.set({ tenant: 'acme', kind: 'requests', limit: '4/min', by: 'key' });
    overrides.set({ tenant: 'acme', kind: 'requests', limit: '3/hour' });
    const statuses = [];
    for (let round = 0; round < 4; round += 1) statuses.push((await call()).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    await close();
  });

  it('hold for scripts as well', async () => {
    const { tg, overrides, close } = await world({ plans: { free: { spend: '$1/day' } } });
    overrides.set({ tenant: 'acme', kind: 'spend', limit: '$0.25/day' });
    const caller = { id: 'job', tenant: 'acme', plan: 'free', scopes: [], labels: {} };
    const limits = await tg.runWith(caller, (context) => context.caller?.limits?.limits);
    expect(limits).toMatchObject([{ name: 'usd-day-tenant', amount: 250_000_000 }]);
    await close();
  });
});

describe('a child credential', () => {
  it('spends its own limit and its parent’s, and is refused when its own is gone', async () => {
    const { app, key, call, usage, close } = await world({ plans: { free: { spend: '$1/day' } } });
    const minted = await request(app)
      .post('/children')
      .set('Authorization', `Bearer ${key}`)
      .send({ limits: { requests: '1' }, scopes: ['chat'] });
    const { token, id } = minted.body;
    expect((await call(token)).status).toBe(200);
    expect((await call(token)).status).toBe(429);
    const child = (await usage(token)).body;
    expect(child).toMatchObject({ tenant: 'acme', team: 'data', child_id: id });
    expect(child.limits).toMatchObject([
      { limit: 'usd-day', binding: false },
      { limit: 'requests-child', used: 1, left: 0, binding: true },
    ]);
    const parent = (await usage()).body;
    expect(parent).toMatchObject({ child_id: null });
    expect(parent.limits[0].used).toBe(child.limits[0].used);
    expect(Number(parent.limits[0].used)).toBeGreaterThan(0);
    expect((await call()).status).toBe(200);
    await close();
  });
});
