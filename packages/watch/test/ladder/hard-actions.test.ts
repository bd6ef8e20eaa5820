import { describe, expect, it } from '@jest/globals';
import { memoryClaims, memorySwitch } from '@tollgate/core';
import type { Finding } from '../../src/detectors/finding.js';
import type { BlastRadius } from '../../src/ladder/blast-radius.js';
import { Ladder } from '../../src/ladder/ladder.js';
import type { Mitigation } from '../../src/ladder/mitigation.js';
import type { PolicyRule } from '../../src/ladder/policy.js';
import { type RotatedKey, rotating } from '../../src/ladder/rotating.js';
import type { Executor } from '../../src/ladder/step.js';

const minuteMs = 60_000;
const rule = (
  minScore: number,
  action: PolicyRule['action'],
  more: Partial<PolicyRule> = {},
): PolicyRule => ({
  ...{ detectors: ['spend'], minScore, action },
  ...more,
});
const halved = { do: 'tighten', factor: 0.5, forMs: minuteMs } as const;
const tenthed = { do: 'tighten', factor: 0.1, forMs: minuteMs } as const;
const challenged = { do: 'challenge', forMs: minuteMs } as const;
const suspended = { do: 'suspend', forMs: minuteMs, cutsRunning: true } as const;
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await null;
};

interface Given {
  readonly policy: readonly PolicyRule[];
  readonly blastRadius?: BlastRadius;
  readonly shadow?: boolean;
  readonly rotate?: Executor<'rotate'>;
}

function ladderOf({
  policy,
  blastRadius = { share: 1, withinMs: 10 * minuteMs },
  shadow = false,
  rotate,
}: Given) {
  const store = memorySwitch();
  const measures: Mitigation[] = [];
  const clock = { ms: 1_000_000 };
  const ladder = new Ladder({
    ...{ store, policy, blastRadius, shadow, rotate, maxSubjects: 1_000 },
    now: () => clock.ms,
    activeTenants: () => 40,
    audit: (measure) => measures.push(measure),
  });
  const take = async (changes: Partial<Finding> = {}): Promise<void> => {
    const subject = { kind: 'key', name: 'k1', tenant: 'acme' } as const;
    const finding = {
      detector: 'spend',
      subject,
      atMs: clock.ms,
      score: 6,
      features: [],
      contributors: [],
    } as const;
    ladder.take({ ...finding, ...changes });
    await settled();
  };
  const off = async () => ((await store.read())?.entries ?? []).map(({ kind, name }) => `${kind} ${name}`);
  const said = () => measures.map(({ action, target, outcome }) => `${action.do} ${target.name} ${outcome}`);
  const active = (name: 'tighten' | 'challenge', key = 'k1') =>
    ladder.active(name, { kind: 'key', name: key }, clock.ms)?.action;
  return { ladder, measures, clock, take, off, said, active };
}

describe('what the ladder tightens and challenges', () => {
  it('ends by itself; whoever goes on is hit sooner and twice as long, whoever does not is forgotten', async () => {
    const { take, clock, active, measures } = ladderOf({ policy: [rule(6, halved)] });
    await take();
    expect(active('tighten')).toEqual(halved);
    clock.ms += minuteMs;
    expect(active('tighten')).toBeUndefined();
    await take({ score: 3 });
    expect(active('tighten')).toEqual(halved);
    expect(measures.at(-1)?.untilMs).toBe(clock.ms + 2 * minuteMs);
    clock.ms += 4 * minuteMs + 1;
    await take({ score: 3 });
    expect(active('tighten')).toBeUndefined();
  });

  it('goes on to a harder rule while it holds, never back to a milder one', async () => {
    const { take, active } = ladderOf({ policy: [rule(4, halved), rule(7, tenthed)] });
    for (const [score, action] of [
      [5, halved],
      [8, tenthed],
      [5, tenthed],
    ] as const) {
      await take({ score });
      expect(active('tighten')).toBe(action);
    }
  });

  it('does not escalate to a suspension what only was to be tightened again', async () => {
    const { take, clock, off } = ladderOf({ policy: [rule(4, halved), rule(8, suspended)] });
    await take({ score: 5 });
    clock.ms += minuteMs;
    await take({ score: 5 });
    expect(await off()).toEqual([]);
  });

  it('hits the one key that a tenant’s finding is owed to', async () => {
    const { take, active } = ladderOf({ policy: [rule(4, challenged)] });
    await take({
      subject: { kind: 'tenant', name: 'acme', tenant: 'acme' },
      contributors: [{ kind: 'key', name: 'k9', share: 0.9 }],
    });
    expect(active('challenge', 'k9')).toBe(challenged);
  });

  it('stops at the blast radius: a third tenant waits for a person, whatever is done to it', async () => {
    const blastRadius = { share: 0.05, withinMs: 10 * minuteMs };
    for (const action of [halved, challenged]) {
      const { ladder, take, said, active, measures, clock } = ladderOf({
        policy: [rule(4, action)],
        blastRadius,
      });
      for (const one of [1, 2, 3]) {
        await take({ subject: { kind: 'key', name: `k${one}`, tenant: `tenant-${one}` } });
      }
      expect(said()).toEqual([
        `${action.do} k1 applied`,
        `${action.do} k2 applied`,
        `${action.do} k3 withheld`,
      ]);
      expect(active(action.do, 'k3')).toBeUndefined();
      clock.ms += 9 * minuteMs;
      expect(await ladder.confirm(measures[2]?.id ?? '')).toBe(true);
      expect(active(action.do, 'k3')).toBe(action);
    }
  });

  it('counts each action by itself: who is challenged keeps nobody from being suspended', async () => {
    const { take, off } = ladderOf({
      policy: [rule(4, challenged), rule(8, suspended)],
      blastRadius: { share: 0.025, withinMs: 10 * minuteMs },
    });
    await take({ score: 5 });
    await take({ score: 9, subject: { kind: 'key', name: 'k2', tenant: 'globex' } });
    expect(await off()).toEqual(['key k2']);
  });

  it('changes nothing in shadow mode', async () => {
    const { take, said, active } = ladderOf({ policy: [rule(4, halved)], shadow: true });
    await take();
    expect(said()).toEqual(['tighten k1 shadow']);
    expect(active('tighten')).toBeUndefined();
  });

  it('stops a model or everything only where the radius is everybody, else a person is asked', async () => {
    const everybody = { subject: { kind: 'global', name: '' } } as const;
    const model = { subject: { kind: 'model', name: 'gpt-5' } } as const;
    const free = ladderOf({ policy: [rule(4, suspended)] });
    await free.take(model);
    await free.take(everybody);
    expect(await free.off()).toEqual(['model gpt-5', 'everything ']);
    const bounded = ladderOf({
      policy: [rule(4, suspended)],
      blastRadius: { share: 0.5, withinMs: minuteMs },
    });
    await bounded.take(everybody);
    expect(bounded.said()).toEqual(['suspend  withheld']);
    expect(await bounded.ladder.confirm(bounded.measures[0]?.id ?? '')).toBe(true);
    expect(await bounded.off()).toEqual(['everything ']);
  });
});

describe('a key that is rotated', () => {
  const action = { do: 'rotate', overlapMs: minuteMs } as const;
  const keysOf = (fail: { times: number }) => {
    const rotated: string[] = [];
    return {
      rotated,
      rotate: async (keyId: string, { overlapMs }: { overlapMs: number }) => {
        fail.times -= 1;
        if (fail.times >= 0) throw new Error('away');
        rotated.push(`${keyId} ${overlapMs}`);
        return { keyId, key: `tg_live_${keyId}_new` };
      },
    };
  };
  const start = (given: { failing?: number; refusing?: number; processes?: number } = {}) => {
    const keys = keysOf({ times: given.failing ?? 0 });
    const claims = memoryClaims();
    const handed: RotatedKey[] = [];
    let refusing = given.refusing ?? 0;
    const deliver = (one: RotatedKey): void => {
      refusing -= 1;
      if (refusing >= 0) throw new Error('no answer');
      handed.push(one);
    };
    const ladders = Array.from({ length: given.processes ?? 1 }, () =>
      ladderOf({
        policy: [rule(4, action)],
        rotate: rotating({ keys, deliver }, claims, () => 1_000_000, [1, 1]),
      }),
    );
    const take = async (changes?: Partial<Finding>): Promise<void> => {
      for (const one of ladders) await one.take(changes);
    };
    return { keys, handed, take, said: () => ladders.flatMap((one) => one.said()) };
  };

  it('is rotated once, by one of the processes, and given to its owner with the time that the old one has left', async () => {
    const { keys, handed, take, said } = start({ processes: 3 });
    await take();
    await take();
    expect(keys.rotated).toEqual(['k1 60000']);
    expect(handed).toMatchObject([
      { keyId: 'k1', key: 'tg_live_k1_new', tenant: 'acme', oldEndsAtMs: 1_060_000 },
    ]);
    expect(said()).toEqual(['rotate k1 applied', 'rotate k1 done-already', 'rotate k1 done-already']);
  });

  it('is tried again with the next finding when the key store failed', async () => {
    const { keys, take, said } = start({ failing: 1 });
    await take();
    await take();
    expect(said()).toEqual(['rotate k1 failed', 'rotate k1 applied']);
    expect(keys.rotated).toHaveLength(1);
  });

  it('is handed over again and again, and what nobody took is said', async () => {
    const late = start({ refusing: 2 });
    await late.take();
    while (late.said().length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(late.handed).toHaveLength(1);
    const never = start({ refusing: 9 });
    await never.take();
    while (never.said().length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(never.said()).toEqual(['rotate k1 undelivered']);
  });

  it('is not rotated again for what came with the outgoing secret', async () => {
    const keys = keysOf({ times: 0 });
    const rotate = rotating({ keys, deliver: () => undefined }, memoryClaims(), () => 1_000_000);
    const { take, clock } = ladderOf({ policy: [rule(4, action)], rotate });
    await take();
    clock.ms += 11 * minuteMs - 1;
    await take();
    expect(keys.rotated).toHaveLength(1);
  });

  it('is left alone where no one key is at fault', async () => {
    const { keys, take, said } = start();
    await take({ subject: { kind: 'tenant', name: 'acme', tenant: 'acme' } });
    expect(keys.rotated).toEqual([]);
    expect(said()).toEqual([]);
  });
});
