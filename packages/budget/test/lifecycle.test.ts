import type { Server } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  counterOf,
  definePlans,
  memoryQuota,
  type QuotaStore,
  spend,
  subscribe,
  type UsageEvent,
} from '@tollgate/core';
import { type CallHandle, detachedContext } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import type { Express } from 'express';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn, callProvider, proxyLike } from './app.js';
import { counted, settled } from './observed.js';
import { stubSteps, used } from './stub-meter.js';

const caller = callerOn('one');
const plans = definePlans({ one: { spend: '$0.001/day' } });
const counter = counterOf(spend('$0.001/day'), { caller });
const body = { model: 'small', input: 100, max_tokens: 100 };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function stateOf(store: QuotaStore) {
  const [state] = await store.read('acme', [counter]);
  return { used: state?.used, held: state?.held };
}

describe('the life of a reservation', () => {
  it('asks the store twice for a request that makes its declared call: once to admit, once to settle and end', async () => {
    const { store, asked } = counted(memoryQuota());
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.post('/', proxyLike());
    });
    await request(app).post('/').send(body).expect(200);
    expect(asked).toEqual(['reserve', 'charge']);
  });

  it('puts the settlement of a handler’s own call off until its response is closed, and ends in the same step', async () => {
    const { store, asked } = counted(memoryQuota());
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.post('/', async (req, res) => {
        await callProvider(req.tollgate, req.body);
        res.json({});
      });
    });
    await request(app).post('/').send(body).expect(200);
    await settled(() => asked.length >= 2);
    await request(app).post('/').send(body).expect(200);
    await settled(async () => (await store.read('acme', [counter]))[0]?.held === 0);
    expect(asked.filter((name) => name !== 'read').slice(-2)).toEqual(['reserve', 'charge']);
    expect(await stateOf(store)).toEqual({ used: 12_000, held: 0 });
  });

  it('charges a call within 100 ms where the handler goes on working', async () => {
    const store = memoryQuota();
    let finish = (): void => {};
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.post('/', async (req, res) => {
        await callProvider(req.tollgate, req.body);
        finish = () => res.json({});
      });
    });
    const server = app.listen(0);
    servers.push(server);
    const answer = request(server)
      .post('/')
      .send(body)
      .then((got) => got.status);
    await settled(async () => (await stateOf(store)).used === 6_000);
    expect(await stateOf(store)).toEqual({ used: 6_000, held: 0 });
    finish();
    expect(await answer).toBe(200);
  });

  it('gives everything back where no call was made, the handler failed, or no route matched', async () => {
    const store = memoryQuota();
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.post('/nothing', (_req, res) => res.json({}));
      app.post('/fails', () => {
        throw new Error('broken');
      });
    });
    for (const path of ['/nothing', '/fails', '/unknown']) await request(app).post(path).send(body);
    await settled(async () => (await stateOf(store)).held === 0);
    expect(await stateOf(store)).toEqual({ used: 0, held: 0 });
  });

  it('opens no reservation for GET, HEAD and OPTIONS, and covers the calls that their handlers make all the same', async () => {
    const { store, asked } = counted(memoryQuota());
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.get('/idle', (_req, res) => res.json({}));
      app.get('/calls', async (req, res) => {
        await callProvider(req.tollgate, body);
        res.json({});
      });
    });
    await request(app).get('/idle').expect(200);
    await request(app).head('/idle').expect(200);
    await request(app).options('/idle').expect(200);
    expect(asked).toEqual([]);
    await request(app).get('/calls').expect(200);
    await settled(async () => (await stateOf(store)).held === 0);
    expect(asked[0]).toBe('reserve');
    expect((await stateOf(store)).used).toBe(6_000);
  });

  it('lets a further attempt use what a failed one held, where the budget covers one call only', async () => {
    const store = memoryQuota();
    const tight = definePlans({ one: { spend: '$0.00006/day' } });
    const app = appOf(caller, (app) => {
      app.use(budget({ plans: tight, store }));
      app.post('/', async (req, res, next) => {
        try {
          await callProvider(req.tollgate, req.body, { status: 500 });
          await callProvider(req.tollgate, { ...req.body }, { usage: used(100, 100), last: true });
          res.json({});
        } catch (error) {
          next(error);
        }
      });
    });
    await request(app).post('/').send(body).expect(200);
    expect(await stateOf(store)).toEqual({ used: 60_000, held: 0 });
  });

  it('charges in full and flags a call that reports more than was held', async () => {
    const events: UsageEvent[] = [];
    const store = memoryQuota({ sinks: [{ write: (event) => void events.push(event) }] });
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.post('/', proxyLike(used(100, 5_000)));
    });
    await request(app).post('/').send(body).expect(200);
    expect(await stateOf(store)).toEqual({ used: 2_510_000, held: 0 });
    expect(events).toMatchObject([{ overrun: true, charges: [{ amount: 2_510_000 }] }]);
    await request(app).post('/').send(body).expect(402);
  });

  it('charges in the window that admitted a call, also where the next has begun meanwhile', async () => {
    const clock = createManualClock(Date.UTC(2026, 10, 21, 23, 59));
    const store = memoryQuota({ now: clock.now });
    const events: string[] = [];
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store, now: clock.now, leaseMs: 3_600_000 }));
      app.post('/', (req, res, next) => {
        clock.advance(120_000);
        proxyLike(used(100, 10))(req, res, next);
      });
    });
    const stop = subscribe('tollgate:settle', (facts) => {
      if (facts.charges) events.push(JSON.stringify(facts.charges));
    });
    await request(app).post('/').send(body).expect(200);
    stop();
    expect(await stateOf(store)).toEqual({ used: 0, held: 0 });
    expect(events.join()).toContain('"window":"2026-11-21","amount":15000');
  });

  it('covers a call that begins after the response has closed by a reservation of its own', async () => {
    const store = memoryQuota();
    let later: Promise<unknown> = Promise.resolve();
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.post('/', (req, res) => {
        const closed = new Promise((go) => res.once('close', go));
        later = closed.then(() => callProvider(req.tollgate, body));
        res.json({});
      });
    });
    await request(app).post('/').expect(200);
    await later;
    await settled(async () => (await stateOf(store)).held === 0);
    expect(await stateOf(store)).toEqual({ used: 6_000, held: 0 });
  });

  it('keeps what is held when the client goes away before a call until the handler makes none any more, and gives it back at the end of one', async () => {
    for (const during of [false, true]) {
      const store = memoryQuota();
      let handle: CallHandle | undefined;
      let handled = (): void => undefined;
      let arrived = false;
      const app = appOf(caller, (app) => {
        app.use(budget({ plans, store }));
        app.post('/', async (req) => {
          handled = () => req.tollgate.calls.handled();
          const outgoing = { method: 'POST', url: '', headers: {}, body: req.body };
          if (during) {
            handle = await req.tollgate.calls.begin(outgoing);
            handle.onUsage(used(100, 7));
          }
          arrived = true;
        });
      });
      await leaveEarly(app, () => arrived);
      if (handle) {
        await settled(() => handle?.signal.aborted ?? false);
        await handle.end({ outcome: 'aborted', status: 200, sent: true, last: true });
      } else {
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        expect((await stateOf(store)).held).toBeGreaterThan(0);
        handled();
      }
      await settled(async () => (await stateOf(store)).held === 0);
      expect(await stateOf(store)).toEqual({ used: during ? 13_500 : 0, held: 0 });
    }
  });

  it('gives scripts and workers the same budget by attach()', async () => {
    const store = memoryQuota();
    const guard = budget({ plans, store });
    const { context, finish } = detachedContext(caller);
    for (const step of stubSteps) context.calls.use(step);
    guard.attach(context);
    let made = 0;
    const work = async (): Promise<void> => {
      for (; made < 30; made += 1) await callProvider(context, body, { usage: used(100, 100) });
    };
    await expect(work()).rejects.toMatchObject({ code: 'budget_exceeded' });
    await finish();
    expect(made).toBe(16);
    expect(await stateOf(store)).toEqual({ used: 960_000, held: 0 });
  });

  it('tells the app once per window when half, four fifths and all of a cap are used, and survives its faults', async () => {
    const store = memoryQuota();
    const told: number[] = [];
    const app = appOf(caller, (app) => {
      app.use(
        budget({
          plans,
          store,
          onThreshold: ({ threshold, tenant }) => {
            if (tenant === 'acme') told.push(threshold);
            throw new Error('mail is down');
          },
        }),
      );
      app.post('/', proxyLike(used(0, 200)));
    });
    for (let sent = 0; sent < 12; sent += 1) {
      await request(app).post('/').send({ model: 'small', input: 0, max_tokens: 200 });
    }
    expect(told).toEqual([0.5, 0.8, 1]);
  });
});

/** Posts a body and goes away once the handler has it. */
async function leaveEarly(app: Express, arrived: () => boolean): Promise<void> {
  const server = app.listen(0);
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  const client = httpRequest({ port, method: 'POST', headers: { 'content-type': 'application/json' } });
  client.on('error', () => {});
  client.end(JSON.stringify(body));
  await settled(arrived);
  client.destroy();
}
