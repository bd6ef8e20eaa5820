import fc from 'fast-check';
import { type MakeStore, playTrace, type QuotaStep, withStore } from './quota-play.js';
import type { TraceCommand, traces } from './quota-trace.js';

export interface QuotaPropertyOptions {
  /** Random traces for each property. @defaultValue `TOLLGATE_RUNS`, or 200, or 10 000 where `TOLLGATE_LONG` is 1 */
  runs?: number;
}

/** What properties stand on. */
export interface PropertyGround {
  readonly makeStore: MakeStore;
  readonly parameters: { readonly numRuns: number; readonly seed?: number };
  /** Of one property, in milliseconds. */
  readonly timeout: number;
  /** A property of each step of each trace. */
  always(
    kind: typeof traces,
    check: (step: QuotaStep, trace: readonly TraceCommand[]) => void,
    honest?: boolean,
  ): Promise<void>;
}

/** Seeded and short, or at random and long. */
export function propertyGround(makeStore: MakeStore, { runs }: QuotaPropertyOptions): PropertyGround {
  const long = process.env.TOLLGATE_LONG === '1';
  const usual = long ? 10_000 : Number(process.env.TOLLGATE_RUNS ?? 200);
  const parameters = { numRuns: runs ?? usual, ...(long ? {} : { seed: 20_261_121 }) };
  return {
    makeStore,
    parameters,
    timeout: long ? 3_600_000 : 60_000,
    always: (kind, check, honest = false) =>
      fc.assert(
        fc.asyncProperty(kind, (trace) =>
          withStore(makeStore, (underTest) =>
            playTrace(underTest, trace, { honest, observe: true, each: (step) => check(step, trace) }),
          ),
        ),
        parameters,
      ),
  };
}
