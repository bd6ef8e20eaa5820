import { describe, expect, it } from '@jest/globals';
import { memorySwitch, type SwitchStore } from '@tollgate/core';
import { defaultPolicy } from '../../src/ladder/policy.js';
import { ladderOf, settled } from './ladder-of.js';

const quarterMs = 15 * 60_000;

describe('Ladder', () => {
  it('limits to the usual only what has a usual; of a newcomer the rule before that applies', async () => {
    const loop = { detector: 'agent-loop', score: 9, usdPerHour: 0.2 } as const;
    const lenient = { policy: defaultPolicy.filter(({ action }) => action.do !== 'suspend') };
    const known = ladderOf(lenient);
    await known.take(loop);
    expect(known.measures.map(({ action }) => action.do)).toEqual(['limit']);
    const newcomer = ladderOf({ ...lenient, isUsualKnown: false });
    await newcomer.take(loop);
    await newcomer.take({ ...loop, detector: 'slow-rise' });
    expect(newcomer.measures.map(({ action }) => action.do)).toEqual(['slow', 'tag']);
  });

  it('tells first, slows down next, suspends last, each once while it lasts', async () => {
    const { take, measures, off } = ladderOf();
    for (const score of [3, 3, 5, 5, 6, 7, 9, 9]) await take({ score });
    expect(measures.map(({ action, outcome }) => `${action.do} ${outcome}`)).toEqual([
      'observe applied',
      'tag applied',
      'slow applied',
      'suspend applied',
    ]);
    expect(await off()).toEqual([
      {
        ...{ kind: 'key', name: 'k1', by: 'watch', cutsRunning: true },
        ...{ sinceMs: 1_000_000, expiresAtMs: 1_000_000 + quarterMs },
        reason: 'spend of key k1, score 9.0: $4 in 5 minutes instead of $0.02',
      },
    ]);
  });

  it("suspends the one key that a tenant's finding is owed to, and the tenant where it is several keys' doing", async () => {
    const subject = { kind: 'tenant', name: 'acme', tenant: 'acme' } as const;
    for (const [share, name] of [
      [0.9, 'k7'],
      [0.5, 'acme'],
    ] as const) {
      const { take, off } = ladderOf();
      await take({ subject, contributors: [{ kind: 'key', name: 'k7', share }] });
      expect((await off()).map((entry) => entry.name)).toEqual([name]);
    }
  });

  it('lets somebody try again after a quarter of an hour, and on probation suspends sooner and twice as long', async () => {
    const { take, clock, off } = ladderOf();
    await take();
    clock.ms += quarterMs + 1;
    await take({ score: 4.5 });
    expect((await off()).map(({ expiresAtMs }) => expiresAtMs)).toEqual([clock.ms + 2 * quarterMs]);
  });

  it('forgets after the probation', async () => {
    const { take, clock, measures } = ladderOf();
    await take();
    clock.ms += 2 * quarterMs + 1;
    await take({ score: 4.5 });
    expect(measures.at(-1)?.action.do).toBe('observe');
  });

  it('never hits more tenants than declared without a person, and does it when a person says so', async () => {
    const { ladder, take, measures, off } = ladderOf({ tenants: 40 });
    for (let tenant = 0; tenant < 5; tenant += 1)
      await take({ subject: { kind: 'key', name: `k${tenant}`, tenant: `tenant-${tenant}` } });
    expect((await off()).map(({ name }) => name)).toEqual(['k0', 'k1']);
    const withheld = measures.filter(({ outcome }) => outcome === 'withheld');
    expect(withheld).toHaveLength(3);
    expect(await ladder.confirm(withheld[0]?.id ?? '')).toBe(true);
    expect(await ladder.confirm(withheld[0]?.id ?? '')).toBe(false);
    expect((await off()).map(({ name }) => name)).toEqual(['k0', 'k1', 'k2']);
  });

  it('does not report what a person has confirmed as done where the store is away, and lets it be confirmed again', async () => {
    const memory = memorySwitch();
    let isAway = false;
    const turnOff: SwitchStore['turnOff'] = (entry) =>
      isAway ? Promise.reject(new Error('away')) : memory.turnOff(entry);
    const { ladder, take, measures, off } = ladderOf({ store: { ...memory, turnOff } });
    for (const name of ['k1', 'k2']) await take({ subject: { kind: 'key', name, tenant: name } });
    const id = measures[1]?.id ?? '';
    expect(measures[1]?.outcome).toBe('withheld');
    isAway = true;
    await expect(ladder.confirm(id)).rejects.toThrow('"suspend" did not happen');
    isAway = false;
    expect(await ladder.confirm(id)).toBe(true);
    expect((await off()).map(({ name }) => name)).toEqual(['k1', 'k2']);
  });

  it('in shadow mode writes down what it would do, and does nothing', async () => {
    const { ladder, take, measures, clock, off } = ladderOf({ shadow: true });
    await take({ score: 6 });
    await take({ score: 9 });
    expect(measures.map(({ outcome }) => outcome)).toEqual(['shadow', 'shadow']);
    expect(await off()).toEqual([]);
    expect(ladder.active('slow', { kind: 'key', name: 'k1' }, clock.ms)).toBeUndefined();
  });

  it('does not shorten what a person has switched off', async () => {
    const { store, take, measures, off } = ladderOf();
    const entry = {
      kind: 'key',
      name: 'k1',
      reason: 'leaked',
      by: 'ann',
      sinceMs: 1,
      cutsRunning: true,
    } as const;
    await store.turnOff(entry);
    await take();
    expect(await off()).toEqual([entry]);
    expect(measures.at(-1)?.outcome).toBe('done-already');
  });

  it('tries again with the next finding when the store did not take it', async () => {
    const memory = memorySwitch();
    let isAway = true;
    const store: SwitchStore = {
      ...memory,
      turnOff: (entry) => (isAway ? Promise.reject(new Error('away')) : memory.turnOff(entry)),
    };
    const { take, measures, off } = ladderOf({ store });
    await take();
    expect(measures.at(-1)?.outcome).toBe('failed');
    isAway = false;
    await take();
    expect(await off()).toHaveLength(1);
  });

  it('keeps the probation of whoever a store that was away could not be told of', async () => {
    const memory = memorySwitch();
    let isAway = false;
    const turnOff: SwitchStore['turnOff'] = (entry) =>
      isAway ? Promise.reject(new Error('away')) : memory.turnOff(entry);
    const { take, clock, measures, off } = ladderOf({ store: { ...memory, turnOff } });
    await take();
    clock.ms += quarterMs + 1;
    isAway = true;
    await take({ score: 4.5 });
    expect(measures.at(-1)?.outcome).toBe('failed');
    isAway = false;
    clock.ms += 1_000.5;
    await take({ score: 4.5 });
    expect((await off()).map(({ expiresAtMs }) => expiresAtMs)).toEqual([
      Math.floor(clock.ms) + 2 * quarterMs,
    ]);
  });
});

describe('a rule that asks', () => {
  const slow = { detector: 'slow-rise', score: 10, usdPerHour: 20 } as const;

  it('limits to the usual, asks a person once a day whether to suspend, and suspends when it is confirmed', async () => {
    const { take, measures, off, clock, ladder } = ladderOf();
    await take(slow);
    await take(slow);
    expect(measures.map(({ action, outcome }) => `${action.do} ${outcome}`)).toEqual([
      'suspend withheld',
      'limit applied',
    ]);
    expect(await off()).toEqual([]);
    clock.ms += 25 * 4 * quarterMs;
    await take(slow);
    expect(measures.filter(({ outcome }) => outcome === 'withheld')).toHaveLength(2);
    expect(await ladder.confirm(measures[0]?.id ?? '')).toBe(true);
    await settled();
    expect(await off()).toMatchObject([{ kind: 'key', name: 'k1', expiresAtMs: clock.ms + 96 * quarterMs }]);
    expect(await ladder.confirm(measures[0]?.id ?? '')).toBe(false);
  });

  it('does not keep a stronger finding from suspending at once', async () => {
    const { take, measures, off } = ladderOf();
    await take(slow);
    await take({ detector: 'agent-loop', score: 9, usdPerHour: 20 });
    expect(measures.at(-1)).toMatchObject({ action: { do: 'suspend' }, outcome: 'applied' });
    expect(await off()).toHaveLength(1);
  });

  it('asks nothing in shadow mode, and nothing without a store of suspensions', async () => {
    const { take, measures } = ladderOf({ shadow: true });
    await take(slow);
    expect(measures.map(({ outcome }) => outcome)).toEqual(['shadow', 'shadow']);
  });
});
