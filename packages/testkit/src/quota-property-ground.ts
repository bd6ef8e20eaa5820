import fc from 'fast-check';
import { type MakeStore, playTrace, type QuotaStep, withStore } from './quota-play.js';
import type { TraceCommand, traces } from './quota-trace.js';

export interface QuotaPropertyOptions {
  /** Random traces for each property. @defaultValue `TOLLGATE_RUNS`, or 100, or 10 000 where `TOLLGATE_LONG` is 1 */
  runs?: number;
  /** Of one property that is tried briefly, in milliseconds. @defaultValue 60 000 */
  timeoutMs?: number;
}

/** How properties are tried. */
export interface PropertyRuns {
  /** Tries a property on so many random values, several of them side by side: a store across a wire is waited for together. */
  assert<Values>(property: fc.IAsyncProperty<Values>): Promise<void>;
  /** Of one property, in milliseconds. */
  readonly timeout: number;
}

/** What properties stand on. */
export interface PropertyGround extends PropertyRuns {
  readonly makeStore: MakeStore;
  /** A property of each step of each trace. */
  always(
    kind: typeof traces,
    check: (step: QuotaStep, trace: readonly TraceCommand[]) => void,
    honest?: boolean,
  ): Promise<void>;
}

/** Values that are tried side by side, and so few that each lane has its worth. */
const mostLanes = 16;
const leastOfLane = 5;

/** Seeded and short, or at random and long. */
export function propertyRuns({ runs, timeoutMs = 60_000 }: QuotaPropertyOptions): PropertyRuns {
  const long = process.env.TOLLGATE_LONG === '1';
  const all = runs ?? (long ? 10_000 : Number(process.env.TOLLGATE_RUNS ?? 100));
  const lanes = Math.min(mostLanes, Math.ceil(all / leastOfLane));
  const timeout = long ? 3_600_000 : timeoutMs;
  return {
    timeout,
    async assert(property) {
      // What takes longer is told as it is by then: a counterexample need not be the smallest.
      const skipAllAfterTimeLimit = 0.75 * timeout;
      const seed = long ? Date.now() : 20_261_121;
      const settled = await Promise.allSettled(
        Array.from({ length: lanes }, (_, lane) =>
          fc.assert(property, { seed: seed + lane, numRuns: Math.ceil(all / lanes), skipAllAfterTimeLimit }),
        ),
      );
      for (const lane of settled) if (lane.status === 'rejected') throw lane.reason;
    },
  };
}

/** The same for properties of a store. */
export function propertyGround(makeStore: MakeStore, options: QuotaPropertyOptions): PropertyGround {
  const { assert, timeout } = propertyRuns(options);
  return {
    makeStore,
    assert,
    timeout,
    always: (kind, check, honest = false) =>
      assert(
        fc.asyncProperty(kind, (trace) =>
          withStore(makeStore, (underTest) =>
            playTrace(underTest, trace, { honest, observe: true, each: (step) => check(step, trace) }),
          ),
        ),
      ),
  };
}
