import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import { outbox, redisQuota } from '../src/index.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix, useRedis } from './servers.js';
import { Spender } from './spender.js';
import { spend, spendOfMany } from './spending.js';

/** All are met in the long run; in the short one, enough that each kind of loss comes up. */
const kills = process.env.TOLLGATE_LONG === '1' ? 60 : 9;
const redis = useRedis();
const program = bundledProgram(import.meta.dirname, 'slice-process');

/** Spends until it is killed after so many ms. */
async function killedAfter(prefix: string, slices: string, ms: number): Promise<void> {
  const child = spawn(process.execPath, ['--no-warnings', program, redis().process.url, prefix, slices], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function killed(slices: 'wide' | 'grace'): Promise<void> {
  const { client } = redis();
  const [prefix, ledger] = [newPrefix(), new MemoryLedger()];
  let surplus = 0;
  const unsubscribe = subscribe('tollgate:store', (facts) => {
    if (facts.state === 'corrected') surplus += Number(facts.surplus);
  });
  const settings = { client, prefix, outbox: true, deadlineMs: 10_000, spent: ledger } as const;
  const store = redisQuota({ ...settings, slices, sliceLeaseMs: 1_000, sweepEveryMs: 100 });
  const delivery = outbox({ client, prefix, sinks: [ledger], pollMs: 20 });
  const counter = slices === 'wide' ? spendOfMany : { ...spend, limit: spendOfMany.limit };
  const spender = new Spender(store, [counter]);
  const lanes = [0, 1, 2].map(async (lane) => {
    for (let kill = lane; kill < kills; kill += 3) await killedAfter(prefix, slices, 20 + 37 * (kill % 9));
  });
  await Promise.all(lanes);
  const known = (): number => {
    const [window = ''] = [...ledger.events.values()].flatMap(({ charges }) =>
      charges.filter((charge) => charge.counter === counter.counter).map((charge) => charge.window),
    );
    return ledger.sum(counter.counter, window);
  };
  let [state, least] = [await spender.standing(), Number.POSITIVE_INFINITY];
  // Until the test's time is over.
  for (;;) {
    const before = known();
    [state] = [await spender.standing()];
    const { used = 0, held = 0 } = state[0] ?? {};
    least = Math.min(least, used + held - before);
    if (held === 0 && used === known() && surplus > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Never, at any time, did the counter fall below what was spent.
  expect(least).toBeGreaterThanOrEqual(0);
  expect(known()).toBeGreaterThan(0);
  unsubscribe();
  await delivery.end();
  await store.end();
}

describe('slices of processes that are killed', () => {
  let runs: Readonly<Record<'wide' | 'grace', Promise<void>>>;
  // Side by side: both mostly wait for leases.
  beforeAll(() => {
    runs = { wide: killed('wide'), grace: killed('grace') };
    for (const run of Object.values(runs)) run.catch(() => undefined);
  });

  it.each(['wide', 'grace'] as const)(
    'are corrected once their leases are over: the counter is what the ledger says, with slices %s',
    (slices) => runs[slices],
    kills * 1_500 + 60_000,
  );
});
