import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { definePlans, memoryQuota } from '@tollgate/core';
import { Services } from '../src/api/services.js';
import { LiveCounts } from '../src/live/live-counts.js';

const live = new LiveCounts(Date.now);
const servicesOf = (): Services =>
  new Services(
    {
      ...{ plans: definePlans({ pro: {} }), store: memoryQuota(), ledger: undefined, registry: undefined },
      ...{ switch: undefined, isReady: true, inFlight: 0, unverified: 0, fromGrace: 0 },
    },
    live,
    { now: Date.now, prices: {}, confirmMs: 100, grantableScopes: [] },
  );

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => {
  jest.useRealTimers();
  live.end();
});

describe('questions to the database', () => {
  it('take turns, three at a time, and keep them until they are answered: late ones do not pile up', async () => {
    const services = servicesOf();
    const ends: (() => void)[] = [];
    let begun = 0;
    const question = (): Promise<void> => {
      begun += 1;
      return new Promise((resolve) => void ends.push(resolve));
    };
    const asked = Array.from({ length: 5 }, () =>
      services.ask(question).then(
        () => 'answered',
        ({ status }) => status,
      ),
    );
    await jest.advanceTimersByTimeAsync(15_000);
    expect(await Promise.all(asked)).toEqual([503, 503, 503, 503, 503]); // also those that waited for a turn
    expect(begun).toBe(3);
    for (const end of ends) end();
    await jest.advanceTimersByTimeAsync(1);
    expect(begun).toBe(3); // those whose callers were refused do not begin
    const next = services.ask(question);
    await jest.advanceTimersByTimeAsync(1);
    ends.at(-1)?.();
    await next;
    expect(begun).toBe(4);
  });

  it('are refused while two hundred wait', async () => {
    const services = servicesOf();
    const never = (): Promise<void> => new Promise(() => undefined);
    const asked = Array.from({ length: 203 }, () => services.ask(never).catch(() => undefined));
    await expect(services.ask(never)).rejects.toMatchObject({ status: 429, code: 'concurrency_exceeded' });
    await jest.advanceTimersByTimeAsync(15_000);
    await Promise.all(asked);
  });

  it('give heavy answers again for five seconds, until something was changed, and failures never', async () => {
    const services = servicesOf();
    let asked = 0;
    const question = async (): Promise<number> => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return asked;
    };
    await expect(services.askOnce('caps', question)).rejects.toMatchObject({ status: 503 });
    expect(
      await Promise.all([services.askOnce('caps', question), services.askOnce('caps', question)]),
    ).toEqual([2, 2]);
    expect(await services.askOnce('other', question)).toBe(3);
    services.forget();
    expect(await services.askOnce('caps', question)).toBe(4);
  });

  it('that read for long are four at a time', () => {
    const services = servicesOf();
    const ends = Array.from({ length: 4 }, () => services.begin());
    expect(() => services.begin()).toThrow('Too many questions');
    ends[0]?.();
    ends[0]?.(); // once
    services.begin();
    expect(() => services.begin()).toThrow('Too many questions');
  });
});
