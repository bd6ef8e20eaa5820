import { describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, memoryQuota, type QuotaStore, spend } from '@tollgate/core';
import { type CallHandle, detachedContext } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import { BudgetEngine } from '../src/engine.js';
import { budget } from '../src/index.js';
import { readOptions } from '../src/options.js';
import { RequestBudget } from '../src/request-budget.js';
import { callerOn } from './app.js';
import { stubSteps, used } from './stub-meter.js';

const caller = callerOn('one');
const plans = definePlans({ one: { spend: '$0.0001/day' } });
const counter = counterOf(spend('$0.0001/day'), { caller });
const outgoing = (body: object) => ({ method: 'POST', url: '', headers: {}, body: { ...body } });
const body = { model: 'small', input: 100, max_tokens: 20 };

async function stateOf(store: QuotaStore) {
  const [state] = await store.read('acme', [counter]);
  return { used: state?.used, held: state?.held };
}

/** Lets what was asked of a store in memory be answered. */
const answered = () => new Promise(setImmediate);

function begin(store: QuotaStore): { handle: CallHandle | Promise<CallHandle>; finish: () => Promise<void> } {
  const { context, finish } = detachedContext(caller);
  budget({ plans, store }).attach(context);
  for (const step of stubSteps) context.calls.use(step);
  return { handle: context.calls.begin(outgoing(body)), finish };
}

describe('a call that costs more than is held while it runs', () => {
  it('is covered further as long as there is something left, and asks nothing while it is within its hold', async () => {
    const store = memoryQuota();
    const asked: number[] = [];
    const watched: QuotaStore = Object.assign(Object.create(store), {
      reserve: (request: never) => store.reserve(request),
      charge: (request: never) => store.charge(request),
      close: (request: never) => store.close(request),
      cover: (request: { alternatives: { charges: { want: number }[] }[] }) => {
        asked.push(request.alternatives[0]?.charges[0]?.want ?? 0);
        return store.cover(request as never);
      },
    });
    const { handle, finish } = begin(watched);
    const call = await handle;
    for (const output of [5, 10, 20]) call.onUsage(used(100, output));
    expect(asked).toEqual([]);
    call.onUsage(used(100, 22));
    call.onUsage(used(100, 23));
    await answered();
    // 1 000 nano-dollars are missing; a quarter of the 20 000 held is asked for as well.
    expect(asked).toEqual([6_000]);
    expect(await stateOf(store)).toEqual({ used: 0, held: 26_000 });
    expect(call.call.stopped).toBeUndefined();
    await call.end({ outcome: 'ok', status: 200, sent: true, last: true });
    expect(call.call.overrun).toBe(false);
    await finish();
    expect(await stateOf(store)).toEqual({ used: 21_500, held: 0 });
  });

  it('is stopped with budget_exceeded once nothing is left, and charged for what it used', async () => {
    const store = memoryQuota();
    const { handle, finish } = begin(store);
    const call = await handle;
    call.onUsage(used(100, 500));
    await answered();
    expect(call.call.stopped).toMatchObject({ code: 'budget_exceeded', status: 402 });
    expect(call.signal.aborted).toBe(true);
    await call.end({ outcome: 'budget_stopped', status: 200, sent: true, last: true });
    await finish();
    expect(await stateOf(store)).toEqual({ used: 260_000, held: 0 });
    expect(call.call.overrun).toBe(true);
  });
});

describe('the heartbeat', () => {
  it('keeps a long call alive over many leases, also after an event loop that stood still for 2 s', async () => {
    const clock = createManualClock();
    const store = memoryQuota({ now: clock.now });
    const engine = new BudgetEngine(readOptions({ plans, store, now: clock.now, leaseMs: 5_000 }), store);
    const { context, finish } = detachedContext(caller, clock.now);
    context.calls.use(new RequestBudget(engine, context, caller));
    for (const step of stubSteps) context.calls.use(step);
    const call = await context.calls.begin(outgoing(body));
    call.onUsage(used(100, 3));
    for (let beat = 0; beat < 20; beat += 1) {
      clock.advance(1_667 + 2_000);
      await engine.heartbeat.beat();
    }
    expect(await stateOf(store)).toEqual({ used: 0, held: 20_000 });
    await call.end({ outcome: 'ok', status: 200, sent: true, last: true });
    await finish();
    expect(engine.heartbeat.size).toBe(0);
    expect(await stateOf(store)).toEqual({ used: 11_500, held: 0 });
  });

  it('tells the store what a call has cost so far, which is charged if its process dies', async () => {
    const clock = createManualClock();
    const store = memoryQuota({ now: clock.now });
    const engine = new BudgetEngine(readOptions({ plans, store, now: clock.now, leaseMs: 5_000 }), store);
    const { context } = detachedContext(caller, clock.now);
    context.calls.use(new RequestBudget(engine, context, caller));
    for (const step of stubSteps) context.calls.use(step);
    const call = await context.calls.begin(outgoing(body));
    call.onUsage(used(100, 3));
    await engine.heartbeat.beat();
    clock.advance(5_001);
    expect(await stateOf(store)).toEqual({ used: 11_500, held: 0 });
    await call.end({ outcome: 'ok', status: 200, sent: true, last: true });
    expect(await stateOf(store)).toEqual({ used: 11_500, held: 0 });
  });
});
