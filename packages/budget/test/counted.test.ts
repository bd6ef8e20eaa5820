import { beforeEach, describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, memoryQuota, spend, subscribe, type UsageEvent } from '@tollgate/core';
import { type CallStep, forgetWarnings, type SettledCall, type Writing } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn, callProvider } from './app.js';
import { settled } from './observed.js';
import { used } from './stub-meter.js';

const caller = callerOn('one');
const body = { model: 'small', input: 100, max_tokens: 100 };

describe('requests counted by the budget', () => {
  it('count once, however many calls they make, and also where they make none', async () => {
    const clock = createManualClock();
    const events: UsageEvent[] = [];
    const store = memoryQuota({ now: clock.now, sinks: [{ write: (event) => void events.push(event) }] });
    const plans = definePlans({ one: { requests: '4/min' } });
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store, requests: true, now: clock.now }));
      app.post('/calls', async (req, res) => {
        for (let made = 0; made < 3; made += 1) await callProvider(req.tollgate, { ...body });
        res.json({});
      });
      app.post('/none', (_req, res) => res.json({}));
    });
    const counted = () =>
      events.flatMap(({ charges }) => charges).filter(({ counter }) => counter.startsWith('requests'));
    for (const [at, path] of ['/calls', '/none', '/none', '/calls'].entries()) {
      await request(app).post(path).expect(200);
      await settled(() => counted().length > at);
    }
    const answer = await request(app).post('/none').expect(429);
    expect(answer.body.error.code).toBe('rate_limit_exceeded');
    expect(answer.headers['retry-after']).toBe('15');
    clock.advance(15_000);
    await request(app).post('/none').expect(200);
    expect(
      counted()
        .slice(0, 4)
        .map(({ amount }) => amount),
    ).toEqual([1, 1, 1, 1]);
  });
});

describe('a call that is only recorded', () => {
  it('is charged whatever is left, also by a model that the plan does not have, and is no overrun', async () => {
    const store = memoryQuota();
    const plans = definePlans({ one: { spend: '$0.001/day', models: ['small'] } });
    const recorded: CallStep = {
      name: 'recorded',
      stage: 'authorize',
      begin(call: Writing<SettledCall>) {
        call.settlement = {
          usage: used(10, 10),
          costNanoUsd: 900_000,
          priceVersion: 'stub',
          uncertain: false,
        };
      },
    };
    const overruns: unknown[] = [];
    const app = appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.all('/', async (req, res) => {
        req.tollgate.calls.use(recorded);
        for (let made = 0; made < 3; made += 1) {
          const outgoing = {
            method: 'POST',
            url: '',
            headers: {},
            body: { model: 'large', input: 0, max_tokens: 0 },
          };
          const handle = await req.tollgate.calls.begin(outgoing);
          await handle.end({ outcome: 'ok', status: 200, sent: true, last: false });
          overruns.push(handle.call.overrun);
        }
        res.json({});
      });
    });
    const counter = counterOf(spend('$0.001/day'), { caller });
    for (const method of ['post', 'get'] as const) await request(app)[method]('/').expect(200);
    const state = async () => (await store.read('acme', [counter]))[0];
    await settled(async () => (await state())?.used === 6 * 900_000);
    expect(await state()).toMatchObject({ used: 6 * 900_000, held: 0 });
    expect(overruns).toEqual(Array.from({ length: 6 }, () => false));
    await request(app).post('/').expect(402);
  });
});

describe('what a client may try', () => {
  it('asks for more than can be counted exactly, and is told that it is larger than the limit', async () => {
    const plans = definePlans({ one: { spend: '$1/day' } });
    const app = appOf(caller, (app) => app.use(budget({ plans, store: memoryQuota() })));
    const huge = { model: 'large', input: 1, max_tokens: Number.MAX_SAFE_INTEGER, n: 128 };
    const answer = await request(app).post('/').send(huge).expect(400);
    expect(answer.body.error.code).toBe('request_exceeds_limit');
  });
});

describe('hazards', () => {
  const warned: unknown[] = [];
  beforeEach(() => {
    forgetWarnings();
    warned.length = 0;
  });

  it('are warned of once, by a code: no caller, and two budgets with plans', async () => {
    const plans = definePlans({ one: { tokens: '1k/day' } });
    const guard = () => budget({ plans, store: memoryQuota() });
    const stop = subscribe('tollgate:warning', ({ code }) => warned.push(code));
    const bare = appOf(undefined, (app) => app.use(guard()));
    for (let sent = 0; sent < 2; sent += 1) await request(bare).post('/').expect(401);
    const twice = appOf(caller, (app) => {
      app.use(guard(), guard());
      app.post('/', (_req, res) => res.json({}));
    });
    for (let sent = 0; sent < 2; sent += 1) await request(twice).post('/').send(body).expect(200);
    stop();
    expect(warned).toEqual(['TOLLGATE_W_NO_CALLER', 'TOLLGATE_W_MOUNTED_TWICE']);
  });
});
