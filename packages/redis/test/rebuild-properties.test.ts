import { describe, expect, it } from '@jest/globals';
import type { QuotaStore } from '@tollgate/core';
import type { CounterState } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import {
  ask,
  honestTraces,
  propertyRuns,
  QuotaModel,
  QuotaPlayer,
  statesOf,
  type TraceCommand,
} from '@tollgate/testkit/contracts';
import fc from 'fast-check';
import { outbox } from '../src/index.js';
import { textIn } from '../src/script/reply.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix, processesOn, useRedis } from './servers.js';
import { untilDone } from './spender.js';

const redis = useRedis();
const start = Date.parse('2026-11-21T23:58:30.123Z');
const long = process.env.TOLLGATE_LONG === '1';
const { assert, timeout } = propertyRuns({ runs: long ? 3_000 : 20, timeoutMs: 150_000 });
const processCount = 3;

/** Until each process has had time to learn of every other: all have said that they are there since the last one began. */
async function untilAcquainted(prefix: string): Promise<void> {
  const beats = async (): Promise<number[]> => {
    const told = await redis().client.sendCommand<unknown[]>(['HVALS', `${prefix}:processes`]);
    return told.map((beat) => Number(textIn(beat).split('/')[0]));
  };
  let last = Number.POSITIVE_INFINITY;
  for (;;) {
    const all = await beats();
    if (all.length === processCount && last === Number.POSITIVE_INFINITY) last = Math.max(...all);
    if (all.length === processCount && Math.min(...all) > last) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Takes the partitions of the bits away, each with all that it has. */
async function lose(prefix: string, partitions: number, bits: number): Promise<void> {
  for (let partition = 0; partition < partitions; partition += 1) {
    if (bits % 2 ** (partition + 1) < 2 ** partition) continue;
    await redis().client.eval(
      "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end",
      { arguments: [`${prefix}:{p${partition}}*`] },
    );
  }
}

/** What a loss must not change: buckets begin empty instead. */
function kept(states: readonly CounterState[]): unknown[] {
  return states
    .filter(({ window }) => window !== 'bucket')
    .map(({ counter, window, used, held }) => ({ counter, window, used, held }));
}

async function playWithLoss(trace: readonly TraceCommand[], lostAt: number, bits: number): Promise<void> {
  const { client } = redis();
  const [clock, ledger, prefix, partitions] = [createManualClock(start), new MemoryLedger(), newPrefix(), 2];
  const options = { client, prefix, partitions, spent: ledger, rememberRefusalsMs: 0, sweepEveryMs: 50 };
  const { stores } = processesOn(options, processCount)(clock, () => 0);
  const delivery = outbox({ client, prefix, partitions, sinks: [ledger], pollMs: 20 });
  const model = new QuotaModel(clock.now);
  const storeOf = (id: string): QuotaStore => stores[id.charCodeAt(id.length - 7) % processCount] ?? model;
  const store = storeOf('       ');
  const player = new QuotaPlayer(
    { store, now: clock.now, advance: clock.advance, events: async () => [] },
    true,
  );
  try {
    await untilDone(() => statesOf(store));
    await untilAcquainted(prefix);
    for (const [index, command] of trace.entries()) {
      if (index === lostAt % trace.length) {
        const expected = kept(await statesOf(model));
        expect(kept(await statesOf(store))).toEqual(expected);
        // What a lease was charged that ran out no process knows: only its event says so.
        await delivery.flush();
        await lose(prefix, partitions, bits);
        expect(kept(await untilDone(() => statesOf(store)))).toEqual(expected);
      }
      await player.wait(command);
      const asked = player.requestFor(command);
      if (!asked) continue;
      await ask(model, asked);
      const answer = await untilDone(async () => ask(storeOf(asked.request.id), asked));
      player.sent(asked);
      player.learn(asked, answer);
      const passed = (await statesOf(store)).filter(
        ({ counter, used, held, limit }) => used + held > limit && !counter.startsWith('usd/day/'),
      );
      expect(passed).toEqual([]);
    }
    clock.advance(60_000);
    const states = await statesOf(store);
    await delivery.flush();
    for (const { counter, window, used, held } of states) {
      expect({ counter, held }).toEqual({ counter, held: 0 });
      if (window === 'bucket' || window === 'live') continue;
      expect({ counter, used }).toEqual({ counter, used: ledger.sum(counter, window) });
    }
  } finally {
    await Promise.all([...stores.map((one) => one.end()), delivery.end()]);
  }
}

describe('random traces of three processes in which partitions are lost at a random step', () => {
  it(
    'count, after the rebuild, what the plain model counts; pass no cap later; and charge what the events say, to the unit',
    () =>
      assert(
        fc.asyncProperty(honestTraces, fc.nat(39), fc.integer({ min: 1, max: 3 }), (trace, at, bits) =>
          trace.length === 0 ? Promise.resolve() : playWithLoss(trace, at, bits),
        ),
      ),
    timeout,
  );
});
