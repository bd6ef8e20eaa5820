import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { refuse, subscribe, TollgateError } from '@tollgate/core';
import type { SettledCall, TollgateErrorCode, Writing } from '@tollgate/core/internal';
import type express from 'express';
import type { Response } from 'express';
import { type ConcurrencyMiddleware, type ConcurrencyOptions, concurrency } from '../src/index.js';
import { type HeldApp, heldApp, until, versions } from './app.js';

const answered = (status: number) => (res: Response) => void res.status(status).end();
const refused = (status: number, code: TollgateErrorCode) => (res: Response) =>
  refuse(res.req, res, () => undefined, new TollgateError({ status, code, message: 'No.' }));

describe.each(versions)('a limit that adapts, on %s', (_version, create: typeof express) => {
  let app: HeldApp;
  let guard: ConcurrencyMiddleware;
  let nowMs: number;
  const serve = async (adaptive: NonNullable<ConcurrencyOptions['adaptive']>): Promise<void> => {
    const after = (ms: number, callback: () => void) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    };
    guard = concurrency({ limit: 100, adaptive, clock: { now: () => nowMs, after } });
    app = await heldApp(create, [guard]);
  };
  /** Twelve requests, one after the other, a second and a half apart. */
  const twelve = async (answer: (res: Response) => void): Promise<void> => {
    for (let count = 0; count < 12; count += 1) {
      const sent = app.send('ann');
      await until(() => app.running.length === 1);
      nowMs += 1_500;
      app.release(answer);
      await (await sent).text();
      await until(() => guard.running === 0);
    }
  };
  beforeEach(() => {
    nowMs = 0;
  });
  afterEach(() => app.close());

  it.each([
    ['answers 500', answered(500)],
    ['answers 429, which nobody of us has refused', answered(429)],
    ['does not answer in time', refused(504, 'upstream_timeout')],
  ])('falls by a tenth where the provider %s, and says so', async (_what, answer) => {
    const heard: unknown[] = [];
    const stop = subscribe('tollgate:concurrency', ({ outcome, limit }) => {
      if (outcome === 'limit') heard.push(limit);
    });
    await serve({ initial: 50 });
    await twelve(answer);
    stop();
    expect(guard.limit).toBe(45);
    expect(heard).toEqual([45]);
  });

  it.each([
    ['well-answered requests', answered(200)],
    ['requests that were wrong', answered(400)],
    ['callers who have spent their budget', refused(402, 'budget_exceeded')],
    ['a store of ours that is away', refused(503, 'budget_unverifiable')],
  ])('stays where it is for %s', async (_what, answer) => {
    await serve({ initial: 50 });
    await twelve(answer);
    expect(guard.limit).toBe(50);
  });

  it('is not moved by clients that leave', async () => {
    await serve({ initial: 50 });
    for (let count = 0; count < 12; count += 1) {
      const leaving = new AbortController();
      const gone = app.send('ann', { signal: leaving.signal });
      await until(() => app.running.length === 1);
      nowMs += 60_000;
      leaving.abort();
      await expect(gone).rejects.toThrow('abort');
      await until(() => guard.running === 0);
    }
    expect(guard.limit).toBe(50);
  });

  it('is not moved by answers that were paid for before, which no provider has given', async () => {
    await serve({ algorithm: 'aimd', slowMs: 1_000, initial: 50 });
    await twelve((res) => {
      const { calls } = res.req.tollgate;
      const begin = (call: Writing<SettledCall>): void => {
        call.replays = true;
      };
      calls.use({ name: 'cache', stage: 'inspect', begin });
      void calls.declare({ method: 'POST', url: '/', headers: {}, body: {} });
      res.status(200).end();
    });
    expect(guard.limit).toBe(50);
    await twelve(answered(200));
    expect(guard.limit).toBe(45);
  });

  it.each([
    ['firstByte', 50],
    ['end', 45],
  ] as const)('times a stream until its %s, where told so', async (latency, limit) => {
    await serve({ algorithm: 'aimd', slowMs: 2_000, initial: 50, latency });
    await twelve((res) => {
      res.setHeader('content-type', 'text/event-stream');
      res.write('data: 1\n\n');
      nowMs += 30_000;
      res.end('data: 2\n\n');
    });
    expect(guard.limit).toBe(limit);
  });
});
