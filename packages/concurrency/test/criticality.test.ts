import { afterEach, describe, expect, it } from '@jest/globals';
import { definePlans } from '@tollgate/core';
import type express from 'express';
import { type ConcurrencyMiddleware, type ConcurrencyOptions, concurrency } from '../src/index.js';
import { Pressure } from '../src/pressure.js';
import { errorOf, type HeldApp, heldApp, until, versions } from './app.js';

const plans = definePlans({
  trial: { criticality: 'low' },
  free: {},
  pro: { criticality: 'high' },
  checkout: { criticality: 'critical' },
});
let underPressure = false;

describe.each(versions)('plans of different criticality on %s', (_version, create: typeof express) => {
  let app: HeldApp;
  let guard: ConcurrencyMiddleware;
  const serve = async (options: Partial<ConcurrencyOptions> = {}): Promise<void> => {
    underPressure = false;
    guard = concurrency({
      ...{ plans, limit: 10, tenantShare: 1 },
      pressure: { when: () => underPressure, loopDelayMs: 60_000 },
      ...options,
    });
    app = await heldApp(create, [guard], [guard.batch]);
  };
  /** This many requests run, each of another tenant. */
  const occupy = async (count: number, plan: string): Promise<Promise<Response>[]> => {
    const before = app.running.length;
    const sent = Array.from({ length: count }, (_, index) => app.send(`${plan}${before + index}@${plan}`));
    await until(() => app.running.length === before + count);
    return sent;
  };
  const releaseAll = async (sent: readonly Promise<Response>[]): Promise<void> => {
    while (app.running.length > 0) app.release();
    await Promise.all(sent);
  };
  afterEach(() => app.close());

  it('are equal without pressure', async () => {
    await serve();
    const sent = await occupy(10, 'trial');
    await releaseAll(sent);
  });

  it('are limited from the least critical on under pressure: half, 80 %, 95 %, all of the permits', async () => {
    await serve();
    const sent = await occupy(5, 'trial');
    underPressure = true;
    const refused = await app.send('one@trial');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await errorOf(refused)).toMatchObject({
      code: 'queue_full',
      message: 'The service is under pressure and serves other plans first. Try again shortly.',
    });
    sent.push(...(await occupy(3, 'free')));
    expect((await app.send('one@free')).status).toBe(503);
    sent.push(...(await occupy(1, 'pro')));
    expect((await app.send('one@pro')).status).toBe(503);
    sent.push(...(await occupy(1, 'checkout')));
    const waits = app.send('two@checkout');
    await until(() => guard.waiting === 1);
    underPressure = false;
    app.release();
    await until(() => guard.waiting === 0);
    await releaseAll([...sent, waits]);
  });

  it('always keep one permit, so that a limit which has fallen to one can rise again', async () => {
    await serve({ limit: 1 });
    underPressure = true;
    await releaseAll(await occupy(1, 'trial'));
    await releaseAll(await occupy(1, 'pro'));
  });

  it('are all limited alike where the app says so, and where they are equally critical', async () => {
    await serve({ pressure: false });
    underPressure = true;
    await releaseAll(await occupy(10, 'trial'));
    await app.close();
    await serve({ plans: definePlans({ trial: { criticality: 'low' }, other: { criticality: 'low' } }) });
    underPressure = true;
    await releaseAll(await occupy(10, 'trial'));
  });

  it('are not limited in shadow mode', async () => {
    await serve({ mode: 'shadow' });
    underPressure = true;
    await releaseAll(await occupy(12, 'trial'));
  });
});

describe('pressure', () => {
  const clock = { nowMs: 0, now: () => clock.nowMs, after: () => () => undefined };

  it('is a late event loop within the last second, until it is in time again', async () => {
    const pressure = new Pressure({ loopDelayMs: 50 }, clock);
    expect(pressure.isHigh(10)).toBe(false);
    for (let turn = 0; turn < 4; turn += 1) {
      const endMs = performance.now() + 150;
      while (performance.now() < endMs) Math.sqrt(2);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect(pressure.isHigh(10)).toBe(false); // not measured yet
    clock.nowMs += 1_000;
    expect(pressure.isHigh(10)).toBe(true);
    clock.nowMs += 999;
    expect(pressure.isHigh(10)).toBe(true);
    clock.nowMs += 1;
    expect(pressure.isHigh(10)).toBe(false); // nothing was measured since
    pressure.end();
  });

  it('is an adaptive limit that has fallen below half of its highest value within ten minutes', () => {
    const pressure = new Pressure({ loopDelayMs: 60_000 }, clock);
    expect([20, 40, 80, 41, 40, 39].map((limit) => pressure.isHigh(limit))).toEqual([
      ...[false, false, false, false],
      ...[false, true],
    ]);
    clock.nowMs += 599_999;
    expect(pressure.isHigh(39)).toBe(true);
    clock.nowMs += 1;
    expect(pressure.isHigh(39)).toBe(false); // the new usual
    pressure.end();
    const patient = new Pressure({ loopDelayMs: 60_000, limitShare: 0.1 }, clock);
    expect([patient.isHigh(10), patient.isHigh(1)]).toEqual([false, false]);
    patient.end();
  });

  it('is configured with checked options only', () => {
    for (const pressure of [true, { loopDelayMs: 1 }, { limitShare: 0 }, { when: 5 }, { lag: 5 }]) {
      expect(() => concurrency({ limit: 1, pressure: pressure as never })).toThrow(
        /"?(pressure|loopDelayMs|limitShare|when|lag)/,
      );
    }
    expect(() => definePlans({ a: { criticality: 'urgent' as 'high' } })).toThrow(
      '"criticality" must be one of',
    );
  });
});
