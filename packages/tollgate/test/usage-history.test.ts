import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { type PostgresProcess, startPostgres, usageEvent } from '@tollgate/testkit';
import express, { type Express } from 'express';
import { Client } from 'pg';
import request from 'supertest';
import { childCredentials, memoryKeys, type Tollgate, tollgate } from '../src/index.js';

const children = childCredentials({ secret: 'a secret of at least thirty-two bytes' });
const keys = memoryKeys();
const acme = keys.create({ tenant: 'acme', plan: 'free' });
const other = keys.create({ tenant: 'acme', plan: 'free' });
const globex = keys.create({ tenant: 'globex', plan: 'free' });
const now = () => Date.UTC(2026, 10, 20, 12);

let postgres: PostgresProcess;
let tg: Tollgate;
let app: Express;
beforeAll(async () => {
  postgres = await startPostgres();
  tg = tollgate({
    keys,
    children,
    now,
    plans: { free: { requests: '2/min', spend: '$0/day' } },
    database: { connectionString: postgres.url },
  });
  app = express();
  app.get('/v1/usage/history', tg.usageHistory());
  await tg.ready();
}, 150_000);
afterAll(async () => {
  await tg.close({ graceMs: 0 });
  await postgres.stop();
});
let written = 0;

/** What a key has used. */
async function used(keyId: string, facts: Partial<UsageEvent>): Promise<void> {
  written += 1;
  await tg.ledger?.write(usageEvent({ keyId, plan: 'free', charges: [], ...facts }));
}
const on = (day: string) => {
  const [admittedAt, time] = [`${day}T10:00:00.000Z`, `${day}T10:00:05.000Z`];
  return { eventId: newId(Date.parse(admittedAt)), admittedAt, time };
};
/** Nothing can be read of the ledger until the transaction of this connection ends. */
async function lockedLedger(): Promise<{ pool: Client }> {
  const pool = new Client({ connectionString: postgres.url });
  await pool.connect();
  await pool.query('begin; lock table tollgate.usage_events in access exclusive mode');
  return { pool };
}

/** How many questions wait for it. */
async function waiting(pool: Client): Promise<number> {
  const { rows } = await pool.query(`select count(*)::integer as count from pg_locks where not granted`);
  return rows[0].count;
}
const ask = (query = '', key = acme.key) =>
  request(app).get(`/v1/usage/history${query}`).set('Authorization', `Bearer ${key}`);

describe('the history of usage', () => {
  beforeAll(async () => {
    const one = { tenant: 'acme', inputTokens: 10, outputTokens: 5, costNanoUsd: '2500000' };
    await used(acme.keyId, { ...one, ...on('2026-11-18'), model: 'gpt-5', labels: { cost_centre: 'a' } });
    await used(acme.keyId, { ...one, ...on('2026-11-18'), model: 'gpt-5-mini' });
    await used(acme.keyId, { ...one, ...on('2026-11-19'), model: 'gpt-5', source: 'estimated' });
    await used(acme.keyId, { ...one, ...on('2026-09-01'), model: 'gpt-5' });
    await used(other.keyId, { ...one, ...on('2026-11-18'), model: 'gpt-5' });
    await used(globex.keyId, { ...one, ...on('2026-11-18'), tenant: 'globex', model: 'gpt-5' });
    await tg.ledger?.caughtUp?.();
  }, 150_000);
  afterEach(() => expect(written).toBe(6));

  it("sums the key's own usage of the last 30 days by day, and no one else's, whatever is left of its budget", async () => {
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body).toMatchObject({ object: 'usage_history', by: ['day'], time_zone: 'UTC', has_more: false });
    expect(body.to).toBe('2026-11-20T12:00:00.000Z');
    expect(body.rows).toMatchObject([
      { day: '2026-11-18', calls: 2, input_tokens: 20, output_tokens: 10, cost_usd: '0.005' },
      { day: '2026-11-19', calls: 1, input_tokens: 10, output_tokens: 5, cost_usd: '0.0025' },
    ]);
    // Beyond the two requests a minute of its plan as well.
    for (let times = 0; times < 3; times += 1) await ask().expect(200);
  });

  it('sums by several dimensions, labels included, in any time zone and range, and says where rows are left out', async () => {
    const { body } = await ask('?by=model,day&from=2026-11-18&to=2026-11-19&limit=1');
    expect(body.rows).toHaveLength(1);
    expect(body.has_more).toBe(true);
    const byLabel = await ask('?by=label:cost_centre&from=2026-11-01');
    expect(byLabel.body.rows).toMatchObject([
      { 'label:cost_centre': null, calls: 2 },
      { 'label:cost_centre': 'a', calls: 1 },
    ]);
    const inTokyo = await ask('?by=month&from=2026-08-31T15:00:00Z&time_zone=Asia/Tokyo');
    expect(inTokyo.body.rows).toMatchObject([{ month: '2026-09' }, { month: '2026-11' }]);
  });

  it('is another for each key, also of one tenant', async () => {
    expect((await ask('', other.key)).body.rows).toMatchObject([{ day: '2026-11-18', calls: 1 }]);
    expect((await ask('', globex.key)).body.rows).toMatchObject([{ day: '2026-11-18', calls: 1 }]);
  });

  it.each([
    ['?by=tenant', 'by'],
    ['?by=key', 'by'],
    ['?by=user', 'by'],
    ['?by=day,day', 'by'],
    ['?by=', 'by'],
    ["?by=label:a'b", 'by'],
    ['?by=day,model,route,feature,outcome', 'by'],
    ['?from=yesterday', 'from'],
    ['?from=2026-11-01T00:00', 'from'],
    ['?from=2026-11-01T00:00:00%2B02:00&to=2026-11-01T00:00:00Z&x=1', 'x'],
    ['?from=2026-11-20&to=2026-11-01', 'from'],
    ['?from=2020-01-01', 'from'],
    ['?to=2026-13-45', 'to'],
    ['?time_zone=Mars/Olympus', 'time_zone'],
    ['?limit=0', 'limit'],
    ['?limit=1e9', 'limit'],
    ['?tenant=globex', 'tenant'],
    ['?where[tenant]=globex', 'where[tenant]'],
  ])('names what is wrong with %s', async (query, param) => {
    const { status, body } = await ask(query);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'invalid_value', param });
  });

  it('is not for who has no key, nor for a child credential, whose usage is kept with its key', async () => {
    expect((await request(app).get('/v1/usage/history')).status).toBe(401);
    const parent = {
      id: acme.keyId,
      keyId: acme.keyId,
      tenant: 'acme',
      plan: 'free',
      scopes: [],
      labels: {},
    };
    const { token } = await children.mint(parent);
    const answer = await ask('', token);
    expect(answer.status).toBe(403);
    expect(answer.body.error.code).toBe('insufficient_scope');
  });

  it('is answered for two questions of a key at a time and four of all, for the database is needed for other things', async () => {
    const { pool } = await lockedLedger();
    const statuses: Promise<number>[] = [];
    const later = async (key: string): Promise<number> => (await ask('?by=label:x', key)).status;
    try {
      for (const key of [acme.key, acme.key]) statuses.push(later(key));
      while ((await waiting(pool)) < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      const third = await ask();
      expect([third.status, third.body.error.code]).toEqual([429, 'concurrency_exceeded']);
      for (const key of [other.key, globex.key]) statuses.push(later(key));
      while ((await waiting(pool)) < 4) await new Promise((resolve) => setTimeout(resolve, 10));
      expect((await ask('', globex.key)).status).toBe(429);
    } finally {
      await pool.query('rollback');
      await pool.end();
    }
    expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200]);
    await ask().expect(200);
  }, 90_000);

  it('needs a ledger', async () => {
    const without = tollgate({ keys, plans: { free: {} } });
    expect(() => without.usageHistory()).toThrow('usageHistory() needs a ledger: give "database"');
    await without.close({ graceMs: 0 });
  });

  it('says that it cannot be read while the ledger is away', async () => {
    await postgres.kill();
    const { status, body } = await ask();
    expect(status).toBe(503);
    expect(body.error.code).toBe('store_unavailable');
  }, 90_000);
});
