import { describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, memoryQuota, spend, subscribe } from '@tollgate/core';
import request from 'supertest';
import { type BudgetOptions, budget } from '../src/index.js';
import { appOf, callerOn, callProvider } from './app.js';
import { type Failure, failingStore, type Operation } from './failing-store.js';
import { used } from './stub-meter.js';

const caller = callerOn('one');
const plans = definePlans({ one: { spend: '$0.001/day' } });
const counter = counterOf(spend('$0.001/day'), { caller });
const body = { model: 'small', input: 100, max_tokens: 100 };
const failures: readonly Failure[] = ['throws', 'hangs', 'done unheard'];

/** A handler that makes two calls, with a limit of the route: every operation is needed. */
function appOn(options: BudgetOptions = {}, hasBreaker = false) {
  const real = memoryQuota();
  const { store, failing, attempts } = failingStore(real, hasBreaker);
  const guard = budget({ plans, store, storeDeadlineMs: 20, ...options });
  const app = appOf(caller, (app) => {
    app.use(guard);
    app.post('/', budget({ limits: [spend('$1/day').by('route')] }), async (req, res, next) => {
      try {
        await callProvider(req.tollgate, req.body, { usage: used(100, 10) });
        await callProvider(req.tollgate, { ...req.body }, { usage: used(100, 10) });
        res.json({});
      } catch (error) {
        next(error);
      }
    });
  });
  const read = async () => {
    await guard.settled(2_000);
    const [state] = await real.read('acme', [counter]);
    return { used: state?.used, held: state?.held };
  };
  return { app, guard, failing, attempts, read };
}

/** Lets the end of the request, which runs after the answer, take place. */
const afterwards = () => new Promise((go) => setTimeout(go, 60));

describe('a store that fails', () => {
  for (const failure of failures) {
    for (const operation of ['reserve', 'extend', 'cover'] as readonly Operation[]) {
      it(`${failure} at ${operation}: 503 within the deadline, and nothing stays held`, async () => {
        const { app, failing, read } = appOn();
        failing.set(operation, failure);
        const answer = await request(app).post('/').send(body).expect(503);
        expect(answer.body.error.code).toBe('budget_unverifiable');
        expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
        expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(5);
        failing.clear();
        await afterwards();
        expect(await read()).toEqual({ used: operation === 'cover' ? 15_000 : 0, held: 0 });
        await request(app).post('/').send(body).expect(200);
      });
    }

    for (const operation of ['charge', 'close', 'renew'] as readonly Operation[]) {
      it(`${failure} at ${operation}: the answer is not harmed, and the counters are right once it is back`, async () => {
        const { app, failing, read } = appOn();
        failing.set(operation, failure);
        await request(app).post('/').send(body).expect(200);
        await afterwards();
        failing.clear();
        expect(await read()).toEqual({ used: 30_000, held: 0 });
      });
    }
  }

  it('is left alone for a second after three failures in a row, then asked again', async () => {
    const { app, failing, attempts } = appOn();
    failing.set('reserve', 'hangs');
    for (let sent = 0; sent < 3; sent += 1) await request(app).post('/').send(body).expect(503);
    const asked = attempts('reserve');
    for (let sent = 0; sent < 5; sent += 1) await request(app).post('/').send(body).expect(503);
    expect(attempts('reserve') - asked).toBeLessThanOrEqual(1);
    failing.clear();
    let status = 503;
    for (let turn = 0; turn < 100 && status === 503; turn += 1) {
      await new Promise((go) => setTimeout(go, 50));
      status = (await request(app).post('/').send(body)).status;
    }
    expect(status).toBe(200);
  });

  it('is always asked where it leaves its servers alone by itself: one that is away says nothing of the others', async () => {
    const { app, failing, attempts } = appOn({}, true);
    failing.set('reserve', 'throws');
    for (let sent = 0; sent < 10; sent += 1) await request(app).post('/').send(body).expect(503);
    expect(attempts('reserve')).toBe(10);
  });

  it('is asked to give back only what it may have held, however many were refused meanwhile', async () => {
    const { app, failing, attempts, read } = appOn();
    failing.set('reserve', 'hangs');
    for (let sent = 0; sent < 5; sent += 1) await request(app).post('/').send(body).expect(503);
    for (let sent = 0; sent < 50; sent += 1) await request(app).post('/').send(body).expect(503);
    failing.clear();
    expect(await read()).toEqual({ used: 0, held: 0 });
    expect(attempts('close')).toBeGreaterThan(0);
    expect(attempts('close')).toBeLessThanOrEqual(attempts('reserve'));
    expect(attempts('reserve')).toBeLessThan(20);
  });

  it('counts and publishes each admission that "open" lets through without it, and no other', async () => {
    const { app, guard, failing } = appOn({ whenStoreDown: 'open' });
    const told: unknown[] = [];
    const stop = subscribe('tollgate:store', ({ operation, outcome, unverified, tenant }) => {
      if (outcome === 'unverified') told.push([operation, unverified, tenant]);
    });
    await request(app).post('/').send(body).expect(200);
    expect(guard.unverified).toBe(0);
    failing.set('cover', 'throws');
    await request(app).post('/').send(body).expect(200);
    failing.set('extend', 'throws');
    await request(app).post('/').send(body).expect(200);
    failing.set('reserve', 'throws');
    await request(app).post('/').send(body).expect(200);
    stop();
    expect(told).toEqual(
      ['cover', 'extend', 'cover', 'reserve', 'cover'].map((operation, index) => [
        operation,
        index + 1,
        'acme',
      ]),
    );
    expect(guard.unverified).toBe(5);
  });

  it('gets no further requests while no settlement could be kept any more, where "strict" says so', async () => {
    const { app, guard, failing, read } = appOn({ whenStoreDown: 'open', strict: true, maxUnsettled: 2 });
    failing.set('reserve', 'throws').set('charge', 'throws');
    await request(app).post('/').send(body).expect(200);
    await afterwards();
    expect(guard.unsettled).toBe(2);
    const refused = await request(app).post('/').send(body).expect(503);
    expect(refused.body.error.code).toBe('budget_unverifiable');
    failing.clear();
    expect(await read()).toEqual({ used: 30_000, held: 0 });
    expect(guard.unsettled).toBe(0);
    await request(app).post('/').send(body).expect(200);
  });

  it('refuses with "closed", and counts nothing as let through', async () => {
    const { app, guard, failing } = appOn();
    for (const operation of ['cover', 'extend', 'reserve'] as const) {
      failing.set(operation, 'throws');
      await request(app).post('/').send(body).expect(503);
    }
    expect(guard.unverified).toBe(0);
  });

  it('lets requests pass with whenStoreDown "open", and charges them once it is back', async () => {
    const { app, failing, read } = appOn({ whenStoreDown: 'open' });
    failing.set('reserve', 'throws').set('extend', 'throws').set('cover', 'throws').set('charge', 'throws');
    await request(app).post('/').send(body).expect(200);
    await afterwards();
    failing.clear();
    expect(await read()).toEqual({ used: 30_000, held: 0 });
  });
});

describe('shadow mode', () => {
  it('changes and refuses nothing, counts everything, and says what it would have refused', async () => {
    const store = memoryQuota();
    const tight = definePlans({ one: { spend: '$0.0001/day', models: ['small'], maxOutputTokens: 64 } });
    const said: unknown[] = [];
    const stop = subscribe('tollgate:refuse', ({ shadow, code, status }) =>
      said.push({ shadow, code, status }),
    );
    const app = appOf(caller, (app) => {
      app.use(budget({ plans: tight, store, mode: 'shadow' }));
      app.post('/', async (req, res) => {
        res
          .type('json')
          .send(await callProvider(req.tollgate, req.body, { usage: used(100, 100), last: true }));
      });
    });
    const send = (more: object) =>
      request(app)
        .post('/')
        .send({ ...body, ...more });
    for (const more of [{}, {}, { model: 'large' }]) {
      const answer = await send(more).expect(200);
      expect(answer.body).toEqual({ ...body, ...more });
    }
    await request(app)
      .post('/')
      .send({ model: 'small', input: 100 })
      .expect(200, { model: 'small', input: 100 });
    stop();
    expect(said.slice(0, 4)).toEqual([
      { shadow: true, code: 'invalid_value', status: 400 },
      { shadow: true, code: 'invalid_value', status: 400 },
      { shadow: true, code: 'budget_exceeded', status: 402 },
      { shadow: true, code: 'model_not_allowed', status: 403 },
    ]);
    const [state] = await store.read('acme', [counterOf(spend('$0.0001/day'), { caller })]);
    expect(state).toMatchObject({ used: 60_000 + 60_000 + 600_000 + 60_000, held: 0 });
  });

  it('and "off" does nothing at all', async () => {
    const app = appOf(undefined, (app) => {
      app.use(budget({ plans, store: memoryQuota(), mode: 'off' }));
      app.post('/', (_req, res) => res.json({}));
    });
    await request(app).post('/').send(body).expect(200);
  });
});
