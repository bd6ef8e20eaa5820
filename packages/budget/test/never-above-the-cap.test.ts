import { describe, expect, it } from '@jest/globals';
import {
  counterOf,
  definePlans,
  isTollgateError,
  type Limit,
  memoryQuota,
  type TollgateContext,
} from '@tollgate/core';
import {
  type CallHandle,
  type CallStep,
  detachedContext,
  type QuotaCounter,
  type SettledCall,
  type Writing,
} from '@tollgate/core/internal';
import fc from 'fast-check';
import { budget } from '../src/index.js';
import { callerOn } from './app.js';
import { costOf, stubSteps, used } from './stub-meter.js';

const caller = callerOn('one');
const plans = definePlans({
  one: {
    spend: '$0.0005/day',
    tokens: { limit: '2k/day', by: 'tenant' },
    degrade: [
      { at: 0.4, cache: 'first' },
      { at: 0.6, model: { large: 'small' }, maxOutputTokens: 200 },
    ],
  },
});
const limits: readonly Limit[] = plans.one?.limits ?? [];
const counters: readonly QuotaCounter[] = limits.map((limit) => counterOf(limit, { caller }));

/** A request under way: what it has begun, and what it must have been charged in the end. */
interface Going {
  readonly context: TollgateContext;
  readonly finish: () => Promise<void>;
  readonly handles: CallHandle[];
}

/** Stands where `cache()` stands: what is known of an answer is said in the call's own body. */
const stubCache: CallStep = {
  name: 'cache',
  stage: 'recall',
  begin(call: Writing<SettledCall>) {
    const { body } = call.outgoing;
    const known = typeof body === 'object' && body !== null && 'known' in body ? body.known : 'no';
    if (known === 'no') return;
    call.cached = { contentType: 'application/json', body: new Uint8Array(), ageMs: 0 };
    if (known === 'fresh') call.replays = true;
  },
};

const call = fc.record({
  known: fc.constantFrom('no', 'no', 'kept', 'fresh'),
  model: fc.constantFrom('large', 'small'),
  input: fc.integer({ min: 0, max: 300 }),
  max_tokens: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
  n: fc.integer({ min: 1, max: 2 }),
});
const act = fc.oneof(
  fc.record({ kind: fc.constant('open' as const) }),
  fc.record({ kind: fc.constant('begin' as const), of: fc.nat(5), call }),
  fc.record({
    kind: fc.constant('end' as const),
    of: fc.nat(5),
    share: fc.integer({ min: 0, max: 100 }),
    failed: fc.boolean(),
    last: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('finish' as const), of: fc.nat(5) }),
);

describe('requests in any order', () => {
  it('never pass a cap, leave nothing held, and are charged exactly what was used', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
        const store = memoryQuota();
        const guard = budget({ plans, store });
        const going: Going[] = [];
        const spent = { usd: 0, tokens: 0 };
        const settle = async (
          handle: CallHandle,
          share: number,
          failed: boolean,
          last: boolean,
        ): Promise<void> => {
          const { parsed, replays } = handle.call;
          if (!failed && parsed && !replays) {
            const { inputTokens, outputTokens } = parsed.estimate;
            const usage = used(inputTokens, Math.floor((outputTokens * share) / 100));
            spent.usd += costOf(parsed.model, usage);
            spent.tokens += usage.inputTokens + usage.outputTokens;
            handle.onUsage(usage);
          }
          await handle.end({ outcome: 'ok', status: failed ? 500 : 200, sent: !replays, last });
        };
        const within = async (): Promise<void> => {
          for (const { used, held, limit } of await store.read('acme', counters)) {
            expect(used + held).toBeLessThanOrEqual(limit);
            expect(Math.min(used, held)).toBeGreaterThanOrEqual(0);
          }
        };
        for (const next of acts) {
          if (next.kind === 'open') {
            const { context, finish } = detachedContext(caller);
            for (const step of [...stubSteps, stubCache]) context.calls.use(step);
            guard.attach(context);
            going.push({ context, finish, handles: [] });
          } else {
            const request = going[next.of % Math.max(1, going.length)];
            if (!request) continue;
            if (next.kind === 'begin') {
              try {
                const body = JSON.parse(JSON.stringify(next.call));
                request.handles.push(
                  await request.context.calls.begin({ method: 'POST', url: '', headers: {}, body }),
                );
              } catch (error) {
                if (!isTollgateError(error)) throw error;
                expect([400, 402, 429]).toContain(error.status);
                expect(next.call.known).toBe('no');
              }
            } else if (next.kind === 'end') {
              const handle = request.handles.shift();
              if (handle) await settle(handle, next.share, next.failed, next.last);
            } else await request.finish();
          }
          await within();
        }
        for (const { handles, finish } of going) {
          for (const handle of handles) await settle(handle, 50, false, false);
          await finish();
        }
        await guard.settled();
        const states = await store.read('acme', counters);
        expect(states.map(({ unit, used, held }) => ({ unit, used, held }))).toEqual([
          { unit: 'tokens', used: spent.tokens, held: 0 },
          { unit: 'usd', used: spent.usd, held: 0 },
        ]);
      }),
      { numRuns: 150 },
    );
  });
});
