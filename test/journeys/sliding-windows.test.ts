import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import express, { type Express } from 'express';
import request from 'supertest';
import { definePlans, memoryKeys, type Tollgate, tollgate } from 'tollgate';

const plans = definePlans({ free: { requests: { rate: '20/min', window: 'sliding' }, tokens: '1M/day' } });
const apps: { app: Express; tg: Tollgate }[] = [];
let redis: RedisProcess;
let key: string;

beforeAll(async () => {
  redis = await startRedis();
  const { url } = redis;
  const keys = memoryKeys();
  ({ key } = await keys.create({ tenant: 'acme', plan: 'free' }));
  for (let index = 0; index < 2; index += 1) {
    const tg = tollgate({
      keys,
      plans,
      redis: { url, deadlineMs: 5_000 },
      rateLimit: { cost: (req) => (req.path === '/report' ? 5 : 1) },
    });
    const app = express();
    app.get('/usage', tg.usage());
    app.use(tg.guards());
    app.get(['/small', '/report'], (_req, res) => {
      res.json({});
    });
    app.use(tg.errors());
    await tg.ready();
    apps.push({ app, tg });
  }
});
afterAll(async () => {
  await Promise.all(apps.map(({ tg }) => tg.close()));
  await redis.stop();
});

const ask = (index: number, path: string) =>
  request(apps[index]?.app as Express)
    .get(path)
    .set('authorization', `Bearer ${key}`);

describe('sliding windows of two apps on one Redis', () => {
  it('are one window, in which a request counts as its cost', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 3; index += 1) statuses.push((await ask(index % 2, '/report')).status);
    for (let index = 0; index < 7; index += 1) statuses.push((await ask(index % 2, '/small')).status);
    expect(statuses).toEqual([...Array(8).fill(200), 429, 429]);
    const refused = await ask(1, '/report');
    expect([refused.status, refused.headers.ratelimit]).toEqual([
      429,
      expect.stringMatching(/^"requests-min";r=0;t=\d+$/),
    ]);
    expect(refused.body.error.message).toMatch(/^Too many requests: the limit of 20 requests per minute/);
    const { body } = await ask(0, '/usage');
    expect(JSON.stringify(body)).toContain('"requests-min"');
  });
});
