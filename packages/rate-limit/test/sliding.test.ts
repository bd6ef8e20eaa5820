import { describe, expect, it } from '@jest/globals';
import { definePlans } from '@tollgate/core';
import { createManualClock } from '@tollgate/testkit';
import { MemoryStore } from 'express-rate-limit';
import request from 'supertest';
import { type RateLimitOptions, rateLimit } from '../src/index.js';
import { LocalSlidingStore } from '../src/local-sliding-store.js';
import { SlidingLog } from '../src/sliding-log.js';
import { appOf, versions } from './app.js';

const [[, create]] = versions as [(typeof versions)[number]];
const startMs = Date.UTC(2026, 0, 5, 12);

/** Numbers from 0 to 1, the same for a seed (xorshift). */
function createRandom(seed: number): () => number {
  let state = seed * 2_654_435_769 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function appWith(options: RateLimitOptions) {
  const clock = createManualClock(startMs);
  const app = appOf(create, rateLimit({ now: clock.now, ...options }));
  return { clock, ask: () => request(app).post('/v1/chat').set('x-test-caller', 'acme/ann/k1') };
}

/** Admits as `rateLimit()` does: counts, compares, takes back. */
function admits(store: LocalSlidingStore, limit: number, cost = 1): boolean {
  const { totalHits, countedAtMs } = store.incrementBy('a', cost, limit);
  if (totalHits <= limit) return true;
  store.decrementBy('a', cost, countedAtMs);
  return false;
}

describe('sliding windows', () => {
  it('admit no second amount around a boundary, where fixed windows do', async () => {
    const seen: Record<string, number[]> = {};
    for (const window of ['fixed', 'sliding'] as const) {
      const { clock, ask } = appWith({ limits: { rate: '5/min', window } });
      const statuses = [(await ask()).status];
      clock.advance(58_000);
      for (let index = 0; index < 4; index += 1) statuses.push((await ask()).status);
      clock.advance(2_500);
      for (let index = 0; index < 5; index += 1) statuses.push((await ask()).status);
      seen[window] = statuses;
    }
    expect(seen.fixed).toEqual(Array(10).fill(200));
    expect(seen.sliding).toEqual([200, 200, 200, 200, 200, 200, 429, 429, 429, 429]);
  });

  it('admit a client that waits as long as the refusal says, not a millisecond earlier', async () => {
    const { clock, ask } = appWith({ limits: { rate: '2/min', window: 'sliding' } });
    await ask();
    clock.advance(20_000);
    await ask();
    const refused = await ask();
    expect([refused.status, refused.headers['retry-after'], refused.headers['retry-after-ms']]).toEqual([
      429,
      '40',
      '40000',
    ]);
    expect(refused.headers.ratelimit).toBe('"requests-min";r=0;t=40');
    clock.advance(39_999);
    expect((await ask()).status).toBe(429);
    clock.advance(1);
    expect((await ask()).status).toBe(200);
  });

  it('belong to a plan too, with its burst, and keep its state in limitStatus()', async () => {
    const plans = definePlans({ free: { requests: { rate: '5/min', burst: 2, window: 'sliding' } } });
    const { clock, ask } = appWith({ plans });
    expect([await ask(), await ask(), await ask()].map(({ status }) => status)).toEqual([200, 200, 429]);
    clock.advance(999);
    expect((await ask()).status).toBe(429);
    clock.advance(1);
    expect((await ask()).status).toBe(200);
    const limiter = rateLimit({ plans, now: clock.now });
    const app = appOf(create, limiter, (req, res, next) => {
      void limiter.limitStatus(req).then((windows) => res.json(windows), next);
    });
    const [minute] = (await request(app).post('/v1/chat').set('x-test-caller', 'a/b/k2')).body;
    expect(minute).toMatchObject({ name: 'requests-min', quota: 5, used: 0, left: 5 });
  });

  it('need stores that slide, and a fixed window one that does not', () => {
    const sliding = { limits: { rate: '5/min', window: 'sliding' } } as const;
    expect(() => rateLimit({ ...sliding, stores: () => new MemoryStore() })).toThrow(
      `rateLimit: "window: 'sliding'" needs stores that slide`,
    );
    expect(() => rateLimit({ limits: '5/min', stores: () => new LocalSlidingStore(Date.now) })).toThrow(
      'returned a store of sliding windows for requests-60000ms',
    );
    expect(() => rateLimit({ limits: { rate: '5/min', window: 'rolling' as 'fixed' } })).toThrow(
      '"window" must be one of "fixed", "sliding", received "rolling"',
    );
    const made: string[] = [];
    rateLimit({
      ...sliding,
      stores: (name, windowMs, window) => {
        made.push(`${name} ${windowMs} ${window}`);
        return new LocalSlidingStore(Date.now);
      },
    });
    expect(made).toEqual(['requests-sliding-60000ms 60000 sliding']);
  });

  it('fall back to a sliding window in memory, at the limit divided by the processes', async () => {
    class Away extends LocalSlidingStore {
      override incrementBy(): never {
        throw new Error('connection lost');
      }
    }
    const { clock, ask } = appWith({
      limits: { rate: '4/min', window: 'sliding' },
      stores: () => new Away(Date.now),
      expectedProcesses: 2,
    });
    await ask();
    clock.advance(30_000);
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
    clock.advance(30_000);
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
  });

  for (const limit of [1, 7, 59, 60, 61, 500]) {
    it(`never contain more than ${limit}, and refuse no request that a sixtieth of a window later would pass`, () => {
      const random = createRandom(limit);
      const clock = createManualClock(startMs);
      const store = new LocalSlidingStore(clock.now);
      store.init({ windowMs: 6_000 });
      const admitted: number[] = [];
      const held = (nowMs: number, spanMs: number): number =>
        admitted.filter((atMs) => atMs > nowMs - spanMs).length;
      for (let step = 0; step < 6_000; step += 1) {
        const pace = Math.floor(step / 600) % 2 ? 2_400 / limit : 12_000 / limit;
        clock.advance(Math.floor(random() * pace));
        const now = clock.now();
        if (admits(store, limit)) {
          admitted.push(now);
          expect(held(now, 6_000)).toBeLessThanOrEqual(limit);
        } else expect(held(now, limit < 60 ? 6_000 : 6_100)).toBeGreaterThanOrEqual(limit);
        if (admitted.length > 2_000) admitted.splice(0, 1_000);
      }
    });
  }

  it('name the time at which a request of its cost fits', () => {
    const random = createRandom(3);
    const clock = createManualClock(startMs);
    for (let round = 0; round < 200; round += 1) {
      const store = new LocalSlidingStore(clock.now);
      store.init({ windowMs: 6_000 });
      const limit = 5 + Math.floor(random() * 200);
      for (let step = 0; step < 300; step += 1) {
        clock.advance(Math.floor(random() * 40));
        admits(store, limit, 1 + Math.floor(random() * 5));
      }
      const cost = 1 + Math.floor(random() * limit);
      const { totalHits, resetTime, countedAtMs } = store.incrementBy('a', cost, limit);
      store.decrementBy('a', cost, countedAtMs);
      if (totalHits <= limit) continue;
      const waitMs = (resetTime?.getTime() ?? 0) - clock.now();
      clock.advance(waitMs - 1);
      expect(admits(store, limit, cost)).toBe(false);
      clock.advance(1);
      expect(admits(store, limit, cost)).toBe(true);
    }
  });

  it('keep at most 121 times, whatever comes', () => {
    const random = createRandom(11);
    for (const windowMs of [1_000, 60_000, 604_800_000]) {
      const log = new SlidingLog(windowMs);
      let now = startMs;
      let most = 0;
      for (let step = 0; step < 20_000; step += 1) {
        now += Math.floor((random() * windowMs) / 400);
        log.expire(now);
        log.add(now, 1);
        most = Math.max(most, log.size);
      }
      expect(most).toBeGreaterThanOrEqual(60);
      expect(most).toBeLessThanOrEqual(121);
    }
  });

  it('lose nothing when the clock goes back', () => {
    const clock = createManualClock(startMs);
    const store = new LocalSlidingStore(clock.now);
    store.init({ windowMs: 60_000 });
    expect([admits(store, 2), admits(store, 2)]).toEqual([true, true]);
    clock.set(startMs - 30_000);
    expect(admits(store, 2)).toBe(false);
    clock.set(startMs + 60_000);
    expect(admits(store, 2)).toBe(true);
  });

  it('stay within their bounds of counters and of times', () => {
    const clock = createManualClock(startMs);
    const few = new LocalSlidingStore(clock.now, { counters: 10 });
    few.init({ windowMs: 60_000 });
    for (let key = 0; key < 1_000; key += 1) few.increment(`${key}`);
    expect([few.size, few.get('999')?.totalHits, few.get('0')]).toEqual([10, 1, undefined]);
    const full = new LocalSlidingStore(clock.now, { times: 100 });
    full.init({ windowMs: 60_000 });
    for (let round = 0; round < 50; round += 1) {
      clock.advance(10);
      for (let key = 0; key < 20; key += 1) full.increment(`${key}`);
    }
    const kept = Array.from({ length: 20 }, (_, key) => full.get(`${key}`)?.totalHits ?? 0);
    expect(kept.reduce((sum, hits) => sum + hits)).toBeLessThanOrEqual(100);
    clock.advance(60_000);
    for (let count = 0; count < 12; count += 1) full.increment('new');
    expect(full.size).toBe(1);
    full.resetAll();
    expect(full.size).toBe(0);
  });
});
