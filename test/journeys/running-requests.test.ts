import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { admin } from '@tollgate/admin';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import express from 'express';
import request from 'supertest';
import { memoryKeys, type Tollgate, tollgate } from 'tollgate';

const keys = memoryKeys();
const { key, keyId } = keys.create({ tenant: 'acme', plan: 'pro', scopes: ['defer'] });
const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 100 };

let redis: RedisProcess;
const open: Tollgate[] = [];
beforeAll(async () => {
  redis = await startRedis();
}, 90_000);
afterAll(async () => {
  for (const tg of open) await tg.close();
  await redis.stop();
}, 90_000);

/** An app whose handler waits until it is let go, behind the admin API of an operator. */
function start(more: object) {
  const tg = tollgate({
    plans: { pro: { spend: '$1/day' } },
    ...{ keys, meter: { prices: { own: 'free' } } },
    ...more,
  });
  open.push(tg);
  const app = express();
  const router = admin({ tg, authorize: () => ({ name: 'olga', role: 'operator' }) });
  app.use('/admin', router);
  let isIn: () => void = () => undefined;
  let letGo: () => void = () => undefined;
  const entered = new Promise<void>((resolve) => {
    isIn = resolve;
  });
  const left = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  app.post('/v1/chat/completions', tg.guards(), async (req, res) => {
    isIn();
    await left;
    const usage = { inputTokens: 10, outputTokens: 5 };
    await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage });
    res.json({});
  });
  const get = async (path: string) => (await request(app).get(`/admin${path}`).expect(200)).body;
  return { tg, app, entered, letGo, get, close: () => router.close() };
}

describe('what runs and waits, in the admin API', () => {
  it('lists a request from its admission until it is settled, with the most that it may cost', async () => {
    const { tg, app, entered, letGo, get, close } = start({});
    await tg.ready();
    const answer = request(app)
      .post('/v1/chat/completions')
      .set('authorization', `Bearer ${key}`)
      .send(chat)
      .then((one) => one);
    await entered;
    const { count, data } = await get('/reservations');
    expect(count).toBe(1);
    expect(data[0]).toMatchObject({
      tenant: 'acme',
      key_id: keyId,
      plan: 'pro',
      route: '/v1/chat/completions',
      calls: 0,
    });
    expect(Number(data[0].estimate_usd)).toBeGreaterThan(0);
    expect(data[0].reservation_ids).toHaveLength(1);
    expect((await get('/reservations?tenant=beta')).data).toEqual([]);
    letGo();
    const { status, headers } = await answer;
    expect([status, headers['x-request-id']]).toEqual([200, data[0].request_id]);
    while (tg.running().length > 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await get('/reservations')).count).toBe(0);
    close();
  });

  it("says what waits on the way into the ledger, in the spool and in Redis' outbox", async () => {
    const quiet = start({});
    expect(await quiet.get('/backlog')).toMatchObject({ settlements: 0, spool: null, outbox: null });
    quiet.close();
    const refusing = { write: () => Promise.reject(new Error('no room')) };
    const { tg, app, letGo, get, close } = start({ redis: { url: redis.url }, sinks: [refusing] });
    await tg.ready();
    letGo();
    await request(app)
      .post('/v1/chat/completions')
      .set('authorization', `Bearer ${key}`)
      .send(chat)
      .expect(200);
    for (;;) {
      const { outbox } = await get('/backlog');
      if (outbox.waiting === 1) break;
    }
    close();
  }, 90_000);

  it("shows the app's own prices before the catalogue's", async () => {
    const { get, close } = start({});
    const { data } = await get('/prices?model=gpt-5-mini&provider=openai');
    expect(data).toMatchObject([{ provider: 'openai', declared: false, free: false }]);
    expect(Number(data[0].bands[0].input)).toBeGreaterThan(0);
    expect((await get('/prices?model=own&provider=openai')).data).toMatchObject([
      { declared: true, free: true },
    ]);
    expect((await get('/prices?model=unheard-of')).data).toEqual([]);
    close();
  });

  it('says what refused requests would have cost at most', async () => {
    const { tg, app, get, close } = start({ plans: { pro: { spend: '$0.000001/day' } } });
    await tg.ready();
    await request(app)
      .post('/v1/chat/completions')
      .set('authorization', `Bearer ${key}`)
      .send(chat)
      .expect((one) => {
        expect(one.status).toBeGreaterThanOrEqual(400);
      });
    const { data } = await get('/refusals');
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ tenant: 'acme', count: 1 });
    expect(Number(data[0].asked_usd)).toBeGreaterThan(0);
    close();
  });
});
