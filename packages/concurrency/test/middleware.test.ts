import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import type express from 'express';
import { type ConcurrencyMiddleware, type ConcurrencyOptions, concurrency } from '../src/index.js';
import { errorOf, type HeldApp, heldApp, plans, until, versions } from './app.js';

describe.each(versions)('concurrency() on %s', (_version, create: typeof express) => {
  let app: HeldApp;
  let guard: ConcurrencyMiddleware;
  const serve = async (options: ConcurrencyOptions): Promise<void> => {
    guard = concurrency({ plans, ...options });
    app = await heldApp(create, [guard], [guard.batch]);
  };
  const waiting = (count: number) => until(() => guard.waiting === count);
  const running = (count: number) => until(() => app.running.length === count);
  afterEach(() => app.close());

  it('lets so many requests in at once, and the next as soon as one has been answered', async () => {
    await serve({ limit: 2 });
    const answers = ['ann', 'ben', 'cid'].map((name) => app.send(name));
    await running(2);
    await waiting(1);
    expect(guard.running).toBe(2);
    app.release();
    await until(() => app.came.length === 3);
    app.release();
    app.release();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200]);
    await until(() => guard.running === 0);
  });

  it('gives the free permit to the paying plan, in whichever order the requests came', async () => {
    await serve({ limit: 1 });
    const answers = [app.send('first')];
    await running(1);
    answers.push(app.send('free'));
    await waiting(1);
    answers.push(app.send('payer@pro'));
    await waiting(2);
    for (let count = 1; count <= 3; count += 1) {
      await until(() => app.came.length === count);
      app.release();
    }
    await Promise.all(answers);
    expect(app.came).toEqual(['first', 'payer', 'free']);
  });

  it('answers 503 queue_full where no more may wait, and 503 queue_timeout where one has waited too long', async () => {
    await serve({ limit: 1, queue: { size: 1, timeoutMs: 3_000 } }); // longer than the third request may take
    const first = app.send('ann');
    await running(1);
    const second = app.send('ben');
    await waiting(1);
    const full = await app.send('cid');
    expect(full.status).toBe(503);
    expect(full.headers.get('retry-after')).toBe('1');
    expect(full.headers.get('x-should-retry')).toBe('true');
    expect((await errorOf(full)).code).toBe('queue_full');
    const late = await second;
    expect(late.status).toBe(503);
    expect(late.headers.get('retry-after')).toBe('1');
    expect((await errorOf(late)).code).toBe('queue_timeout');
    app.release();
    expect((await first).status).toBe(200);
    expect(app.came).toEqual(['ann']);
  });

  it('makes room in a full queue for a paying request: the last free one gives way', async () => {
    await serve({ limit: 1, queue: { size: 2, perTenant: 2 } });
    const first = app.send('first');
    await running(1);
    const early = app.send('early');
    await waiting(1);
    const late = app.send('late');
    await waiting(2);
    const payer = app.send('payer@pro');
    const displaced = await late;
    expect(displaced.status).toBe(503);
    expect((await errorOf(displaced)).code).toBe('queue_full');
    for (let count = 1; count <= 3; count += 1) {
      await until(() => app.came.length === count);
      app.release();
    }
    expect((await Promise.all([first, payer, early])).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(app.came).toEqual(['first', 'payer', 'early']);
  });

  it('refuses at once where nobody may wait', async () => {
    await serve({ limit: 1, queue: false });
    const first = app.send('ann');
    await running(1);
    const answer = await app.send('ben@pro');
    expect(answer.status).toBe(503);
    expect((await errorOf(answer)).code).toBe('queue_full');
    app.release();
    await first;
  });

  it('does not let one tenant fill the queue', async () => {
    await serve({ limit: 1, queue: { size: 10, perTenant: 2 } });
    const first = app.send('loud');
    await running(1);
    const loud = [app.send('loud'), app.send('loud')];
    await waiting(2);
    const refused = await app.send('loud');
    expect(refused.status).toBe(503);
    expect((await errorOf(refused)).message).toMatch(/^Too many of your requests are waiting/);
    const quiet = app.send('quiet');
    await waiting(3);
    for (let count = 1; count <= 4; count += 1) {
      await until(() => app.came.length === count);
      app.release();
    }
    await Promise.all([first, quiet, ...loud]);
    expect(app.came).toEqual(['loud', 'loud', 'quiet', 'loud']);
  });

  it('answers 429 concurrency_exceeded to a caller with more in flight than its plan allows, where told to count that', async () => {
    await serve({ limit: 10, perCaller: true });
    const answers = [app.send('ann'), app.send('ann')];
    await running(2);
    const third = await app.send('ann');
    expect(third.status).toBe(429);
    expect(third.headers.get('retry-after')).toBe('1');
    expect(await errorOf(third)).toMatchObject({
      code: 'concurrency_exceeded',
      message: 'Too many requests in flight: at most 2 at once. Try again when one has been answered.',
    });
    answers.push(app.send('ben'));
    await running(3);
    app.release();
    await until(() => guard.running === 2);
    answers.push(app.send('ann'));
    await running(3);
    while (app.running.length > 0) app.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('lets GET, HEAD and OPTIONS pass, which make no provider call', async () => {
    await serve({ limit: 1, queue: false });
    const answers = [app.send('ann'), app.send('ann', { method: 'GET' })];
    await running(2);
    expect(guard.running).toBe(1);
    app.release();
    app.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('refuses nobody in shadow mode, and publishes who would have waited', async () => {
    const heard: unknown[] = [];
    const stop = subscribe('tollgate:concurrency', ({ outcome, mode, running: count, limit }) =>
      heard.push([outcome, mode, count, limit]),
    );
    await serve({ limit: 1, mode: 'shadow' });
    const answers = [app.send('ann'), app.send('ann')];
    await running(2);
    app.release();
    app.release();
    await Promise.all(answers);
    stop();
    expect(heard).toEqual([
      ['admitted', 'shadow', 1, 1],
      ['waiting', 'shadow', 2, 1],
    ]);
    await until(() => guard.running === 0);
  });

  it('hands refusals to the app’s error handler where told to, in the shape of the provider that the client speaks to', async () => {
    await serve({ limit: 1, queue: false, refusals: 'next' });
    const first = app.send('ann');
    await running(1);
    const answer = await app.send('ben', { headers: { 'anthropic-version': '2023-06-01' } });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      type: 'error',
      error: { type: 'overloaded_error', code: 'queue_full' },
    });
    app.release();
    await first;
  });

  it('refuses a plan that is not defined', async () => {
    await serve({ limit: 1 });
    const answer = await app.send('ann@gold');
    expect(answer.status).toBe(403);
    expect((await errorOf(answer)).code).toBe('insufficient_scope');
    expect(guard.running).toBe(0);
  });

  it('turns away whoever waits or comes once it is closed, and lets the others finish', async () => {
    await serve({ limit: 1 });
    const first = app.send('ann');
    await running(1);
    const waiter = app.send('ben');
    await waiting(1);
    guard.close();
    for (const answer of [await waiter, await app.send('cid')]) {
      expect(answer.status).toBe(503);
      expect((await errorOf(answer)).code).toBe('shutting_down');
    }
    app.release();
    expect((await first).status).toBe(200);
  });

  it('publishes how long each has waited', async () => {
    const heard: Record<string, unknown>[] = [];
    const stop = subscribe('tollgate:concurrency', (facts) => heard.push({ ...facts }));
    let nowMs = 0;
    await serve({ limit: 1, clock: { now: () => nowMs, after: () => () => undefined } });
    const answers = [app.send('ann')];
    await running(1);
    answers.push(app.send('ben@pro'));
    await waiting(1);
    nowMs = 70;
    app.release();
    await until(() => app.came.length === 2);
    app.release();
    await Promise.all(answers);
    stop();
    expect(heard.map(({ outcome }) => outcome)).toEqual(['admitted', 'waiting', 'admitted']);
    expect(heard[0]).toMatchObject({
      tenant: 'ann',
      plan: 'free',
      waitedMs: 0,
      running: 1,
      limit: 1,
      batch: false,
    });
    expect(heard[2]).toMatchObject({ tenant: 'ben', plan: 'pro', waitedMs: 70, running: 1, waiting: 0 });
  });

  it('keeps the asynchronous context of a request that waited, not that of the one whose end let it in', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    guard = concurrency({ limit: 1 });
    app = await heldApp(create, [
      (req, _res, next) => storage.run(req.get('x-test-caller') ?? '', next),
      guard,
      (req, _res, next) => {
        seen.push(storage.getStore(), req.get('x-test-caller'));
        next();
      },
    ]);
    const answers = [app.send('ann')];
    await running(1);
    answers.push(app.send('ben'));
    await waiting(1);
    app.release();
    await until(() => app.came.length === 2);
    app.release();
    await Promise.all(answers);
    expect(seen).toEqual(['ann', 'ann', 'ben', 'ben']);
  });
});
