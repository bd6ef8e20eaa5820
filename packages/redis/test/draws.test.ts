import { describe, expect, it } from '@jest/globals';
import { createManualClock } from '@tollgate/testkit';
import { bucketCounter, itemFor, quotaCounter, usageEvent } from '@tollgate/testkit/contracts';
import { readOptions } from '../src/connection/options.js';
import { RedisQuotaStore } from '../src/quota/redis-quota-store.js';
import { eventsIn } from './events-in.js';
import { newPrefix, useRedis } from './servers.js';

const redis = useRedis();
const partition = 'acme';
const day = quotaCounter('usd/day/tenant=acme', 1_000);
// A token in ten milliseconds.
const minute = bucketCounter('tokens/minute/tenant=acme', { rate: 6_000, periodMs: 60_000, burst: 1_000 });

function opened(patch?: (source: string) => string) {
  const clock = createManualClock(Date.parse('2026-11-21T12:30:00Z'));
  const prefix = newPrefix();
  const { client } = redis();
  const sweepEveryMs = 3_600_000;
  const options = readOptions('redisQuota', {
    client,
    prefix,
    outbox: true,
    deadlineMs: 5_000,
    sweepEveryMs,
  });
  return { store: new RedisQuotaStore(options, { ownClock: clock.now, patch }), clock, prefix, client };
}

type Opened = ReturnType<typeof opened>;

/** Leases 100 of a counter; afterwards, draws amounts from it and tells how the counter stands. */
async function leaseOf({ store }: Opened, counter = day, id = 'lease') {
  const reserve = (name: string, want: number) =>
    store.reserve({
      id: name,
      partition,
      attemptId: name,
      leaseMs: 10_000,
      alternatives: [{ charges: [{ ...counter, want, floor: want }] }],
    });
  // What begins a counter is not the plain case.
  await reserve(`before ${id}`, 1);
  await store.close({ id: `before ${id}`, partition });
  const result = await reserve(id, 100);
  const item = itemFor(counter, result.ok ? result.grants[0] : undefined, 0);
  return {
    item,
    draw: (from: string, to: string, amount: number, release: number, left: number) =>
      store.draw({
        id,
        partition,
        attemptId: from,
        nextAttemptId: to,
        item: { ...item, amount, release },
        left,
      }),
    standing: async () => {
      const [state] = await store.read(partition, [counter]);
      return [state?.used, state?.held];
    },
    charge: (attemptId: string, amount: number, release: number) =>
      store.charge({
        id,
        partition,
        attemptId,
        items: [{ ...item, amount, release }],
        event: undefined,
        close: true,
      }),
  };
}

/** What a lease's counter shows while it is drawn from, told of twice, left behind, and corrected. */
async function story(patch?: (source: string) => string): Promise<unknown[]> {
  const world = opened(patch);
  const { draw, standing, charge } = await leaseOf(world);
  const seen: unknown[] = [];
  const see = async (told: unknown): Promise<void> => void seen.push([told, ...(await standing())]);
  try {
    await see(await draw('lease', 'second', 25, 30, 70));
    await see(await draw('lease', 'second', 25, 30, 70));
    await see(await draw('second', 'third', 20, 20, 50));
    await see(await draw('third', 'fourth', 20, 20, 20));
    await see(await draw('lease', 'fourth', 20, 20, 30));
    world.clock.advance(10_001);
    await see('left behind');
    await see(await draw('third', 'fourth', 10, 10, 40));
    await see((await charge('third', 10, 50)).outcome);
  } finally {
    await world.store.end();
  }
  return seen;
}

const exactly = [
  [true, 25, 70],
  [true, 25, 70],
  [true, 45, 50],
  // It holds 50, not 40.
  [false, 45, 50],
  // That attempt was charged long ago.
  [false, 45, 50],
  ['left behind', 95, 0],
  [false, 95, 0],
  ['adjusted', 55, 0],
];

/** How such a script might be wrong: what stands there, and what is put in its place. */
const bugs: readonly [name: string, find: string, replace: string][] = [
  ['a repetition is taken for another draw', 'attemptId == before and nextId == known', 'false'],
  ['any attempt may draw', 'attemptId == known and knownState == 0', 'true'],
  ['what is left is not looked at', 'held - release == left', 'true'],
  ['nothing is given back', 'max(0, holding - release)', 'holding'],
  ['nothing is charged', 'max(0, used + amount)', 'used'],
  ['the lease keeps its hold', 'nextId, 0, left', 'nextId, 0, held'],
  [
    'the rest costs nothing when it is left behind',
    'charges[1][7] = L.attempts[3], L.holds[2]',
    'charges[1][7] = L.attempts[3], 0',
  ],
  [
    'the first attempt stands for the rest',
    'declared, charges[1][7] = L.attempts[3]',
    'declared, charges[1][7] = L.attempts[1]',
  ],
];

describe('drawing from a lease', () => {
  it('charges a part once, and leaves the rest to be spent when it is left behind, and corrected', async () => {
    expect(await story()).toEqual(exactly);
  });

  for (const [name, find, replace] of bugs) {
    it(`is told from a script in which ${name}`, async () => {
      let applied = 0;
      const patch = (source: string): string => {
        if (source.includes(find)) applied += 1;
        return source.replaceAll(find, replace);
      };
      const seen = await story(patch).catch(() => 'a script that fails');
      expect(applied).toBeGreaterThan(0);
      expect(seen).not.toEqual(exactly);
    });
  }

  it('draws from a token bucket, which refills meanwhile', async () => {
    const world = opened();
    const { draw, standing } = await leaseOf(world, minute);
    world.clock.advance(100);
    expect(await draw('lease', 'second', 30, 30, 70)).toBe(true);
    expect(await standing()).toEqual([20, 70]);
    await world.store.end();
  });

  it('does nothing where a threshold is reached, an id is unknown, or the lease has ended', async () => {
    const world = opened();
    const { store } = world;
    await leaseOf(world, { ...day, limit: 100 }, 'small').then(async ({ draw, standing }) => {
      expect(await draw('small', 'next', 50, 50, 50)).toBe(false);
      expect(await standing()).toEqual([0, 100]);
    });
    const { draw, charge, item } = await leaseOf(world, { ...day, limit: 10_000 });
    await charge('lease', 10, 100);
    expect(await draw('lease', 'second', 10, 10, 90)).toBe(false);
    const unknown = { id: 'unknown', partition, attemptId: 'unknown', nextAttemptId: 'second', left: 1 };
    expect(await store.draw({ ...unknown, item })).toBe(false);
    const [state] = await store.read(partition, [day]);
    expect([state?.used, state?.held]).toEqual([10, 100]);
    await store.end();
  });
});

describe('usage events of what was admitted in memory', () => {
  it('are appended together, once, also where their answer was lost and they are given again', async () => {
    const { store, prefix, client } = opened();
    const events = Array.from({ length: 30 }, (_, at) =>
      usageEvent({ eventId: `event-${at}`, tenant: partition }),
    );
    const calls = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
    await store.append('first', partition, events.slice(0, 1));
    const before = await calls();
    await store.append('second', partition, events.slice(1));
    await store.append('second', partition, events.slice(1));
    expect((await calls()) - before).toBe(2);
    const told = await eventsIn(prefix, 16, (stream) => client.sendCommand(['XRANGE', stream, '-', '+']));
    expect(told.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
    await store.end();
  });
});
