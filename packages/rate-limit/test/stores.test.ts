import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { definePlans, subscribe } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import type { ClientRateLimitInfo, Options, Store } from 'express-rate-limit';
import { MemoryStore } from 'express-rate-limit';
import request from 'supertest';
import { type RateLimitOptions, rateLimit } from '../src/index.js';
import { appOf, versions } from './app.js';

const [[, create]] = versions as [(typeof versions)[number]];
const startMs = Date.UTC(2026, 0, 5, 12);

/** A shared store that can be told to fail, to hang, or to tell the time wrongly. */
class ScriptedStore implements Store {
  mode: 'works' | 'fails' | 'hangs' | 'lies' = 'works';
  initFails = false;
  inits = 0;
  asked = 0;
  skewMs = 0;
  readonly hits = new Map<string, number>();

  async init(_options: Options): Promise<void> {
    this.inits += 1;
    if (this.initFails) throw new Error('no connection');
  }

  async increment(key: string): Promise<ClientRateLimitInfo> {
    this.asked += 1;
    if (this.mode === 'fails') throw new Error('connection lost');
    if (this.mode === 'hangs') await new Promise(() => {});
    if (this.mode === 'lies') return { totalHits: Number.NaN, resetTime: undefined };
    const totalHits = (this.hits.get(key) ?? 0) + 1;
    this.hits.set(key, totalHits);
    return { totalHits, resetTime: new Date(startMs + 60_000 + this.skewMs) };
  }

  async decrement(key: string): Promise<void> {
    this.hits.set(key, (this.hits.get(key) ?? 0) - 1);
  }

  resetKey(): void {}
}

const clock = createManualClock(startMs);
const said: string[] = [];
let stop: () => void;
beforeEach(() => {
  clock.set(startMs);
  said.length = 0;
  // Channels are the process's: other tests' stores may speak on them too.
  stop = subscribe('tollgate:store', ({ store, name, state, policy }) => {
    if (store === 'rate-limit') said.push(`${name} ${state} ${policy}`);
  });
});
afterEach(() => stop());

function appWith(store: Store, options: Partial<RateLimitOptions> = {}) {
  const app = appOf(
    create,
    rateLimit({ limits: '4/min', stores: () => store, storeDeadlineMs: 20, now: clock.now, ...options }),
  );
  return () => request(app).post('/v1/chat').set('x-test-caller', 'acme/ann/k1');
}

async function statuses(count: number, ask: () => PromiseLike<{ status: number }>): Promise<number[]> {
  const seen: number[] = [];
  for (let index = 0; index < count; index += 1) seen.push((await ask()).status);
  return seen;
}

describe('a store of the app', () => {
  it('is made once for each window length, with a name and the length', () => {
    const made: string[] = [];
    const plans = definePlans({
      free: { requests: [{ rate: '60/min', burst: 5 }, '1k/day'] },
      pro: { requests: [{ rate: '600/min', burst: 50 }, '20/s'] },
    });
    rateLimit({
      plans,
      limits: { rate: '9/min', name: 'all', by: 'global' },
      stores: (name, windowMs) => {
        made.push(`${name} ${windowMs}`);
        return new MemoryStore();
      },
    });
    expect(made.sort()).toEqual([
      'requests-1000ms 1000',
      'requests-60000ms 60000',
      'requests-86400000ms 86400000',
    ]);
  });

  it('counts for all processes that share it', async () => {
    const shared = new ScriptedStore();
    const twin = Object.assign(new ScriptedStore(), { hits: shared.hits });
    const [one, other] = [appWith(shared), appWith(twin)];
    expect([...(await statuses(3, one)), ...(await statuses(2, other))]).toEqual([200, 200, 200, 200, 429]);
    expect([...shared.hits]).toEqual([
      ['requests/limit/requests-min/requests/60000ms/tenant=acme/key=k1', 4],
    ]);
  });

  it("may be express-rate-limit's own memory store", async () => {
    const store = new MemoryStore();
    expect(await statuses(5, appWith(store, { now: Date.now }))).toEqual([200, 200, 200, 200, 429]);
    store.shutdown();
  });

  it('may not be shared by two windows or two limiters', () => {
    const store = new ScriptedStore();
    rateLimit({ limits: '1/min', stores: () => store });
    expect(() => rateLimit({ limits: '1/min', stores: () => store })).toThrow(
      'rateLimit: "stores" returned a store that is in use already',
    );
  });

  it('whose clock is off never makes a client wait longer than the window, or not at all', async () => {
    const store = new ScriptedStore();
    const ask = appWith(store);
    await statuses(4, ask);
    store.skewMs = 3_600_000;
    expect((await ask()).headers['retry-after']).toBe('60');
    store.skewMs = -3_600_000;
    expect((await ask()).headers['retry-after']).toBe('1');
  });
});

for (const mode of ['fails', 'hangs', 'lies'] as const) {
  describe(`a store that ${mode}`, () => {
    it('is stood in for by memory, at the limit divided by the processes', async () => {
      const store = new ScriptedStore();
      store.mode = mode;
      expect(await statuses(4, appWith(store, { expectedProcesses: 2 }))).toEqual([200, 200, 429, 429]);
      expect(
        await statuses(3, appWith(Object.assign(new ScriptedStore(), { mode }), { expectedProcesses: 50 })),
      ).toEqual([200, 429, 429]);
    });

    it('lets requests pass, or answers 503, where the app says so', async () => {
      const make = () => Object.assign(new ScriptedStore(), { mode });
      expect(await statuses(6, appWith(make(), { whenStoreDown: 'open' }))).toEqual(Array(6).fill(200));
      const refused = await appWith(make(), { whenStoreDown: 'closed' })();
      expect(refused.status).toBe(503);
      expect(refused.headers).toMatchObject({ 'retry-after': '1', 'x-should-retry': 'true' });
      expect(refused.body.error.code).toBe('store_unavailable');
    });

    it('is left alone after three failures and asked again after a second, and says both', async () => {
      const store = new ScriptedStore();
      store.mode = mode;
      const ask = appWith(store, { limits: '100/min' });
      await statuses(10, ask);
      expect(store.asked).toBe(3);
      clock.advance(1_000);
      await statuses(3, ask);
      expect(store.asked).toBe(4);
      store.mode = 'works';
      clock.advance(1_000);
      await statuses(3, ask);
      expect(store.asked).toBe(7);
      expect(said).toEqual([
        'requests-60000ms failing local',
        'requests-60000ms down local',
        'requests-60000ms up local',
      ]);
    });
  });
}

it('a store that leaves its servers alone by itself is always asked: one that is away says nothing of the others', async () => {
  const store = Object.assign(new ScriptedStore(), { hasBreaker: true, mode: 'fails' as const });
  await statuses(10, appWith(store, { limits: '100/min' }));
  expect(store.asked).toBe(10);
});

it('a store that could not begin is begun again when it is next asked', async () => {
  const store = new ScriptedStore();
  store.initFails = true;
  const ask = appWith(store);
  await ask().expect(200);
  expect(store.asked).toBe(0);
  store.initFails = false;
  await ask().expect(200);
  expect([store.asked, store.inits]).toEqual([1, 3]);
});

it('a store that cannot be used at all is refused at start', () => {
  expect(() => rateLimit({ limits: '1/min', stores: () => JSON.parse('{}') })).toThrow(
    '"stores" must return a store of express-rate-limit',
  );
});

beforeEach(forgetWarnings);
