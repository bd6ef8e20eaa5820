import { describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { createManualClock, usageEvent } from '@tollgate/testkit';
import { itemFor, QuotaTenant, quotaCounter } from '@tollgate/testkit/contracts';
import { readOptions } from '../src/connection/options.js';
import { RedisQuotaStore } from '../src/quota/redis-quota-store.js';
import { partitionKey, partitionOf } from '../src/script/partition.js';
import { widePartition } from '../src/wire/wide-part.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix, quotaOn, useRedis } from './servers.js';

const redis = useRedis();
const everybody = quotaCounter('usd/day/global', 1_000, { wide: true });

describe('a slice whose process is silent for longer than its lease', () => {
  it('counts as spent, and is not corrected twice where the process tells after all what was used', async () => {
    const prefix = newPrefix();
    const clock = createManualClock(Date.parse('2026-11-21T12:30:00Z'));
    const options = { client: redis().client, prefix, outbox: true, spent: new MemoryLedger() };
    const store = new RedisQuotaStore(readOptions('redisQuota', { ...options, deadlineMs: 5_000 }), {
      ownClock: clock.now,
    });
    const strays = `${partitionKey(prefix, partitionOf(widePartition, 16))}:stray`;
    const id = store.sliceId(60_000);
    const charges = [{ ...everybody, want: 100, floor: 100 }];
    const alternatives = [{ charges }];
    const slice = { id, partition: widePartition, attemptId: id, leaseMs: 1_000 };
    const leased = await store.reserve({ ...slice, alternatives });
    expect(leased.ok).toBe(true);
    clock.advance(1_500);
    expect(await store.read(widePartition, [everybody])).toMatchObject([{ used: 100, held: 0 }]);
    const [noted] = Object.values(await redis().client.hGetAll(strays));
    // From when on: when the longest reservation of that process is over as well.
    expect(noted).toBe(`${clock.now() + 60_000} 100 c:usd/day/global|2026-11-21`);
    const window = leased.ok ? leased.grants[0] : undefined;
    const items = [itemFor(everybody, window, 30)];
    await store.charge({ ...slice, items, event: undefined, close: true });
    expect(await store.read(widePartition, [everybody])).toMatchObject([{ used: 30, held: 0 }]);
    expect(await redis().client.exists(strays)).toBe(0);
    await store.end();
  });
});

describe('an attempt under a limit of all tenants, whose lease is reaped', () => {
  const sumOf = (events: readonly UsageEvent[], counter: string): number =>
    events
      .flatMap(({ charges }) => charges)
      .filter((charge) => charge.counter === counter)
      .reduce((sum, { amount }) => sum + amount, 0);

  it.each(['reserved', 'extended', 'covered', 'heard of'])(
    'is charged to it by its event where it was %s, and corrected by the truth',
    async (how) => {
      const { store, events, advance } = quotaOn({ client: redis().client });
      const tenant = new QuotaTenant(store);
      const own = quotaCounter(tenant.key('day'), 500);
      const [id, attemptId, partition, leaseMs] = [newId(), newId(), tenant.name, 1_000];
      const event = usageEvent({ eventId: attemptId, tenant: partition, costNanoUsd: '5', charges: [] });
      const narrow = { ...own, want: 70, floor: 70 };
      const wide = { ...everybody, counter: `usd/day/global-${how.length}`, want: 70, floor: 70 };
      const first = how === 'reserved' || how === 'heard of' ? [narrow, wide] : [narrow];
      const declared = how === 'covered' ? undefined : attemptId;
      const reserved = await store.reserve({
        ...{ id, partition, leaseMs, attemptId: declared },
        alternatives: [{ charges: first, event: declared === undefined ? undefined : event }],
      });
      expect(reserved.ok).toBe(true);
      if (how === 'extended') await store.extend({ id, partition, leaseMs, charges: [wide], event });
      if (how === 'covered') {
        const charges = [{ ...narrow, want: 0 }, wide];
        await store.cover({ id, partition, leaseMs, attemptId, alternatives: [{ charges, event }] });
      }
      const window = '2026-11-21';
      if (how === 'heard of') {
        const items = [own, wide].map(({ counter }) => ({ counter, windowId: window, amount: 80 }));
        const charges = items.map(({ counter, amount }) => ({ counter, window, amount }));
        await store.renew({ id, partition, running: [{ attemptId, items, event: { ...event, charges } }] });
      }
      advance(1_500);
      await store.read(partition, [own]);
      const charged = how === 'heard of' ? 80 : 70;
      const reaped = await events();
      expect(reaped).toMatchObject([{ eventId: attemptId, uncertain: true }]);
      expect([sumOf(reaped, own.counter), sumOf(reaped, wide.counter)]).toEqual([charged, charged]);
      const items = [own, wide].map((counter) => ({ ...counter, windowId: window, amount: 20, release: 70 }));
      const charges = items.map(({ counter, amount }) => ({ counter, window, amount }));
      const truth = { ...event, costNanoUsd: '20', charges };
      await store.charge({ id, partition, attemptId, items, event: truth, close: true });
      const all = await events();
      expect(all).toHaveLength(2);
      expect([sumOf(all, own.counter), sumOf(all, wide.counter)]).toEqual([20, 20]);
      await store.end();
    },
  );

  it('is corrected by a settlement that comes hours later: nothing is charged twice', async () => {
    const { store, events, advance } = quotaOn(
      { client: redis().client },
      Date.parse('2026-11-21T00:30:00Z'),
    );
    const tenant = new QuotaTenant(store);
    const own = quotaCounter(tenant.key('day'), 500);
    const [id, attemptId, partition, leaseMs] = [newId(), newId(), tenant.name, 1_000];
    const event = usageEvent({ eventId: attemptId, tenant: partition, costNanoUsd: '5', charges: [] });
    const alternatives = [{ charges: [{ ...own, want: 70, floor: 70 }], event }];
    const reserved = await store.reserve({ id, partition, leaseMs, attemptId, alternatives });
    advance(1_500);
    await store.read(partition, [own]);
    advance(20 * 3_600_000);
    const items = [{ ...itemFor(own, reserved.ok ? reserved.grants[0] : undefined, 20), release: 70 }];
    await store.charge({ id, partition, attemptId, items, event, close: true });
    expect(await store.read(partition, [own])).toMatchObject([{ used: 20, held: 0 }]);
    expect((await events()).map(({ kind }) => kind)).toEqual(['usage', 'adjustment']);
    await store.end();
  });

  it('is charged to all of them where it began with one and a route has added another', async () => {
    const { store, events, advance } = quotaOn({ client: redis().client });
    const tenant = new QuotaTenant(store);
    const own = quotaCounter(tenant.key('day'), 500);
    const [id, attemptId, partition, leaseMs] = [newId(), newId(), tenant.name, 1_000];
    const event = usageEvent({ eventId: attemptId, tenant: partition, costNanoUsd: '5', charges: [] });
    const wide = (name: string) => ({ ...everybody, counter: `usd/day/global-${name}`, want: 70, floor: 70 });
    const charges = [{ ...own, want: 70, floor: 70 }, wide('first')];
    const reservation = { id, partition, leaseMs, attemptId };
    await store.reserve({ ...reservation, alternatives: [{ charges, event }] });
    await store.extend({ id, partition, leaseMs, charges: [wide('second')], event });
    advance(1_500);
    await store.read(partition, [own]);
    const reaped = await events();
    expect(
      [own.counter, wide('first').counter, wide('second').counter].map((one) => sumOf(reaped, one)),
    ).toEqual([70, 70, 70]);
    await store.end();
  });
});
