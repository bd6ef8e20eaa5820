import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, spend } from '@tollgate/core';
import { newId, publish } from '@tollgate/core/internal';
import {
  type PostgresProcess,
  type RedisProcess,
  startPostgres,
  startRedis,
  usageEvent,
} from '@tollgate/testkit';
import { callback } from '@tollgate/watch';
import express, { type Express } from 'express';
import request from 'supertest';
import { memoryKeys, memoryOverrides, type Tollgate, type TollgateOptions, tollgate } from '../src/index.js';

const keys = memoryKeys();
const { key, keyId } = keys.create({ tenant: 'acme', plan: 'free' });
const bearer = `Bearer ${key}`;
const plans = { free: { requests: ['4/min', '100/hour'], spend: '$0.50/day' } };

const folder = mkdtempSync(join(tmpdir(), 'tollgate-usage-report-'));
let server: RedisProcess;
let postgres: PostgresProcess;
const started: Tollgate[] = [];
beforeAll(async () => {
  [server, postgres] = await Promise.all([startRedis(), startPostgres()]);
}, 150_000);
afterAll(async () => {
  await Promise.all([server.stop(), postgres.stop()]);
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((tg) => tg.close({ graceMs: 500 })));
});

function appOf(more: Partial<TollgateOptions> = {}) {
  const tg = tollgate({ plans, keys, ...more });
  started.push(tg);
  const app = express();
  app.get('/v1/usage', tg.usage());
  app.use('/v1', tg.guards());
  app.get('/v1/behind', tg.usage());
  app.post('/v1/work', (req, res) => {
    req.tollgate.noCall();
    res.json({});
  });
  return { app, tg };
}

const work = async (app: Express): Promise<number> =>
  (await request(app).post('/v1/work').set('Authorization', bearer).send({})).status;
const usageOf = (app: Express, path = '/v1/usage') => request(app).get(path).set('Authorization', bearer);
const linesOf = async (app: Express, path = '/v1/usage') => {
  const answer = await usageOf(app, path).expect(200);
  return Object.fromEntries(answer.body.limits.map((line: { limit: string }) => [line.limit, line]));
};

describe('the report of what is used and left', () => {
  it('shows beside what is used how much of it is unresolved, where there is a ledger that answers; so do alerts', async () => {
    const alerted: unknown[] = [];
    const to = [callback(({ incident }) => void alerted.push(incident.facts))];
    const { app, tg } = appOf({
      database: { connectionString: postgres.url, spool: join(folder, 'spool') },
      alerts: { to, pollMs: 10 },
    });
    const caller = { id: keyId, keyId, tenant: 'acme', plan: 'free', scopes: [], labels: {} };
    const [state] = await tg.store.read('acme', [counterOf(spend('$0.50/day'), { caller })]);
    const { counter = '', window = '' } = state ?? {};
    const time = new Date().toISOString();
    await tg.ledger?.write(
      usageEvent({
        ...{ eventId: newId(), tenant: 'acme', admittedAt: time, time, uncertain: true },
        ...{ costNanoUsd: '1000000', unresolvedNanoUsd: '30000000' },
        charges: [{ counter, window, amount: 31_000_000, unresolved: 30_000_000 }],
      }),
    );
    await tg.ledger?.caughtUp?.();
    expect((await linesOf(app))['usd-day']).toMatchObject({ unresolved: '0.03' });
    expect((await linesOf(app))['requests-min']).not.toHaveProperty('unresolved');
    const crossing = { counter, window, unit: 'usd', limit: 500_000_000, used: 400_000_000, threshold: 0.8 };
    publish('tollgate:threshold', () => crossing);
    while (alerted.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(alerted).toMatchObject([{ used: '$0.40', unresolved: '$0.03' }]);
    const other = appOf({ database: { connectionString: postgres.url, spool: join(folder, 'other') } });
    await other.tg.store.read('acme', [counterOf(spend('$0.50/day'), { caller })]);
    await postgres.kill();
    // It was asked a moment ago: requests for the report cost nothing, and are no load for it.
    expect((await linesOf(app))['usd-day']).toMatchObject({ unresolved: '0.03' });
    expect((await linesOf(other.app))['usd-day']).toMatchObject({
      left: expect.any(String),
      unresolved: null,
    });
    await postgres.restart();
    expect((await linesOf(appOf().app))['usd-day']).not.toHaveProperty('unresolved');
  });

  it('shows the windows of requests beside the budgets, which one binds, and counts none of its own', async () => {
    const { app } = appOf();
    expect(await linesOf(app)).toMatchObject({
      'usd-day': { left: '0.50', binding: true },
      'requests-min': {
        unit: 'requests',
        cap: 4,
        used: 0,
        held: 0,
        left: 4,
        resets_at: null,
        binding: false,
      },
      'requests-hour': { cap: 100, left: 100, resets_at: null },
    });
    const before = Date.now();
    for (let count = 0; count < 3; count += 1) expect(await work(app)).toBe(200);
    for (let count = 0; count < 5; count += 1) {
      const lines = await linesOf(app);
      expect(lines).toMatchObject({
        'usd-day': { binding: false },
        'requests-min': { used: 3, left: 1, binding: true },
        'requests-hour': { used: 3, left: 97, binding: false },
      });
      const resets = Date.parse(lines['requests-min'].resets_at);
      expect(resets).toBeGreaterThanOrEqual(before + 59_000);
      expect(resets).toBeLessThanOrEqual(Date.now() + 60_000);
    }
  });

  it('is answered when requests or money are used up, to callers with a good key alone', async () => {
    const { app } = appOf({ plans: { free: { requests: '2/min', spend: '$0/day' } } });
    await work(app);
    await work(app);
    expect(await work(app)).toBe(429);
    const lines = await linesOf(app);
    expect(lines['requests-min']).toMatchObject({ used: 2, left: 0 });
    expect(lines['usd-day']).toMatchObject({ left: '0.00', binding: true });
    await request(app).get('/v1/usage').expect(401);
    await request(app).get('/v1/usage').set('Authorization', `${bearer}x`).expect(401);
  });

  it('gives its own request back where it stands behind the guards', async () => {
    const { app } = appOf();
    await work(app);
    for (let count = 0; count < 6; count += 1) {
      expect(await linesOf(app, '/v1/behind')).toMatchObject({ 'requests-min': { used: 1, left: 3 } });
    }
    expect(await linesOf(app)).toMatchObject({ 'requests-min': { used: 1 } });
  });

  it('shows limits of the caller’s own, bursts, and requests that the budget counts; not those of everybody', async () => {
    const overrides = memoryOverrides();
    overrides.set({ tenant: 'acme', keyId, kind: 'requests', limit: '9/min' });
    const limits = [
      { rate: '50/hour', by: 'tenant', name: 'of-tenant' },
      { rate: '70/day', by: 'global', name: 'of-all' },
    ] as const;
    const own = appOf({
      plans: { free: { requests: { rate: '4/min', burst: 2 } } },
      overrides,
      rateLimit: { limits },
    });
    await work(own.app);
    expect(await linesOf(own.app)).toMatchObject({
      'requests-min': { cap: 9, used: 1 },
      'of-tenant': { cap: 50, used: 1 },
    });
    expect(Object.keys(await linesOf(own.app))).not.toContain('of-all');
    const bursts = appOf({ plans: { free: { requests: { rate: '4/min', burst: 2 } } } });
    expect(Object.keys(await linesOf(bursts.app))).toEqual(['requests-min', 'requests-min-burst']);

    const counted = appOf({ budget: { requests: true } });
    await work(counted.app);
    expect(await linesOf(counted.app)).toMatchObject({
      'usd-day': { left: '0.50' },
      'requests-min': { unit: 'requests', cap: 4, used: 1, left: 3 },
    });
  });

  it('tells what all processes have counted together on Redis', async () => {
    const redis = { url: server.url, deadlineMs: 5_000, prefix: 'usage-report' };
    const [one, other] = [appOf({ redis }), appOf({ redis })];
    const start = Date.now();
    while (!(one.tg.isReady && other.tg.isReady)) {
      if (Date.now() - start > 10_000) throw new Error('Redis is not there within 10 s');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await linesOf(one.app)).toMatchObject({ 'requests-min': { used: 0, resets_at: null } });
    expect(await work(one.app)).toBe(200);
    expect(await work(other.app)).toBe(200);
    for (const { app } of [one, other]) {
      for (const path of ['/v1/usage', '/v1/behind']) {
        const lines = await linesOf(app, path);
        expect(lines).toMatchObject({ 'requests-min': { used: 2, left: 2, binding: true } });
        expect(Date.parse(lines['requests-min'].resets_at)).toBeGreaterThan(Date.now());
      }
    }
    expect([await work(one.app), await work(other.app), await work(one.app)]).toEqual([200, 200, 429]);
    expect(await linesOf(other.app)).toMatchObject({ 'requests-min': { left: 0, binding: true } });
  });
});
