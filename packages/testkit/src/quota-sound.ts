import { newId } from '@tollgate/core/internal';
import {
  admitted,
  bucketCounter,
  calendar,
  itemFor,
  QuotaTenant,
  type QuotaUnderTest,
  quotaCounter,
  refusal,
  usageEvent,
} from './quota-fixture.js';

type Check = (underTest: QuotaUnderTest, tenant: QuotaTenant) => Promise<boolean>;

const alike = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** A handful of things that a store must do, quick enough to be asked of many broken ones. */
const checks: readonly Check[] = [
  async (_, tenant) => {
    const [day, hour] = [quotaCounter(tenant.key('day'), 100), quotaCounter(tenant.key('hour'), 25)];
    const asked = Array.from({ length: 9 }, () =>
      tenant.reserve([
        { ...day, want: 10 },
        { ...hour, want: 10 },
      ]),
    );
    const admissions = (await Promise.all(asked)).filter(({ ok }) => ok).length;
    const standings = [await tenant.standing(day), await tenant.standing(hour)];
    return (
      admissions === 2 &&
      alike(standings, [
        { used: 0, held: 20 },
        { used: 0, held: 20 },
      ])
    );
  },
  async (_, tenant) => {
    const spend = quotaCounter(tenant.key('day'), 100);
    const [id, attemptId] = [newId(), newId()];
    const first = admitted(await tenant.reserve([{ ...spend, want: 10 }], { id, attemptId }));
    const again = await tenant.reserve([{ ...spend, want: 10 }], { id, attemptId });
    const items = [itemFor(spend, first.grants[0], 4)];
    const outcomes = [];
    for (const close of [false, true, true]) {
      outcomes.push((await tenant.charge(id, items, { attemptId, close })).outcome);
    }
    const late = await tenant.reserve([{ ...spend, want: 10 }], { id, attemptId });
    const told = alike(again, first) && alike(outcomes, ['charged', 'repeated', 'repeated']) && !late.ok;
    return told && alike(await tenant.standing(spend), { used: 4, held: 0 });
  },
  // One after the other, while another lease lives: the simple case of a store.
  async (_, tenant) => {
    const [day, hour] = [quotaCounter(tenant.key('day'), 100), quotaCounter(tenant.key('hour'), 25)];
    const opening = [
      { ...day, want: 1 },
      { ...hour, want: 1 },
    ];
    admitted(await tenant.reserve(opening));
    const [id, attemptId] = [newId(), newId()];
    const charges = [
      { ...day, want: 10 },
      { ...hour, want: 10 },
    ];
    const { grants } = admitted(await tenant.reserve(charges, { id, attemptId }));
    const twice = { id: newId(), attemptId: newId() };
    const second = await tenant.reserve(charges, twice);
    const third = await tenant.reserve(charges);
    const items = [itemFor(day, grants[0], 4), itemFor(hour, grants[1], 4)];
    await tenant.charge(id, items, { attemptId, close: true });
    for (const close of [false, true]) {
      await tenant.charge(twice.id, items, { attemptId: twice.attemptId, close });
    }
    const standings = [await tenant.standing(day), await tenant.standing(hour)];
    return (
      second.ok &&
      !third.ok &&
      alike(standings, [
        { used: 8, held: 1 },
        { used: 8, held: 1 },
      ])
    );
  },
  async ({ advance }, tenant) => {
    const other = quotaCounter(tenant.key('hour'), 100);
    const [shared, first, second] = [newId(), newId(), newId()];
    const asked = [{ ...other, want: 60, floor: 60 }];
    const held = admitted(await tenant.reserve(asked, { id: shared, attemptId: first, leaseMs: 1_000 }));
    admitted(await tenant.cover(shared, second, [{ ...other, want: 0, floor: 60 }]));
    const beat = [{ counter: other.counter, windowId: held.grants[0]?.window ?? '', amount: 20 }];
    await tenant.renew(shared, [{ attemptId: second, items: beat, event: usageEvent({ eventId: second }) }]);
    await advance(1_000);
    return alike(await tenant.standing(other), { used: 60, held: 0 });
  },
  async ({ advance, events }, tenant) => {
    const spend = quotaCounter(tenant.key('day'), 100);
    const [id, attemptId] = [newId(), newId()];
    const charges = [{ ...spend, want: 60, floor: 9 }];
    const alternatives = [{ charges, event: usageEvent({ eventId: attemptId }) }];
    const { grants } = admitted(await tenant.reserve([], { id, attemptId, alternatives, leaseMs: 1_000 }));
    await advance(1_000);
    if (!alike(await tenant.standing(spend), { used: 9, held: 0 })) return false;
    await tenant.charge(id, [itemFor(spend, grants[0], 30)], { attemptId });
    const written = (await events()).map(({ eventId, adjusts }) => adjusts ?? eventId);
    return (
      alike(await tenant.standing(spend), { used: 30, held: 0 }) && alike(written, [attemptId, attemptId])
    );
  },
  async ({ now, advance }, tenant) => {
    const spend = quotaCounter(tenant.key('minute'), 100, { window: calendar('minute') });
    const id = newId();
    const { grants } = admitted(await tenant.reserve([{ ...spend, want: 80 }], { id, leaseMs: 600_000 }));
    await advance(60_000 - (now() % 60_000));
    admitted(await tenant.reserve([{ ...spend, want: 90 }]));
    await tenant.charge(id, [itemFor(spend, grants[0], 80)], { close: true });
    return alike(await tenant.standing(spend), { used: 0, held: 90 });
  },
  async ({ advance }, tenant) => {
    const tokens = bucketCounter(tenant.key('bucket'), { rate: 7, periodMs: 1_000, burst: 20 });
    const id = newId();
    const { grants } = admitted(await tenant.reserve([{ ...tokens, want: 15 }], { id }));
    await tenant.charge(id, [itemFor(tokens, grants[0], 15)], { close: true });
    for (let step = 0; step < 10; step += 1) {
      await advance(100);
      const another = newId();
      admitted(await tenant.reserve([{ ...tokens, want: 1 }], { id: another }));
      await tenant.close(another);
    }
    return alike(await tenant.standing(tokens), { used: 8, held: 0 });
  },
  // 0.1 + 0.2 dollars; and a request for at least 0 gets the rest, unless that is zero.
  async (_, tenant) => {
    const spend = quotaCounter(tenant.key('day'), 500_000_000);
    const [few, many] = [
      { ...spend, want: 100_000_000 },
      { ...spend, want: 900_000_000, min: 0 },
    ];
    for (const amount of [100_000_000, 200_000_000]) {
      const id = newId();
      const { grants } = admitted(await tenant.reserve([few], { id }));
      await tenant.charge(id, [itemFor(spend, grants[0], amount)], { close: true });
    }
    const summed = await tenant.standing(spend);
    const id = newId();
    const { grants } = admitted(await tenant.reserve([many], { id }));
    await tenant.charge(id, [itemFor(spend, grants[0], 200_000_000)], { close: true });
    const { blockedBy } = refusal(await tenant.reserve([many]));
    return (
      alike(summed, { used: 300_000_000, held: 0 }) &&
      grants[0]?.granted === 200_000_000 &&
      blockedBy === 'used'
    );
  },
  // Corrections: each once, of windows that are open, never below 0.
  async ({ advance, now, store }, tenant) => {
    const window = calendar('minute');
    const spend = quotaCounter(`usd/${tenant.key('minute')}`, 100, { window });
    await advance(60_000 - (now() % 60_000));
    const id = newId();
    const { grants } = admitted(await tenant.reserve([{ ...spend, want: 90 }], { id }));
    await tenant.charge(id, [itemFor(spend, grants[0], 90)], { close: true });
    const correct = async (correction: string, amount: number) => {
      const charges = [{ counter: spend.counter, window: grants[0]?.window ?? '', amount }];
      await store.adjust?.({ id: correction, partition: tenant.name, charges, recorded: async () => true });
      return (await tenant.standing(spend)).used;
    };
    const once = newId();
    const told = [await correct(once, -50), await correct(once, -50), await correct(newId(), 20)];
    const emptied = await correct(newId(), -1_000);
    await advance(60_000);
    const next = newId();
    const { grants: later } = admitted(await tenant.reserve([{ ...spend, want: 30 }], { id: next }));
    await tenant.charge(next, [itemFor(spend, later[0], 30)], { close: true });
    return alike([...told, emptied, await correct(newId(), -10)], [40, 40, 60, 0, 30]);
  },
  // The actual usage of reaped attempts arrives long after two leases.
  async ({ advance }, tenant) => {
    const spend = quotaCounter(tenant.key('total'), 100, { window: calendar('month') });
    const [id, attemptId] = [newId(), newId()];
    const charges = [{ ...spend, want: 60, floor: 50 }];
    const { grants } = admitted(await tenant.reserve(charges, { id, attemptId, leaseMs: 1_000 }));
    await advance(1_000);
    await tenant.standing(spend);
    await advance(60_000);
    const { outcome } = await tenant.charge(id, [itemFor(spend, grants[0], 20)], { attemptId });
    return outcome === 'adjusted' && alike(await tenant.standing(spend), { used: 20, held: 0 });
  },
];

/** Whether a store passes; one that fails or returns nonsense does not. */
export async function isSound(makeStore: () => QuotaUnderTest): Promise<boolean> {
  for (const check of checks) {
    const underTest = makeStore();
    try {
      if (!(await check(underTest, new QuotaTenant(underTest.store)))) return false;
    } catch {
      return false;
    } finally {
      await underTest.store.end();
    }
  }
  return true;
}
