import { describe, expect, it } from '@jest/globals';
import type { CounterState } from '@tollgate/core';
import fc from 'fast-check';
import { itemFor, QuotaTenant, type QuotaUnderTest, quotaCounter, refusal } from './quota-fixture.js';
import {
  isCalendar,
  type MakeStore,
  playTrace,
  type QuotaStep,
  withoutPast,
  withStore,
} from './quota-play.js';
import { ask } from './quota-player.js';
import {
  honestTraces,
  type TraceCommand,
  traceCounters,
  traces,
  traceTenantName,
  traceTenantOf,
} from './quota-trace.js';

export interface QuotaPropertyOptions {
  /** Random traces for each property. @defaultValue 200, or 10 000 where `TOLLGATE_LONG` is 1 */
  runs?: number;
}

/** What must hold of every quota store whatever happens, each as a test over random traces. */
export function quotaProperties(
  name: string,
  makeStore: MakeStore,
  options: QuotaPropertyOptions = {},
): void {
  const long = process.env.TOLLGATE_LONG === '1';
  const parameters = {
    numRuns: options.runs ?? (long ? 10_000 : 200),
    ...(long ? {} : { seed: 20_261_121 }),
  };

  /** A property of each step of each trace. */
  const always = (
    kind: typeof traces,
    check: (step: QuotaStep, trace: readonly TraceCommand[]) => void,
    honest = false,
  ): Promise<void> =>
    fc.assert(
      fc.asyncProperty(kind, (trace) =>
        withStore(makeStore, (underTest) =>
          playTrace(underTest, trace, { honest, observe: true, each: (step) => check(step, trace) }),
        ),
      ),
      parameters,
    );

  /** A property of the store after each trace. */
  const afterwards = (check: (underTest: QuotaUnderTest) => Promise<void>): Promise<void> =>
    fc.assert(
      fc.asyncProperty(traces, (trace) =>
        withStore(makeStore, async (underTest) => {
          await playTrace(underTest, trace);
          await check(underTest);
        }),
      ),
      parameters,
    );

  describe(`whatever happens to the quota store ${name}`, () => {
    const timeout = long ? 3_600_000 : 60_000;

    it(
      'admitted used + held never passes the limit',
      async () => {
        await always(
          honestTraces,
          ({ after }) => {
            expect(hard(after).filter(({ used, held, limit }) => used + held > limit)).toEqual([]);
          },
          true,
        );
        await always(traces, ({ answer, asked }) => {
          if (typeof answer !== 'object' || !('ok' in answer) || !answer.ok || asked.does === 'charge')
            return;
          for (const [index, { used, held, limit, counter }] of answer.states.entries()) {
            if ((answer.grants[index]?.granted ?? 0) === 0 || hard([answer.states[index]]).length === 0)
              continue;
            expect({ counter, passed: used + held > limit }).toEqual({ counter, passed: false });
          }
        });
      },
      timeout,
    );

    it(
      'a refusal changes nothing',
      () =>
        always(traces, ({ asked, answer, before, after }) => {
          if (typeof answer !== 'object' || !('ok' in answer) || answer.ok || asked.does === 'extend') return;
          expect(after).toEqual(before);
        }),
      timeout,
    );

    it(
      'conservation: reserved = charged + given back + expired + held',
      async () => {
        await always(
          honestTraces,
          ({ after, reserved }) => {
            for (const { counter, window, held } of after) {
              if (!isCalendar(window)) continue;
              expect({ counter, held }).toEqual({ counter, held: reserved(counter, window) });
            }
          },
          true,
        );
      },
      timeout,
    );

    it(
      'what is used is what the delivered events say, to the unit',
      () =>
        fc.assert(
          fc.asyncProperty(traces, (trace) =>
            withStore(makeStore, async (underTest) => {
              const player = await playTrace(underTest, trace);
              const states = await player.states();
              const charges = (await underTest.events()).flatMap((event) => event.charges);
              for (const { counter, window, used } of states) {
                if (!isCalendar(window)) continue;
                const told = charges.filter((one) => one.counter === counter && one.window === window);
                expect({ counter, used }).toEqual({
                  counter,
                  used: told.reduce((sum, { amount }) => sum + amount, 0),
                });
              }
            }),
          ),
          parameters,
        ),
      timeout,
    );

    it(
      'idempotence: everything said twice is as if it were said once',
      () =>
        fc.assert(
          fc.asyncProperty(traces, async (trace) => {
            const once: QuotaStep[] = [];
            const twice: QuotaStep[] = [];
            await withStore(makeStore, (underTest) =>
              playTrace(underTest, trace, { observe: true, each: (step) => once.push(step) }),
            );
            await withStore(makeStore, (underTest) =>
              playTrace(underTest, trace, {
                observe: true,
                each: (step) => twice.push(step),
                afterEach: async (asked, answer) => {
                  const again = await ask(underTest.store, asked);
                  const closed = asked.does === 'charge' || asked.does === 'extend' || asked.does === 'close';
                  if (!closed) expect(again).toEqual(answer);
                },
              }),
            );
            expect(twice.map(({ answer, after }) => ({ answer, after }))).toEqual(
              once.map(({ answer, after }) => ({ answer, after })),
            );
          }),
          parameters,
        ),
      timeout,
    );

    it(
      'one terminal effect per id: what has ended answers `closed` and moves nothing',
      () =>
        always(traces, ({ asked, answer, before, after, endedBefore }) => {
          if (!endedBefore || asked.does === 'charge') return;
          expect(after).toEqual(before);
          if (asked.does === 'renew') expect(answer).toBe(false);
          if (asked.does === 'reserve' || asked.does === 'cover') {
            expect(answer).toMatchObject({ ok: false, refusal: { blockedBy: 'closed' } });
          }
        }),
      timeout,
    );

    it(
      'nothing is ever negative',
      () =>
        always(traces, ({ after }) => {
          const figures = after.flatMap(({ used, held, left }) => [used, held, left]);
          expect(figures.filter((figure) => !Number.isSafeInteger(figure) || figure < 0)).toEqual([]);
        }),
      timeout,
    );

    it(
      'windows are monotone',
      () => {
        let last = new Map<string, CounterState>();
        let of: readonly TraceCommand[] | undefined;
        return always(traces, ({ after }, trace) => {
          if (trace !== of) last = new Map();
          of = trace;
          const goneBack = after.filter((state) => {
            const previous = last.get(state.counter);
            last.set(state.counter, state);
            if (!previous || !isCalendar(state.window)) return false;
            return state.window < previous.window || (state.resetsAtMs ?? 0) < (previous.resetsAtMs ?? 0);
          });
          expect(goneBack).toEqual([]);
        });
      },
      timeout,
    );

    it(
      'waiting exactly retryAfter admits',
      () =>
        fc.assert(
          fc.asyncProperty(traces, fc.nat(2), fc.nat(100), (trace, tenant, percent) =>
            withStore(makeStore, async (underTest) => {
              const player = await playTrace(underTest, trace);
              await player.closeAll();
              const charges = traceCounters(tenant).map((counter) => ({
                ...counter,
                want: counter.window.kind === 'live' ? 1 : Math.ceil((counter.limit * percent) / 100),
              }));
              const partition = traceTenantName(tenant);
              const attempt = (id: string) =>
                underTest.store.reserve({ id, partition, leaseMs: 1000, alternatives: [{ charges }] });
              const first = await attempt('first');
              if (first.ok) return;
              expect(first.refusal.blockedBy).toBe('used');
              const { retryAfterMs = 0 } = first.refusal;
              expect(retryAfterMs).toBeGreaterThan(0);
              await underTest.advance(retryAfterMs - 1);
              expect(await attempt('second')).toMatchObject({ ok: false });
              await underTest.advance(1);
              expect(await attempt('third')).toMatchObject({ ok: true });
            }),
          ),
          parameters,
        ),
      timeout,
    );

    it(
      'a request larger than the whole limit is told so, and no other',
      () =>
        always(traces, ({ asked, answer }) => {
          if (typeof answer !== 'object' || !('ok' in answer) || answer.ok) return;
          if (answer.refusal.blockedBy === 'closed') return;
          const charges =
            asked.does === 'reserve' || asked.does === 'cover'
              ? (asked.request.alternatives.at(-1)?.charges ?? [])
              : asked.does === 'extend'
                ? asked.request.charges
                : [];
          const large = charges.some(({ want, min = want, limit, soft }) => !soft && min > limit);
          expect(answer.refusal.blockedBy === 'size').toBe(large);
          if (large) expect(answer.refusal.retryAfterMs).toBeUndefined();
        }),
      timeout,
    );

    it(
      'tenants do not influence each other',
      () =>
        fc.assert(
          fc.asyncProperty(traces, async (mixed) => {
            const trace = mixed.filter(({ does }) => does !== 'repeat');
            const ofFirst = (command: TraceCommand): boolean =>
              !('id' in command) || traceTenantOf(command.id) === 0;
            const answers = async (commands: readonly TraceCommand[]): Promise<unknown[]> => {
              const seen: unknown[] = [];
              await withStore(makeStore, (underTest) =>
                playTrace(underTest, commands, {
                  observe: true,
                  each: ({ command, answer }) => {
                    if (ofFirst(command)) seen.push(withoutPast(answer, underTest.now()));
                  },
                }),
              );
              return seen;
            };
            expect(await answers(trace)).toEqual(await answers(trace.filter(ofFirst)));
          }),
          parameters,
        ),
      timeout,
    );

    it(
      'after leases expire held is 0',
      () =>
        afterwards(async (underTest) => {
          await underTest.advance(60_000);
          for (let tenant = 0; tenant < 3; tenant += 1) {
            const states = await underTest.store.read(traceTenantName(tenant), traceCounters(tenant));
            expect(states.map(({ held }) => held)).toEqual([0, 0, 0, 0, 0]);
          }
        }),
      timeout,
    );

    it('a whole limit can be used to the last unit and no further', async () => {
      await withStore(makeStore, async ({ store }) => {
        const tenant = new QuotaTenant(store);
        const spend = quotaCounter(tenant.key('day'), 9_000_000_000_000_000);
        const id = 'whole';
        const result = await tenant.reserve([{ ...spend, want: spend.limit - 1 }], { id });
        const grant = result.ok ? result.grants[0] : undefined;
        await tenant.charge(id, [itemFor(spend, grant, spend.limit - 1)], { close: true });
        expect(refusal(await tenant.reserve([{ ...spend, want: 2 }])).state?.left).toBe(1);
        expect((await tenant.reserve([{ ...spend, want: 1 }])).ok).toBe(true);
      });
    });
  });
}

/** The states of counters that refuse. */
function hard(states: readonly (CounterState | undefined)[]): CounterState[] {
  return states.flatMap((state) => (state && !state.counter.endsWith('/usd-day') ? [state] : []));
}
