import { describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { admitted, itemFor, QuotaTenant, quotaCounter, refusal } from '@tollgate/testkit/contracts';
import { quotaOn, useCluster } from './servers.js';

const cluster = useCluster();

/** A store on a cluster, two tenants, a global counter of 100 and one of each tenant's own. */
function ground() {
  const { store, advance } = quotaOn({ cluster: cluster() });
  const everybody = quotaCounter(`usd/day/global-${newId()}`, 100, { wide: true });
  const [one, other] = [new QuotaTenant(store), new QuotaTenant(store)];
  const own = (tenant: QuotaTenant) => quotaCounter(tenant.key('day'), 80);
  return { store, advance, everybody, one, other, own };
}

describe('a counter wider than a tenant', () => {
  it('is one for all tenants, wherever in the cluster they live', async () => {
    const { everybody, one, other, own } = ground();
    admitted(
      await one.reserve([
        { ...own(one), want: 70 },
        { ...everybody, want: 70 },
      ]),
    );
    const refused = refusal(
      await other.reserve([
        { ...own(other), want: 40 },
        { ...everybody, want: 40 },
      ]),
    );
    expect(refused).toMatchObject({
      blockedBy: 'held',
      charge: 1,
      state: { counter: everybody.counter, left: 30 },
    });
    expect(await other.standing(own(other))).toEqual({ used: 0, held: 0 });
    admitted(
      await other.reserve([
        { ...own(other), want: 30 },
        { ...everybody, want: 30 },
      ]),
    );
    expect(await one.standing(everybody)).toEqual({ used: 0, held: 100 });
  });

  it('asks nothing of anybody where an alternative does not either', async () => {
    const { everybody, one, other, own } = ground();
    admitted(await one.reserve([{ ...everybody, want: 100 }]));
    for (const tenant of [one, other]) {
      const charges = [
        { ...own(tenant), want: 10 },
        { ...everybody, want: 10 },
      ];
      const { alternative, grants } = admitted(
        await tenant.reserve([], { alternatives: [{ charges }, { charges: [] }] }),
      );
      expect([alternative, grants]).toEqual([1, []]);
      expect(await tenant.standing(own(tenant))).toEqual({ used: 0, held: 0 });
    }
    expect(await one.standing(everybody)).toEqual({ used: 0, held: 100 });
  });

  it('holds nothing for a request that the tenant’s own limits refuse', async () => {
    const { everybody, one, own } = ground();
    const closed: unknown[] = [];
    const stop = subscribe('tollgate:settle', (facts) => closed.push(facts.outcome));
    expect(
      refusal(
        await one.reserve([
          { ...everybody, want: 90 },
          { ...own(one), want: 90 },
        ]),
      ),
    ).toMatchObject({
      blockedBy: 'size',
      charge: 1,
    });
    while (closed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop();
    expect(await one.standing(everybody)).toEqual({ used: 0, held: 0 });
  });

  it('is charged with the tenant’s own, once, and given back with the reservation', async () => {
    const { everybody, one, own } = ground();
    const [id, attemptId] = [newId(), newId()];
    const counters = [own(one), everybody];
    const { grants, states } = admitted(
      await one.reserve(
        counters.map((counter) => ({ ...counter, want: 50 })),
        { id, attemptId },
      ),
    );
    expect(states.map(({ counter }) => counter)).toEqual(counters.map(({ counter }) => counter));
    const items = counters.map((counter, index) => itemFor(counter, grants[index], 20));
    const result = await one.charge(id, items, { attemptId });
    expect(result.states.map(({ used, held }) => ({ used, held }))).toEqual([
      { used: 20, held: 0 },
      { used: 20, held: 0 },
    ]);
    expect((await one.charge(id, items, { attemptId, close: true })).outcome).toBe('repeated');
    expect(await one.standing(everybody)).toEqual({ used: 20, held: 0 });
  });

  it('that joins later is held as long as the reservation’s own lease says', async () => {
    const { store, advance, everybody, one, other, own } = ground();
    const [id, leaseMs, partition] = [newId(), 1_000, one.name];
    const alternatives = [{ charges: [{ ...own(one), want: 10 }] }];
    admitted(await store.reserve({ id, partition, leaseMs, alternatives }));
    admitted(await store.extend({ id, partition, leaseMs, charges: [{ ...everybody, want: 60 }] }));
    const all = () => other.reserve([{ ...everybody, want: 100 }]);
    advance(900);
    refusal(await all());
    advance(200);
    const start = performance.now();
    let last = await all();
    while (!last.ok && performance.now() - start < 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      last = await all();
    }
    admitted(last);
  }, 90_000);

  it('joins a reservation by a route’s limits, and its refusal ends the whole', async () => {
    const { everybody, one, own } = ground();
    const id = newId();
    admitted(await one.reserve([{ ...own(one), want: 10 }], { id }));
    admitted(await one.extend(id, [{ ...everybody, want: 60 }]));
    expect(await one.standing(everybody)).toEqual({ used: 0, held: 60 });
    const second = newId();
    admitted(await one.reserve([{ ...own(one), want: 10 }], { id: second }));
    expect(refusal(await one.extend(second, [{ ...everybody, want: 60 }])).blockedBy).toBe('held');
    expect(await one.standing(own(one))).toEqual({ used: 0, held: 10 });
    expect(await one.standing(everybody)).toEqual({ used: 0, held: 60 });
  });
});
