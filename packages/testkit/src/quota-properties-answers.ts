import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { playTrace, type QuotaStep, withoutPast, withStore } from './quota-play.js';
import type { PropertyGround } from './quota-property-ground.js';
import { ask } from './quota-request.js';
import { type TraceCommand, traceCounters, traces, traceTenantName, traceTenantOf } from './quota-trace.js';

/** Properties of the store's results. */
export function answerProperties({ makeStore, assert, timeout, always }: PropertyGround): void {
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
    'idempotence: everything said twice is as if it were said once',
    () =>
      assert(
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
    'waiting exactly retryAfter admits',
    () =>
      assert(
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
      assert(
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
      ),
    timeout,
  );
}
