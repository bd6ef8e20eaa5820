import { memorySwitch, type SwitchStore } from '@tollgate/core';
import type { Finding } from '../../src/detectors/finding.js';
import { Ladder } from '../../src/ladder/ladder.js';
import type { Mitigation } from '../../src/ladder/mitigation.js';
import { defaultPolicy, type PolicyRule } from '../../src/ladder/policy.js';
import type { Executor } from '../../src/ladder/step.js';

/** Writes to the switch store have followed. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await null;
};

interface Given {
  readonly store?: SwitchStore;
  readonly shadow?: boolean;
  readonly tenants?: number;
  readonly policy?: readonly PolicyRule[];
  readonly rotate?: Executor<'rotate'>;
  readonly isUsualKnown?: boolean;
}

/** A ladder with the default policy on a switch of its own, and its audit trail. */
export function ladderOf(given: Given = {}) {
  const store = given.store ?? memorySwitch();
  const measures: Mitigation[] = [];
  const clock = { ms: 1_000_000 };
  const ladder = new Ladder({
    ...{
      policy: given.policy ?? defaultPolicy,
      blastRadius: { share: 0.05, withinMs: 600_000 },
      maxSubjects: 1_000,
    },
    shadow: given.shadow ?? false,
    store,
    now: () => clock.ms,
    rotate: given.rotate,
    isUsualKnown: () => given.isUsualKnown ?? true,
    activeTenants: () => given.tenants ?? 20,
    audit: (measure) => measures.push(measure),
  });
  const take = async (changes: Partial<Finding> = {}): Promise<void> => {
    ladder.take({
      ...{
        detector: 'spend',
        subject: { kind: 'key', name: 'k1', tenant: 'acme' },
        atMs: clock.ms,
        score: 9,
      },
      ...{ features: [{ feature: 'usdIn5Minutes', expected: 0.02, seen: 4 }], contributors: [] },
      ...changes,
    });
    await settled();
  };
  const off = async () => (await store.read())?.entries ?? [];
  return { ladder, store, measures, clock, take, off };
}
