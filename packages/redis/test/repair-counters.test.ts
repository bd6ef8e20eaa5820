import { describe, expect, it } from '@jest/globals';
import { newId, type SpendSource } from '@tollgate/core/internal';
import { outbox, redisQuota, repairCounters } from '../src/index.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix, useRedis } from './servers.js';
import { Spender } from './spender.js';
import { spend, spendOfAll } from './spending.js';

const redis = useRedis();

/** 60 and 40 were spent under a tenant's limit and one of all tenants; the ledger knows both. */
async function ground() {
  const { client } = redis();
  const [prefix, ledger] = [newPrefix(), new MemoryLedger()];
  const store = redisQuota({ client, prefix, outbox: true, deadlineMs: 5_000 });
  const spender = new Spender(store, [spend, spendOfAll]);
  for (const amount of [60, 40]) {
    const admitted = await spender.reserve({ want: 100 });
    if (!admitted) throw new Error('refused');
    await spender.charge(admitted, amount);
  }
  // Tells the wide counter.
  await store.end();
  const again = redisQuota({ client, prefix, outbox: true, deadlineMs: 5_000 });
  const standing = () => new Spender(again, [spend, spendOfAll]).standing();
  const delivery = outbox({ client, prefix, sinks: [ledger], pollMs: 20 });
  await delivery.flush();
  await delivery.end();
  const [window = ''] = [...ledger.events.values()].flatMap(({ charges }) =>
    charges.map((one) => one.window),
  );
  const end = () => again.end();
  return { client, prefix, ledger, store: again, standing, window, end };
}

describe('counters that are set to what the ledger says', () => {
  it('are lowered and raised, a tenant’s own and wider ones, and left alone where they agree', async () => {
    const { client, prefix, ledger, standing, end } = await ground();
    expect(await repairCounters({ client, prefix, spent: ledger })).toEqual([]);
    const [lost] = [...ledger.events.values()];
    ledger.events.delete(lost?.eventId ?? '');
    expect((await repairCounters({ client, prefix, spent: ledger })).map(({ by }) => by)).toEqual([-60, -60]);
    expect(await standing()).toEqual([
      { used: 40, held: 0 },
      { used: 40, held: 0 },
    ]);
    if (lost) ledger.events.set(lost.eventId, lost);
    expect((await repairCounters({ client, prefix, spent: ledger })).map(({ by }) => by)).toEqual([60, 60]);
    await end();
  });

  it('keep what is corrected meanwhile as it is: the ledger knows a correction a moment before the counter', async () => {
    const { client, prefix, ledger, store, standing, window, end } = await ground();
    let looks = 0;
    const spent: SpendSource = {
      openWindows: async () => [{ counter: spend.counter, window, amount: 100 }],
      async spentIn() {
        looks += 1;
        if (looks === 2) {
          const charges = [{ counter: spend.counter, window, amount: -30 }];
          await store.adjust?.({ id: newId(), partition: 'acme', charges, recorded: async () => true });
        }
        return [70];
      },
    };
    expect(await repairCounters({ client, prefix, spent })).toEqual([]);
    expect(looks).toBe(2);
    expect((await standing())[0]).toEqual({ used: 70, held: 0 });
    expect(ledger.events.size).toBe(2);
    await end();
  });

  it('are unchanged while usage events are not delivered', async () => {
    const { client, prefix, ledger, store, standing, end } = await ground();
    const spender = new Spender(store, [spend]);
    const admitted = await spender.reserve({ want: 10 });
    if (admitted) await spender.charge(admitted);
    await expect(repairCounters({ client, prefix, spent: ledger, withinMs: 100 })).rejects.toThrow(
      "an app's outbox must deliver them first",
    );
    expect((await standing())[0]).toEqual({ used: 110, held: 0 });
    await end();
  });
});
