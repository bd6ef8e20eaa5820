import { describe, expect, it, jest } from '@jest/globals';
import { memoryQuota, spend, type UsageEvent } from '@tollgate/core';
import type { ChargeRequest } from '@tollgate/core/internal';
import { BudgetEngine } from '../src/engine.js';
import { readOptions } from '../src/options.js';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 10, 20, 12);

/** An engine three days after an attempt began, and what became of its settlement. */
function threeDaysLater(settleLate: ((event: UsageEvent) => Promise<boolean>) | undefined) {
  const charged: string[] = [];
  const real = memoryQuota();
  const store = {
    ...{ reserve: real.reserve.bind(real), extend: real.extend.bind(real), cover: real.cover.bind(real) },
    ...{ renew: real.renew.bind(real), close: real.close.bind(real), read: real.read.bind(real) },
    end: () => real.end(),
    charge: ({ attemptId }: ChargeRequest) => {
      charged.push(attemptId);
      return { outcome: 'charged', recorded: true, states: [], crossed: [] } as const;
    },
  };
  let nowMs = startMs + 72 * hourMs;
  const now = () => nowMs;
  const settings = readOptions({
    store,
    limits: [spend('$5/month')],
    now,
    ...(settleLate && { settleLate }),
  });
  const engine = new BudgetEngine(settings, store);
  const settle = async (attemptId: string, hoursAgo: number): Promise<void> => {
    const admittedAt = new Date(nowMs - hoursAgo * hourMs).toISOString();
    const request = { id: 'r', attemptId, event: { eventId: attemptId, admittedAt } };
    await engine.settling.run({ kind: 'charge', request: request as ChargeRequest });
  };
  return { charged, settle, engine, wait: (ms: number) => (nowMs += ms) };
}

describe('the settlement of an attempt that the store may have forgotten', () => {
  it('is made in the ledger, where that knows it, and charges nothing a second time', async () => {
    const late: string[] = [];
    const { charged, settle } = threeDaysLater(async ({ eventId }) => {
      late.push(eventId);
      return eventId !== 'unheard-of';
    });
    await settle('known', 30);
    await settle('unheard-of', 30);
    await settle('recent', 22);
    expect(late).toEqual(['known', 'unheard-of']);
    expect(charged).toEqual(['unheard-of', 'recent']);
  });

  it('waits until the ledger answers', async () => {
    let away = true;
    const { charged, settle, engine } = threeDaysLater(async () => {
      if (away) throw new Error('away');
      return true;
    });
    await settle('known', 30);
    expect(engine.settling.size).toBe(1);
    away = false;
    await engine.settling.drain(10_000);
    expect(engine.settling.size).toBe(0);
    expect(charged).toEqual([]);
  });

  it('that the ledger never answers fails, so that others are settled', async () => {
    jest.useFakeTimers();
    const { charged, settle, engine } = threeDaysLater(() => new Promise(() => undefined));
    const hanging = settle('known', 30);
    await jest.advanceTimersByTimeAsync(10_010);
    await hanging;
    expect(engine.settling.size).toBe(1);
    await settle('recent', 1);
    expect(charged).toEqual(['recent']);
    jest.useRealTimers();
  });

  it('is charged without a ledger', async () => {
    const { charged, settle } = threeDaysLater(undefined);
    await settle('known', 30);
    expect(charged).toEqual(['known']);
  });
});
