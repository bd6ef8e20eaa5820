import { expect, it } from '@jest/globals';
import type { CounterState } from '@tollgate/core/internal';
import fc from 'fast-check';
import { itemFor, QuotaTenant, quotaCounter, refusal } from './quota-fixture.js';
import { isCalendar, playTrace, withStore } from './quota-play.js';
import type { PropertyGround } from './quota-property-ground.js';
import {
  honestTraces,
  type TraceCommand,
  traceCounters,
  traces,
  traceTenantName,
  traceTenants,
} from './quota-trace.js';

/** Invariants of the counters. */
export function bookProperties({ makeStore, assert, timeout, always }: PropertyGround): void {
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
        if (typeof answer !== 'object' || !('ok' in answer) || !answer.ok || asked.does === 'charge') return;
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
      assert(
        fc.asyncProperty(traces, (trace) =>
          withStore(makeStore, async (underTest) => {
            // A correction's counterpart is in the ledger, which this test does not have.
            const uncorrected = trace.filter(({ does }) => does !== 'adjust');
            const player = await playTrace(underTest, uncorrected);
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
      ),
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
      const seen = new WeakMap<readonly TraceCommand[], Map<string, CounterState>>();
      return always(traces, ({ after }, trace) => {
        const last = seen.get(trace) ?? new Map<string, CounterState>();
        seen.set(trace, last);
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
    'after leases expire held is 0',
    () =>
      assert(
        fc.asyncProperty(traces, (trace) =>
          withStore(makeStore, async (underTest) => {
            await playTrace(underTest, trace);
            await underTest.advance(60_000);
            for (let tenant = 0; tenant < traceTenants; tenant += 1) {
              const states = await underTest.store.read(traceTenantName(tenant), traceCounters(tenant));
              expect(states.filter(({ held }) => held !== 0)).toEqual([]);
            }
          }),
        ),
      ),
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
}

/** The states of counters that refuse. */
function hard(states: readonly (CounterState | undefined)[]): CounterState[] {
  return states.flatMap((state) => (state && !state.counter.startsWith('usd/day/') ? [state] : []));
}
