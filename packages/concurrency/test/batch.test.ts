import { afterEach, describe, expect, it } from '@jest/globals';
import { contextOf } from '@tollgate/core';
import { setJobRun } from '@tollgate/core/internal';
import type express from 'express';
import type { RequestHandler } from 'express';
import {
  type BatchOptions,
  type ConcurrencyMiddleware,
  type ConcurrencyOptions,
  concurrency,
} from '../src/index.js';
import { errorOf, type HeldApp, heldApp, plans, until, versions } from './app.js';

describe.each(versions)('batch work on %s', (_version, create: typeof express) => {
  let app: HeldApp;
  let guard: ConcurrencyMiddleware;
  const serve = async (options: ConcurrencyOptions): Promise<void> => {
    const of: NonNullable<BatchOptions['of']> = ({ path }) => path === '/jobs';
    guard = concurrency({ plans, ...options, batch: { of, ...options.batch } });
    app = await heldApp(create, [guard], [guard.batch]);
  };
  const waiting = (count: number) => until(() => guard.waiting === count);
  const came = (count: number) => until(() => app.came.length === count);
  const asBatch = { 'x-tollgate-priority': 'batch', 'x-test-scopes': 'batch' };
  afterEach(() => app.close());

  it('is admitted only while less than its share of the permits is taken', async () => {
    await serve({ limit: 4, batch: { share: 0.5 } });
    const answers = [app.send('ann'), app.send('ann')];
    await came(2);
    answers.push(app.send('jobs', { path: '/jobs' }));
    await waiting(1);
    expect(guard.running).toBe(2);
    answers.push(app.send('ben'));
    await came(3);
    app.release();
    await until(() => guard.running === 2);
    expect(guard.waiting).toBe(1);
    app.release();
    await came(4);
    while (app.running.length > 0) app.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(app.came).toEqual(['ann', 'ann', 'ben', 'jobs']);
  });

  it('is also a deferred request that is done now', async () => {
    guard = concurrency({ plans, limit: 4 });
    const asRun: RequestHandler = (req, res, next) => {
      const { caller } = contextOf(req, res);
      if (req.get('x-test-run') && caller) setJobRun(req, { requestId: 'r', caller });
      next();
    };
    app = await heldApp(create, [asRun, guard]);
    const answers = [app.send('ann'), app.send('ann')];
    await came(2);
    answers.push(app.send('run', { headers: { 'x-test-run': 'yes' } }));
    await waiting(1);
    expect(guard.running).toBe(2);
    while (app.came.length < 3 || app.running.length > 0) {
      app.release();
      await new Promise(setImmediate);
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('waits behind everybody else, whatever its plan', async () => {
    await serve({ limit: 1 });
    const answers = [app.send('ann')];
    await came(1);
    answers.push(app.send('jobs@pro', { path: '/jobs' }));
    await waiting(1);
    answers.push(app.send('free'));
    await waiting(2);
    for (let count = 1; count <= 3; count += 1) {
      await came(count);
      app.release();
    }
    await Promise.all(answers);
    expect(app.came).toEqual(['ann', 'free', 'jobs']);
  });

  it('gives way first when the queue is full', async () => {
    await serve({ limit: 1, queue: { size: 1 } });
    const first = app.send('ann');
    await came(1);
    const jobs = app.send('jobs@pro', { path: '/jobs' });
    await waiting(1);
    const free = app.send('free');
    const displaced = await jobs;
    expect(displaced.status).toBe(503);
    expect((await errorOf(displaced)).code).toBe('queue_full');
    app.release();
    await came(2);
    app.release();
    expect((await Promise.all([first, free])).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('is a route’s too: one that was admitted gives its permit back and waits for room', async () => {
    await serve({ limit: 2 });
    const answers = [app.send('ann')];
    await came(1);
    answers.push(app.send('jobs', { path: '/batch' }));
    await waiting(1);
    expect(guard.running).toBe(1);
    answers.push(app.send('ben'));
    await came(2);
    app.release();
    app.release();
    await came(3);
    app.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(app.came).toEqual(['ann', 'ben', 'jobs']);
    await until(() => guard.running === 0);
  });

  it('is declared by a header too, by callers with the scope; that of others is ignored', async () => {
    await serve({ limit: 2, batch: { header: { scope: 'batch' } } });
    const answers = [app.send('ann')];
    await came(1);
    answers.push(app.send('jobs', { headers: asBatch }));
    await waiting(1);
    answers.push(app.send('cid', { headers: { 'x-tollgate-priority': 'batch' } }));
    await came(2);
    expect(app.came).toEqual(['ann', 'cid']);
    for (let count = 3; count > 0; count -= 1) {
      await until(() => app.running.length > 0);
      app.release();
    }
    await Promise.all(answers);
    const wrong = await app.send('jobs', { headers: { ...asBatch, 'x-tollgate-priority': 'urgent' } });
    expect(wrong.status).toBe(400);
    expect(await errorOf(wrong)).toMatchObject({ code: 'invalid_value', param: 'x-tollgate-priority' });
    expect(guard.running).toBe(0);
  });

  it('waits so long as it may, and is refused then', async () => {
    await serve({ limit: 1, batch: { timeoutMs: 30 } });
    const first = app.send('ann');
    await came(1);
    const jobs = await app.send('jobs', { path: '/jobs' });
    expect(jobs.status).toBe(503);
    expect((await errorOf(jobs)).code).toBe('queue_timeout');
    app.release();
    await first;
  });
});
