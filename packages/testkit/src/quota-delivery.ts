import fc from 'fast-check';

/** How a request reaches a store, and its result the caller. */
export interface Delivery {
  /** Whose process sends it. */
  readonly process: number;
  /** From now on its clock differs by this many ms; `undefined`: as before. */
  readonly offMs: number | undefined;
  /** `lost`: who asked never learns of it. `asked again`: the same was sent twice. */
  readonly answer: 'heard' | 'lost' | 'asked again';
}

const traceProcesses = 3;
const mostOffMs = 90_000;

const delivery: fc.Arbitrary<Delivery> = fc.record({
  process: fc.nat(traceProcesses - 1),
  offMs: fc.option(fc.integer({ min: -mostOffMs, max: mostOffMs }), { nil: undefined, freq: 3 }),
  answer: fc.oneof(
    { weight: 6, arbitrary: fc.constant('heard' as const) },
    { weight: 1, arbitrary: fc.constantFrom('lost' as const, 'asked again' as const) },
  ),
});

/** One for each request of a trace, from the beginning again where there are fewer. */
export const deliveries = fc.array(delivery, { minLength: 1, maxLength: 40, size: 'max' });
