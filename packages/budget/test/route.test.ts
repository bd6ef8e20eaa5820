import { describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, memoryQuota, type QuotaStore, spend } from '@tollgate/core';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn, proxyLike } from './app.js';
import { counted } from './observed.js';
import { used } from './stub-meter.js';

const caller = callerOn('one');
const plans = definePlans({ one: { spend: '$0.001/day' } });
const counter = counterOf(spend('$0.001/day'), { caller });
const body = { model: 'small', input: 100, max_tokens: 100 };

async function stateOf(store: QuotaStore) {
  const [state] = await store.read('acme', [counter]);
  return { used: state?.used, held: state?.held };
}

describe('a budget on a route', () => {
  const appWith = (store: QuotaStore, ...more: Parameters<typeof spend>) =>
    appOf(caller, (app) => {
      app.use(budget({ plans, store }));
      app.post('/summarize', budget({ limits: [spend(...more).by('route')] }), proxyLike(used(100, 100)));
      app.post('/other', proxyLike(used(100, 100)));
    });

  it('adds its limits to the request’s reservation; its refusal gives all of it back', async () => {
    const store = memoryQuota();
    const { store: watched, asked } = counted(store);
    const app = appWith(watched, '$0.0001/day');
    await request(app).post('/summarize').send(body).expect(200);
    expect(asked).toEqual(['reserve', 'extend', 'charge']);
    await request(app).post('/summarize').send(body).expect(402);
    expect(await stateOf(store)).toEqual({ used: 60_000, held: 0 });
    await request(app).post('/other').send(body).expect(200);
  });

  it('lowers the injected output cap to what the route still affords', async () => {
    const app = appWith(memoryQuota(), '$0.00006/day');
    const answer = await request(app).post('/summarize').send({ model: 'small', input: 100 }).expect(200);
    expect(answer.body.max_tokens).toBe(100);
  });

  it('fails with a clear error where a limit by route is mounted where no route is known, or no store has been given', async () => {
    const misplaced = appOf(caller, (app) => {
      app.use(budget({ plans, store: memoryQuota(), limits: [spend('$1/day').by('route')] }));
      app.use(
        (
          error: Error,
          _req: unknown,
          res: { status(code: number): { json(body: object): void } },
          _next: unknown,
        ) => {
          res.status(500).json({ message: error.message });
        },
      );
    });
    const answer = await request(misplaced).post('/').send(body).expect(500);
    expect(answer.body.message).toContain('route_scope_needs_route');
    const storeless = appOf(caller, (app) => app.use(budget({ limits: ['$1/day'] })));
    await request(storeless).post('/').send(body).expect(500);
  });
});
