import fc from 'fast-check';
import { type MakeStore, playTrace, type QuotaStep, withStore } from './quota-play.js';
import type { TraceCommand, traces } from './quota-trace.js';

export interface QuotaPropertyOptions {
  /** Random traces for each property. @defaultValue `TOLLGATE_RUNS`, or 50, or 10 000 where `TOLLGATE_LONG` is 1 */
  runs?: number;
  /** Of one property that is tried briefly, in milliseconds. @defaultValue 60 000 */
  timeoutMs?: number;
}

/** How properties are tried. */
export interface PropertyRuns {
  /** Tries a property on this many random values, several of them side by side: a store across a wire is waited for together. */
  assert<Values>(property: fc.IAsyncProperty<Values>): Promise<void>;
  /** Of one property, in milliseconds. */
  readonly timeout: number;
}

/** The setting in which properties run. */
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
const longestShrinkMs = 120_000;

/** Seeded and short, or at random and long. */
export function propertyRuns({ runs, timeoutMs = 60_000 }: QuotaPropertyOptions): PropertyRuns {
  const long = process.env.TOLLGATE_LONG === '1';
  const all = runs ?? (long ? 10_000 : Number(process.env.TOLLGATE_RUNS ?? 50));
  const lanes = Math.min(mostLanes, Math.ceil(all / leastOfLane));
  const timeout = long ? 3_600_000 : timeoutMs;
  return {
    timeout,
    async assert(property) {
      const skipAllAfterTimeLimit = 0.75 * timeout;
      const shrinkMs = Math.min(0.2 * timeout, longestShrinkMs);
      const seed = long ? Date.now() : 20_261_121;
      const settled = await Promise.allSettled(
        Array.from({ length: lanes }, (_, lane) =>
          tryOut(
            property,
            { seed: seed + lane, numRuns: Math.ceil(all / lanes), skipAllAfterTimeLimit },
            shrinkMs,
          ),
        ),
      );
      for (const lane of settled) if (lane.status === 'rejected') throw lane.reason;
    },
  };
}

/** Rejects with a counterexample, which need not be the smallest: one that takes seconds to try would be shrunk for an hour. */
async function tryOut<Values>(
  property: fc.IAsyncProperty<Values>,
  parameters: fc.Parameters<Values>,
  shrinkMs: number,
): Promise<void> {
  const found = await fc.check(property, { ...parameters, endOnFailure: true });
  if (!found.failed) return;
  const { seed, counterexamplePath: path } = found;
  const again =
    path === null ? found : await fc.check(property, { seed, path, skipAllAfterTimeLimit: shrinkMs });
  const told = again.counterexample === null ? found : again;
  throw new Error(await fc.asyncDefaultReportMessage(told), { cause: told.errorInstance });
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
