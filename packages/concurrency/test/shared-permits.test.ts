import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryQuota, type QuotaStore, subscribe } from '@tollgate/core';
import express, { type RequestHandler } from 'express';
import { type ConcurrencyMiddleware, type ConcurrencyOptions, concurrency } from '../src/index.js';
import { errorOf, type HeldApp, heldApp, until } from './app.js';

/** A store that can be taken away, and that remembers what it was asked. */
function failing(store: QuotaStore): {
  store: QuotaStore;
  asked: () => number;
  away: 'no' | 'rejects' | 'hangs';
} {
  let asked = 0;
  const state = { away: 'no' as 'no' | 'rejects' | 'hangs', asked: () => asked };
  const through: QuotaStore = {
    ...store,
    reserve: (request) => {
      asked += 1;
      if (state.away === 'rejects') return Promise.reject(new Error('connection refused'));
      if (state.away === 'hangs') return new Promise(() => undefined);
      return store.reserve(request);
    },
    extend: (request) => store.extend(request),
    cover: (request) => store.cover(request),
    charge: (request) => store.charge(request),
    renew: (request) => store.renew(request),
    close: (request) => store.close(request),
    read: (partition, counters) => store.read(partition, counters),
    end: () => store.end(),
  };
  return Object.assign(state, { store: through });
}

describe('two processes that share their permits', () => {
  let quota: QuotaStore;
  let shared: ReturnType<typeof failing>;
  let guards: ConcurrencyMiddleware[];
  let apps: HeldApp[];
  /** Responses that the processes know to be over. */
  let closed = 0;
  const serve = async (options: Partial<ConcurrencyOptions> = {}): Promise<void> => {
    guards = [0, 1].map(() =>
      concurrency({ limit: 2, store: shared.store, expectedProcesses: 2, ...options }),
    );
    apps = await Promise.all(guards.map((guard) => heldApp(express, [watch, guard])));
  };
  const watch: RequestHandler = (_req, res, next) => {
    res.once('close', () => {
      closed += 1;
    });
    next();
  };
  const app = (index: number) => apps[index] as HeldApp;
  const guard = (index: number) => guards[index] as ConcurrencyMiddleware;
  const running = (first: number, second: number) =>
    until(() => app(0).running.length === first && app(1).running.length === second);
  const held = async () => {
    const window = { kind: 'live' } as const;
    const counter = { counter: 'concurrent/live/app=app', unit: 'concurrent', limit: 2, window } as const;
    const [state] = await quota.read('app', [{ ...counter, wide: true, soft: false }]);
    return state?.held;
  };
  beforeEach(() => {
    closed = 0;
    quota = memoryQuota();
    shared = failing(quota);
  });
  afterEach(async () => {
    await Promise.all(apps.map((one) => one.close()));
    await quota.end();
  });

  it('keep the limit together, and a request that waits in one gets the permit that came free in the other', async () => {
    await serve();
    const answers = [app(0).send('ann'), app(0).send('ann')];
    await running(2, 0);
    answers.push(app(1).send('ben'));
    await until(() => guard(1).waiting === 1);
    expect(await held()).toBe(2);
    app(0).release();
    await running(1, 1);
    expect(await held()).toBe(2);
    app(0).release();
    app(1).release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    await until(() => guard(0).running + guard(1).running === 0);
    expect(await held()).toBe(0);
  });

  it('keep the order of the queue while they ask again and again', async () => {
    await serve({ limit: 1 });
    const answers = [app(0).send('ann')];
    await running(1, 0);
    for (const [index, name] of ['one', 'two', 'three'].entries()) {
      answers.push(app(1).send('ben', { headers: { 'x-test-caller': name } }));
      await until(() => guard(1).waiting === index + 1);
    }
    const askedBefore = shared.asked();
    await until(() => shared.asked() > askedBefore + 2);
    app(0).release();
    for (let count = 1; count <= 3; count += 1) {
      await until(() => app(1).came.length === count);
      app(1).release();
    }
    await Promise.all(answers);
    expect(app(1).came).toEqual(['one', 'two', 'three']);
  });

  it.each(['rejects', 'hangs'] as const)(
    'each keep to their part of the limit while the store %s, counted and published',
    async (away) => {
      const heard: unknown[] = [];
      const stop = subscribe('tollgate:store', ({ store, state, policy }) =>
        heard.push([store, state, policy]),
      );
      await serve({ storeDeadlineMs: 20 });
      shared.away = away;
      const answers = [app(0).send('ann'), app(1).send('ben')];
      await running(1, 1);
      answers.push(app(0).send('cid'));
      await until(() => guard(0).waiting === 1);
      expect(guard(0).withoutStore).toBe(1);
      app(0).release();
      await until(() => app(0).came.length === 2);
      expect(guard(0).withoutStore).toBe(2);
      shared.away = 'no';
      app(0).release();
      app(1).release();
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
      stop();
      expect(heard[0]).toEqual(['concurrency', 'failing', 'local']);
    },
  );

  it('refuse with 503 store_unavailable while it is away, where told so', async () => {
    await serve({ whenStoreDown: 'closed' });
    shared.away = 'rejects';
    const answer = await app(0).send('ann');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await errorOf(answer)).code).toBe('store_unavailable');
    await until(() => guard(0).running === 0);
    shared.away = 'no';
    const next = app(0).send('ann');
    await running(1, 0);
    app(0).release();
    expect((await next).status).toBe(200);
  });

  it('give a permit back whose client left while it was asked for', async () => {
    await serve({ storeDeadlineMs: 5_000 });
    let answer: (() => void) | undefined;
    const { reserve } = shared.store;
    shared.store.reserve = (request) =>
      new Promise((resolve) => {
        answer = () => resolve(reserve(request));
      });
    const leaving = new AbortController();
    const gone = app(0).send('ann', { signal: leaving.signal });
    await until(() => answer !== undefined);
    leaving.abort();
    await expect(gone).rejects.toThrow('abort');
    await until(() => closed === 1);
    answer?.();
    await until(() => guard(0).running === 0);
    await Promise.resolve();
    expect(await held()).toBe(0);
    expect(app(0).came).toEqual([]);
  });
});
