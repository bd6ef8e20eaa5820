import { describe, it } from '@jest/globals';
import type { QuotaCounter } from '@tollgate/core/internal';
import { bucketCounter, calendar, liveCounter, quotaCounter } from '@tollgate/testkit/contracts';
import fc from 'fast-check';
import { readOptions } from '../src/connection/options.js';
import { RedisQuotaStore } from '../src/quota/redis-quota-store.js';
import type { SliceHome } from '../src/slices/slice-home.js';
import { newPrefix, useRedis } from './servers.js';
import { type Admitted, ask, homeInMemory, type Moment, Processes } from './slices-world.js';

const redis = useRedis();
const startMs = Date.parse('2026-11-21T23:59:30Z');
const long = process.env.TOLLGATE_LONG === '1';

type Step =
  | { kind: 'ask'; process: number; counter: number; want: number; least: number | undefined }
  | { kind: 'charge'; which: number; share: number }
  | { kind: 'beat' }
  | { kind: 'pass'; ms: number }
  | { kind: 'stall' }
  | { kind: 'kill'; process: number };

const some = fc.nat(1_000);
const asking = fc.record({
  kind: fc.constant('ask' as const),
  process: some,
  counter: some,
  want: fc.integer({ min: 1, max: 60 }),
  least: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
});
// More than 1: it cost more than was held.
const charging = fc.record({
  kind: fc.constant('charge' as const),
  which: some,
  share: fc.constantFrom(0, 0.1, 0.5, 0.9, 1, 1, 1.4),
});
const beating = fc.constant({ kind: 'beat' as const });
const passing = fc.record({
  kind: fc.constant('pass' as const),
  ms: fc.constantFrom(1, 20, 100, 900, 4_000),
});
// All processes stand still for longer than their leases last.
const stalling = fc.constant({ kind: 'stall' as const });
const killing = fc.record({ kind: fc.constant('kill' as const), process: some });
const calm = [
  { weight: 12, arbitrary: asking },
  { weight: 9, arbitrary: charging },
  { weight: 5, arbitrary: beating },
  { weight: 2, arbitrary: passing },
];
const rough = [...calm, { weight: 1, arbitrary: stalling }, { weight: 1, arbitrary: killing }];
/** Several steps of a round are under way at the same time. */
const roundsOf = (step: fc.Arbitrary<Step>) =>
  fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 5, maxLength: 40 });
const rounds = fc.oneof(roundsOf(fc.oneof(...calm)), roundsOf(fc.oneof(...rough)));

const counters: readonly QuotaCounter[] = [
  quotaCounter('usd/day', 300, { wide: true }),
  quotaCounter('usd/minute', 90, { wide: true, window: calendar('minute') }),
  liveCounter('concurrent/global', 5),
];

/** What really happened, counter by counter and window by window. */
class Truth {
  used = 0;
  held = 0;
  /** Beyond what was held: the truth is charged all the same. */
  overrun = 0;
  /** Held by processes that were killed. */
  lost = 0;
}

async function play(home: SliceHome, moment: Moment, steps: readonly (readonly Step[])[]): Promise<void> {
  const processes = new Processes(home, moment, 3);
  const truths = new Map<string, Truth>();
  const truthOf = (counter: string, windowId: string): Truth => {
    const key = `${counter}|${windowId}`;
    const known = truths.get(key) ?? new Truth();
    truths.set(key, known);
    return known;
  };
  let live: Admitted[] = [];
  let anyKilled = false;
  let stalled = false;
  const charge = (one: Admitted, share: number): void => {
    live = live.filter((other) => other !== one);
    const truth = truthOf(one.counter.counter, one.windowId);
    const amount = one.counter.window.kind === 'live' ? 0 : Math.floor(one.amount * share);
    truth.held -= one.amount;
    truth.used += amount;
    truth.overrun += Math.max(0, amount - one.amount);
    one.charge(amount);
  };
  const run = async (one: Step): Promise<void> => {
    if (one.kind === 'ask') {
      const counter = counters[one.counter % counters.length] as QuotaCounter;
      const want = counter.window.kind === 'live' ? 1 : one.want;
      const min =
        one.least === undefined || counter.window.kind === 'live' ? undefined : Math.min(one.least, want);
      const admitted = await ask(processes.process(one.process), { ...counter, want, min });
      if (!admitted) return;
      live.push(admitted);
      truthOf(counter.counter, admitted.windowId).held += admitted.amount;
    } else if (one.kind === 'charge') {
      const admitted = live[one.which % Math.max(1, live.length)];
      if (admitted) charge(admitted, one.share);
    } else if (one.kind === 'beat') await processes.beat();
  };
  const check = (): void => {
    for (const counter of counters) {
      // A place in flight is given to others when its lease has run out, as that of any reservation is.
      if (stalled && counter.window.kind === 'live') continue;
      for (const [key, { used, held, overrun }] of truths) {
        if (!key.startsWith(`${counter.counter}|`)) continue;
        if (used + held > counter.limit + overrun) {
          throw new Error(`${key}: ${used} used and ${held} held of ${counter.limit}, overrun ${overrun}`);
        }
      }
    }
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      moment.ms += Math.min(500, ms - passed);
      for (let beat = 0; beat < 4; beat += 1) await processes.beat();
    }
  };
  for (const round of steps) {
    await Promise.all(round.map(run));
    for (const one of round) {
      if (one.kind === 'pass') await pass(one.ms);
      if (one.kind === 'stall') moment.ms += 20_000;
      stalled ||= one.kind === 'stall';
      if (one.kind !== 'kill') continue;
      anyKilled = true;
      const dead = processes.process(one.process);
      // Nobody will know what they would have cost; until its leases have run out they count.
      for (const admitted of live.filter(({ process }) => process === dead)) {
        const truth = truthOf(admitted.counter.counter, admitted.windowId);
        truth.held -= admitted.amount;
        truth.lost += admitted.amount;
      }
      live = live.filter(({ process }) => process !== dead);
      processes.kill(one.process);
    }
    check();
  }
  for (const one of live) charge(one, 1);
  await pass(25_000);
  const states = await home.read('wide', counters);
  for (const state of states) {
    const truth = truthOf(state.counter, state.window);
    if (state.held !== 0) throw new Error(`${state.counter}: ${state.held} held at the end`);
    const exact = state.used === truth.used || state.unit === 'concurrent';
    // What a process had leased that died or stood still counts as spent; what cost more and was not told yet nobody knows then.
    if (anyKilled || stalled ? state.used < truth.used - truth.overrun : !exact) {
      throw new Error(`${state.counter}: ${state.used} used in the store, ${truth.used} in truth`);
    }
    if (state.used > state.limit + truth.overrun) {
      throw new Error(`${state.counter}: ${state.used} used of ${state.limit}`);
    }
  }
}

describe('slices, whatever happens in whatever order', () => {
  const seed = 20_261_121;
  const timeoutMs = long ? 900_000 : 60_000;

  it(
    'never pass the cap, tell exactly what was used, and hold nothing in the end',
    async () => {
      const property = fc.asyncProperty(rounds, (steps) => {
        const moment = { ms: startMs };
        return play(homeInMemory(moment), moment, steps);
      });
      await fc.assert(property, { seed, numRuns: long ? 5_000 : 60 });
    },
    timeoutMs,
  );

  it(
    'do so on Redis',
    async () => {
      const { client } = redis();
      const property = fc.asyncProperty(rounds, async (steps) => {
        const moment = { ms: startMs };
        const options = readOptions('redisQuota', { client, prefix: newPrefix(), deadlineMs: 5_000 });
        const store = new RedisQuotaStore(options, { ownClock: () => moment.ms });
        await play(store, moment, steps);
        await store.end();
      });
      await fc.assert(property, { seed, numRuns: long ? 500 : 12 });
    },
    timeoutMs,
  );

  it(
    'of a token bucket admit no more than its burst and what refills, over any interval',
    async () => {
      const property = fc.asyncProperty(rounds, async (steps) => {
        const moment = { ms: startMs };
        const processes = new Processes(homeInMemory(moment), moment, 3);
        // What refills within a 64th of its time may be kept.
        const bucket = bucketCounter('tokens', { rate: 10, periodMs: 1_000, burst: 100 });
        let least = 0;
        let sum = 0;
        const run = async (one: Step): Promise<void> => {
          if (one.kind === 'beat') await processes.beat();
          if (one.kind !== 'ask') return;
          const admitted = await ask(processes.process(one.process), {
            ...bucket,
            want: Math.min(one.want, 20),
          });
          if (!admitted) return;
          admitted.charge(admitted.amount);
          // In hundredths, of which one refills in each millisecond.
          const refilled = moment.ms - startMs;
          least = Math.min(least, sum - refilled);
          sum += 100 * admitted.amount;
          if (sum - refilled - least > 10_000) throw new Error(`${sum - refilled - least} of 10000`);
        };
        for (const round of steps) {
          await Promise.all(round.map(run));
          for (const one of round) if (one.kind === 'pass') moment.ms += one.ms;
        }
      });
      await fc.assert(property, { seed, numRuns: long ? 5_000 : 60 });
    },
    timeoutMs,
  );
});
