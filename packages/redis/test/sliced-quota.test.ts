import { describe, expect, it } from '@jest/globals';
import type { QuotaStore, UsageEvent } from '@tollgate/core';
import { newId, type QuotaCounter } from '@tollgate/core/internal';
import { admitted, itemFor, QuotaTenant, quotaCounter, usageEvent } from '@tollgate/testkit/contracts';
import { outbox, type RedisQuotaOptions, redisQuota } from '../src/index.js';
import { newPrefix, useRedis } from './servers.js';

const redis = useRedis();

const opened = (more: Partial<RedisQuotaOptions> = {}): QuotaStore =>
  redisQuota({ client: redis().client, prefix: newPrefix(), deadlineMs: 5_000, outbox: true, ...more });

/** One request: what it holds, and what it is charged for the rest to be given back. */
async function spend(
  tenant: QuotaTenant,
  counters: readonly QuotaCounter[],
  want: number,
  amount: number,
): Promise<boolean> {
  const [id, attemptId] = [newId(), newId()];
  const charges = counters.map((counter) => ({ ...counter, want: counter.unit === 'concurrent' ? 1 : want }));
  const event = usageEvent({ eventId: attemptId, tenant: tenant.name, costNanoUsd: String(amount) });
  const result = await tenant.reserve(charges, { id, attemptId, alternatives: [{ charges, event }] });
  if (!result.ok) return false;
  const items = counters.map((counter, at) => itemFor(counter, result.grants[at], amount));
  const { recorded } = await tenant.charge(id, items, { attemptId, event, close: true });
  expect(recorded).toBe(true);
  return true;
}

/** What the server has, once a store has told it everything. */
async function standing(prefix: string, tenant: QuotaTenant, counter: QuotaCounter) {
  const [state] = await opened({ prefix }).read(tenant.name, [counter]);
  return { used: state?.used, held: state?.held };
}

async function scriptCalls(): Promise<number> {
  const info = await redis().client.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0);
}

async function eventsOf(prefix: string): Promise<UsageEvent[]> {
  const events: UsageEvent[] = [];
  const sinks = [{ write: (event: UsageEvent) => void events.push(event) }];
  await outbox({ client: redis().client, prefix, sinks }).end();
  return events;
}

describe('slices of a busy tenant’s own limits', () => {
  it('never pass the cap in several processes at once, and leave nothing of it unused', async () => {
    const prefix = newPrefix();
    const stores = [1, 2, 3].map(() => opened({ prefix, slices: 'grace' }));
    const name = newId();
    const cap = 20_000;
    const day = quotaCounter(`usd/day/${name}`, cap);
    const watcher = opened({ prefix });
    let done = false;
    let most = 0;
    const watching = (async () => {
      while (!done) {
        const [state] = await watcher.read(name, [day]);
        most = Math.max(most, (state?.used ?? 0) + (state?.held ?? 0));
      }
    })();
    const ask = async (store: QuotaStore): Promise<number> => {
      const [id, attemptId] = [newId(), newId()];
      const reservation = { id, partition: name, attemptId, leaseMs: 60_000 };
      const result = await store.reserve({
        ...reservation,
        alternatives: [{ charges: [{ ...day, want: 10 }] }],
      });
      if (!result.ok) return 0;
      const items = [itemFor(day, result.grants[0], 10)];
      await store.charge({ ...reservation, items, event: usageEvent({ eventId: attemptId }), close: true });
      return 10;
    };
    let spent = 0;
    const spending = stores.map(async (store) => {
      let refusals = 0;
      while (refusals < 30) {
        const took = await ask(store);
        spent += took;
        refusals += took === 0 ? 1 : 0;
        expect(spent).toBeLessThanOrEqual(cap);
      }
    });
    await Promise.all(spending);
    done = true;
    await watching;
    expect(most).toBeLessThanOrEqual(cap);
    for (const store of stores) await store.end();
    expect(spent).toBe(cap);
    const [state] = await watcher.read(name, [day]);
    expect(state).toMatchObject({ used: cap, held: 0 });
  }, 90_000);

  it('serve an agent’s further calls, limits that join, and heartbeats', async () => {
    const prefix = newPrefix();
    const store = opened({ prefix, slices: 'grace' });
    const tenant = new QuotaTenant(store);
    const day = quotaCounter(tenant.key('day'), 1_000_000);
    const rare = quotaCounter(tenant.key('route'), 1_000);
    for (let turn = 0; turn < 200; turn += 1) await spend(tenant, [day], 10, 5);
    const before = await scriptCalls();
    const [id, first, second, third] = [newId(), newId(), newId(), newId()];
    const alternatives = [{ charges: [{ ...day, want: 10 }] }];
    const reservation = { id, partition: tenant.name, attemptId: first, leaseMs: 60_000, alternatives };
    const held = store.reserveHeld?.(reservation);
    if (!held) throw new Error('nothing was leased ahead');
    const { grants } = admitted(held);
    expect(await scriptCalls()).toBe(before);
    const joined = admitted(await tenant.extend(id, [{ ...rare, want: 7 }]));
    const covered = admitted(await tenant.cover(id, second, [{ ...day, want: 20 }]));
    const beyond = admitted(await tenant.cover(id, third, [{ ...rare, want: 900 }]));
    expect(await tenant.renew(id)).toBe(true);
    expect((await tenant.extend(newId(), [{ ...rare, want: 1 }])).ok).toBe(false);
    await tenant.charge(id, [itemFor(day, grants[0], 4), itemFor(rare, joined.grants[0], 3)], {
      attemptId: first,
    });
    await tenant.charge(id, [itemFor(day, covered.grants[0], 8)], { attemptId: second });
    await tenant.charge(id, [itemFor(rare, beyond.grants[0], 500)], { attemptId: third, close: true });
    await store.end();
    expect(await standing(prefix, tenant, day)).toEqual({ used: 1_000 + 12, held: 0 });
    expect(await standing(prefix, tenant, rare)).toEqual({ used: 503, held: 0 });
    const events = await eventsOf(prefix);
    expect(events.map(({ eventId }) => eventId)).toEqual(expect.arrayContaining([first, second, third]));
    expect(events).toHaveLength(203);
  });
});

describe('slices: "busy"', () => {
  it('is refused by name, with the reason', () => {
    expect(() => opened({ slices: 'busy' as never })).toThrow(
      'redisQuota: "slices" must be "wide" or "grace" ("busy" was removed: a process that was killed left spend in the counters that no request had caused',
    );
  });
});
