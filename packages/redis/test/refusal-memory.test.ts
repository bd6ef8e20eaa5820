import { describe, expect, it } from '@jest/globals';
import { memoryQuota, type QuotaStore, subscribe } from '@tollgate/core';
import { newId, type QuotaAlternative } from '@tollgate/core/internal';
import { createManualClock, type ManualClock } from '@tollgate/testkit';
import {
  admitted,
  bucketCounter,
  itemFor,
  liveCounter,
  QuotaTenant,
  quotaCounter,
  refusal,
} from '@tollgate/testkit/contracts';
import { RefusalMemory } from '../src/quota/refusal-memory.js';

const noon = Date.parse('2026-11-21T12:00:00Z');

/** Two processes on one store, on one clock; `asked` tells how often the store was asked for a reservation. */
function twoProcesses(startMs = noon) {
  const clock = createManualClock(startMs);
  const shared = memoryQuota({ now: clock.now });
  let asked = 0;
  let arrival: Promise<void> | undefined;
  const counting: QuotaStore = {
    reserve: async (request) => {
      asked += 1;
      const answer = await shared.reserve(request);
      await arrival;
      return answer;
    },
    extend: (request) => shared.extend(request),
    cover: (request) => shared.cover(request),
    charge: (request) => shared.charge(request),
    renew: (request) => shared.renew(request),
    close: (request) => shared.close(request),
    read: (partition, counters) => shared.read(partition, counters),
    end: () => shared.end(),
  };
  const memory = () => new QuotaTenant(new RefusalMemory(counting, { rememberMs: 5_000, now: clock.now }));
  /** From now on answers are on their way until what it returns is called. */
  const late = (): (() => void) => {
    let arrive = (): void => undefined;
    arrival = new Promise((resolve) => {
      arrive = resolve;
    });
    return () => arrive();
  };
  return { clock, one: memory(), other: memory(), late, asked: () => asked };
}

const day = quotaCounter('usd/day/acme', 100);

/** Uses so much of a counter. */
async function use(tenant: QuotaTenant, amount: number, counter = day): Promise<void> {
  const id = newId();
  const { grants } = admitted(await tenant.reserve([{ ...counter, want: amount }], { id }));
  await tenant.charge(id, [itemFor(counter, grants[0], amount)], { close: true });
}

/** A reservation that has expired and was charged at its floor of 95; what it returns charges the truth, which is 10. */
async function overcharged(tenant: QuotaTenant, clock: ManualClock): Promise<() => Promise<void>> {
  const id = newId();
  const attemptId = newId();
  const charges = [{ ...day, want: 95, floor: 95 }];
  const { grants } = admitted(await tenant.reserve(charges, { id, attemptId, leaseMs: 1_000 }));
  clock.advance(1_000);
  return async () => {
    const { outcome } = await tenant.charge(id, [itemFor(day, grants[0], 10)], { attemptId });
    expect(outcome).toBe('adjusted');
  };
}

const ask = (tenant: QuotaTenant, want = 10, counter = day) => tenant.reserve([{ ...counter, want }]);

describe('a refusal for what is used', () => {
  it('is asked for once in five seconds, and told as the store told it', async () => {
    const { one, asked, clock } = twoProcesses();
    await use(one, 95);
    const first = await ask(one);
    const before = asked();
    for (let turn = 0; turn < 100; turn += 1) expect(await ask(one)).toEqual(first);
    clock.advance(4_999);
    expect(refusal(await ask(one))).toMatchObject({ blockedBy: 'used', retryAfterMs: 43_200_000 - 4_999 });
    expect(asked()).toBe(before);
    clock.advance(1);
    expect((await ask(one)).ok).toBe(false);
    expect(asked()).toBe(before + 1);
  });

  it('does not keep out what still fits', async () => {
    const { one } = twoProcesses();
    await use(one, 95);
    expect((await ask(one)).ok).toBe(false);
    expect((await ask(one, 5)).ok).toBe(true);
    expect((await one.reserve([{ ...day, want: 10, min: 6 }])).ok).toBe(false);
  });

  it('does not outlive its window', async () => {
    const { one, clock } = twoProcesses(noon + 43_200_000 - 2_000);
    await use(one, 95);
    expect((await ask(one)).ok).toBe(false);
    clock.advance(2_000);
    expect((await ask(one)).ok).toBe(true);
  });

  it('asks at once under a raised cap, and goes on under the old and a lower one', async () => {
    const { one, asked } = twoProcesses();
    await use(one, 95);
    await ask(one);
    const before = asked();
    expect((await ask(one, 10, { ...day, limit: 90 })).ok).toBe(false);
    expect(asked()).toBe(before);
    expect((await ask(one, 10, { ...day, limit: 101 })).ok).toBe(false);
    expect(asked()).toBe(before + 1);
    expect((await ask(one, 10, { ...day, limit: 200 })).ok).toBe(true);
  });

  it('of a token bucket lasts until enough is refilled: who waits as told is let in', async () => {
    const { one, asked, clock } = twoProcesses();
    const bucket = bucketCounter('tokens/acme', { rate: 7, periodMs: 1_000, burst: 60 });
    await use(one, 60, bucket);
    const { retryAfterMs = 0 } = refusal(await ask(one, 20, bucket));
    const before = asked();
    clock.advance(1_000);
    expect(refusal(await ask(one, 20, bucket)).retryAfterMs).toBe(retryAfterMs - 1_000);
    expect(asked()).toBe(before);
    clock.advance(retryAfterMs - 1_001);
    expect((await ask(one, 20, bucket)).ok).toBe(false);
    clock.advance(1);
    expect((await ask(one, 20, bucket)).ok).toBe(true);
  });

  it('is forgotten where a correction shows that less is used, and within five seconds where another process saw it', async () => {
    const { one, other, clock } = twoProcesses();
    const correct = await overcharged(one, clock);
    expect((await ask(one)).ok).toBe(false);
    expect((await ask(other)).ok).toBe(false);
    await correct();
    expect((await ask(one)).ok).toBe(true);
    expect((await ask(other)).ok).toBe(false);
    clock.advance(5_000);
    expect((await ask(other)).ok).toBe(true);
  });

  it('is forgotten where its counters are read and less is used', async () => {
    const { one, other, clock } = twoProcesses();
    const correct = await overcharged(other, clock);
    expect((await ask(one)).ok).toBe(false);
    await correct();
    expect((await ask(one)).ok).toBe(false);
    expect(await one.standing(day)).toEqual({ used: 10, held: 0 });
    expect((await ask(one)).ok).toBe(true);
  });

  it('is not kept where a correction comes before its answer', async () => {
    const { one, clock, late } = twoProcesses();
    const correct = await overcharged(one, clock);
    const arrives = late();
    const refused = ask(one);
    await correct();
    arrives();
    expect((await refused).ok).toBe(false);
    expect((await ask(one)).ok).toBe(true);
  });

  it('is told only where no alternative fits', async () => {
    const { one, asked } = twoProcesses();
    const hour = quotaCounter('usd/hour/acme', 100);
    await use(one, 95);
    await ask(one);
    const before = asked();
    const alternatives = (second: number): QuotaAlternative[] => [
      { charges: [{ ...day, want: 10 }] },
      { charges: [{ ...hour, want: 1 }, ...(second > 0 ? [{ ...day, want: second }] : [])] },
    ];
    expect((await one.reserve([], { alternatives: alternatives(8) })).ok).toBe(false);
    expect(asked()).toBe(before);
    expect(await one.reserve([], { alternatives: alternatives(0) })).toMatchObject({
      ok: true,
      alternative: 1,
    });
  });

  it('says of what never fits that it never does', async () => {
    const { one } = twoProcesses();
    await use(one, 95);
    await ask(one);
    expect(refusal(await ask(one, 101)).blockedBy).toBe('size');
  });

  it('is published with a mark', async () => {
    const { one } = twoProcesses();
    await use(one, 95);
    const marks: unknown[] = [];
    const stop = subscribe('tollgate:reserve', ({ ok, remembered }) => marks.push([ok, remembered]));
    await ask(one);
    await ask(one);
    stop();
    expect(marks).toEqual([
      [false, undefined],
      [false, true],
    ]);
  });
});

describe('a refusal for what others hold', () => {
  it.each([
    ['of money', day, 95],
    ['of places', liveCounter('live/acme', 1), 1],
  ])('%s is asked for each time', async (_what, counter, held) => {
    const { one } = twoProcesses();
    const id = newId();
    admitted(await one.reserve([{ ...counter, want: held }], { id }));
    expect(refusal(await ask(one, 10, counter)).blockedBy).toBe('held');
    await one.close(id);
    expect((await ask(one, 10, counter)).ok).toBe(true);
  });
});

describe('a reservation that is asked for again', () => {
  it('gets its own answer, whatever has been used since', async () => {
    const { one } = twoProcesses();
    const id = newId();
    const first = admitted(await one.reserve([{ ...day, want: 10 }], { id }));
    await use(one, 90);
    expect((await ask(one)).ok).toBe(false);
    expect(await one.reserve([{ ...day, want: 10 }], { id })).toEqual(first);
  });
});
