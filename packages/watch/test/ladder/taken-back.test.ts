import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { memorySwitch, type SwitchStore } from '@tollgate/core';
import type { MitigationStore } from '@tollgate/core/internal';
import { usageEvent } from '@tollgate/testkit';
import { type Detector, type Mitigation, type PolicyRule, type Watch, watch } from '../../src/index.js';

const minutesMs = 60_000;
/** Reports each use of a key; the score is what it costs in nanodollars. */
const dear: Detector = {
  name: 'dear',
  usage: ({ keyId = '', tenant, costNanoUsd }, report) =>
    report({
      ...{ subject: { kind: 'key', name: keyId, tenant }, score: Math.min(Number(costNanoUsd), 50) },
      features: [{ feature: 'nanoUsd', expected: 1, seen: Number(costNanoUsd) }],
    }),
};
const policy: readonly PolicyRule[] = [
  { detectors: ['dear'], minScore: 4, action: { do: 'slow', delayMs: 1_000, forMs: 10 * minutesMs } },
  {
    detectors: ['dear'],
    minScore: 8,
    action: { do: 'suspend', forMs: 10 * minutesMs, cutsRunning: false },
  },
];

const running: Watch[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.end();
});

/** One of several processes on one switch. */
function processOn(store: SwitchStore) {
  const audit: Mitigation[] = [];
  const watching = watch({
    ...{ store, policy, detectors: [dear], blastRadius: { share: 1, withinMs: minutesMs } },
    onMitigation: (one) => audit.push(one),
  });
  running.push(watching);
  const use = (keyId: string, score: number): void =>
    void watching.sink.write(usageEvent({ tenant: 'acme', keyId, costNanoUsd: String(score) }));
  /** Resolves when this process has done so much. */
  const done = async (...wanted: unknown[]): Promise<Mitigation[]> => {
    for (;;) {
      const what = audit.map(({ action, outcome }) => `${action.do} ${outcome}`);
      if (what.length >= wanted.length) {
        expect(what).toEqual(wanted);
        return audit;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { watching, use, done };
}

const offIn = async (store: SwitchStore): Promise<string[]> =>
  ((await store.read())?.entries ?? []).map(({ name }) => name);
const actionsIn = async ({ mitigations }: SwitchStore): Promise<string[]> =>
  (await (mitigations as MitigationStore).list()).map(({ action, target }) => `${action} ${target}`);

describe('an action that is taken back in one process', () => {
  it('ends in the others, which do not repeat it', async () => {
    const store = memorySwitch();
    const [one, other] = [processOn(store), processOn(store)];
    for (const each of [one, other]) each.use('k1', 5);
    const [slowed] = await one.done('slow applied');
    await other.done('slow applied');
    expect(await actionsIn(store)).toHaveLength(2);
    expect(await one.watching.undo(slowed?.id ?? '')).toBe(true);
    await other.done('slow applied', 'slow undone');
    other.use('k1', 6);
    await other.done('slow applied', 'slow undone');
    expect(await actionsIn(store)).toEqual([]);
  });

  it('ends there by the decision of an operator: a suspension, which the switch loses once', async () => {
    const store = memorySwitch();
    const [one, other] = [processOn(store), processOn(store)];
    one.use('k1', 9);
    const [off] = await one.done('suspend applied');
    other.use('k1', 9);
    const [same] = await other.done(expect.stringMatching(/^suspend (applied|done-already)$/));
    expect(same?.target).toEqual(off?.target);
    await store.mitigations?.decide({ id: off?.id ?? '', what: 'undo', by: 'ann' });
    await one.done('suspend applied', 'suspend undone');
    while ((await offIn(store)).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await other.done(expect.stringContaining('suspend'), 'suspend undone');
    other.use('k1', 9);
    expect(await offIn(store)).toEqual([]);
  });

  it('is taken back from a process that does it later', async () => {
    const store = memorySwitch();
    const one = processOn(store);
    one.use('k1', 9);
    const [off] = await one.done('suspend applied');
    expect(await one.watching.undo(off?.id ?? '')).toBe(true);
    while ((await store.mitigations?.takenBack(['dear key:k1']))?.length !== 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const late = processOn(store);
    late.use('k1', 9);
    await late.done('suspend applied', 'suspend undone');
    expect(await offIn(store)).toEqual([]);
  });

  it('stays where another process sees four times as much, and leaves what a person has switched off', async () => {
    const store = memorySwitch();
    const { takenBack } = store.mitigations as MitigationStore;
    let told = 0;
    jest.spyOn(store.mitigations as MitigationStore, 'takenBack').mockImplementation(async (matters) => {
      const found = await takenBack(matters);
      if (matters.includes('dear key:k1') && found.length > 0) told += 1;
      return found;
    });
    const [one, other, third] = [processOn(store), processOn(store), processOn(store)];
    one.use('k1', 5);
    other.use('k1', 5 * 4);
    third.use('k2', 9);
    const [slowed] = await one.done('slow applied');
    await other.done('suspend applied');
    await third.done('suspend applied');
    await store.turnOff({
      kind: 'key',
      name: 'k2',
      by: 'ann',
      reason: 'stolen',
      sinceMs: 0,
      cutsRunning: false,
    });
    await store.mitigations?.takeBack({
      ...{ matter: 'dear key:k2', score: 9, untilMs: Date.now() + minutesMs },
      features: [{ feature: 'nanoUsd', expected: 1, seen: 9 }],
    });
    await third.done('suspend applied', 'suspend undone');
    expect(await one.watching.undo(slowed?.id ?? '')).toBe(true);
    // It was told by then, more than once.
    while (told < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    await other.done('suspend applied');
    expect((await offIn(store)).sort()).toEqual(['k1', 'k2']);
  });
});
