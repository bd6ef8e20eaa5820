import { describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import { admitted, itemFor, QuotaTenant, quotaCounter, usageEvent } from '@tollgate/testkit/contracts';
import { redisQuota } from '../src/index.js';
import { partitionOf } from '../src/script/partition.js';
import { newPrefix, useRedis } from './servers.js';

const redis = useRedis();

/** A store that is used once already, so that what it does only at its start is behind it. */
async function warmStore(batchSize?: number) {
  const { client } = redis();
  const store = redisQuota({
    deadlineMs: 10_000,
    client,
    prefix: newPrefix(),
    outbox: true,
    sweepEveryMs: 3_600_000,
    ...(batchSize === undefined ? {} : { batchSize }),
  });
  const tenant = new QuotaTenant(store);
  const spend = quotaCounter(tenant.key('warm'), 10);
  const id = newId();
  const { grants } = admitted(await tenant.reserve([{ ...spend, want: 1 }], { id }));
  await tenant.charge(id, [itemFor(spend, grants[0], 1)], { close: true });
  return store;
}

/** Monitoring comes on a connection of its own, a little later. */
async function seen(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What clients sent while `work` ran: by command, without what scripts call. */
async function sent(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const { client } = redis();
  const watcher = client.duplicate();
  await watcher.connect();
  const lines: string[] = [];
  await watcher.monitor((line) => lines.push(line.toString()));
  await work();
  const marker = newId();
  await client.sendCommand(['PING', marker]);
  await seen(() => lines.some((line) => line.includes(marker)));
  watcher.destroy();
  const calls: Record<string, number> = {};
  for (const line of lines) {
    const [, source = '', command = ''] = /\[\d+ ([^\]]*)\] "([^"]*)"/.exec(line) ?? [];
    if (source.endsWith('lua') || command.toUpperCase() === 'PING') continue;
    calls[command.toUpperCase()] = (calls[command.toUpperCase()] ?? 0) + 1;
  }
  return calls;
}

describe('what Redis sees', () => {
  it('of an admission over four limits: one script call; of its settlement: one', async () => {
    const tenant = new QuotaTenant(await warmStore());
    const counters = [1, 2, 3, 4].map((limit) => quotaCounter(tenant.key(`limit-${limit}`), 1000 * limit));
    const id = newId();
    const attemptId = newId();
    let grants: Parameters<typeof itemFor>[1][] = [];
    const admission = await sent(async () => {
      const charges = counters.map((counter) => ({ ...counter, want: 10 }));
      const alternatives = [{ charges, event: usageEvent({ eventId: attemptId }) }];
      grants = [...admitted(await tenant.reserve([], { id, attemptId, alternatives })).grants];
    });
    expect(admission).toEqual({ EVALSHA: 1 });
    const items = counters.map((counter, index) => itemFor(counter, grants[index], 7));
    const settlement = await sent(() => tenant.charge(id, items, { attemptId, close: true }));
    expect(settlement).toEqual({ EVALSHA: 1 });
  });

  it('of 100 requests of one tenant that come together: four script calls', async () => {
    const tenant = new QuotaTenant(await warmStore());
    const spend = quotaCounter(tenant.key('day'), 70);
    let taken = 0;
    const calls = await sent(async () => {
      const asked = Array.from({ length: 100 }, () => tenant.reserve([{ ...spend, want: 1 }]));
      taken = (await Promise.all(asked)).filter(({ ok }) => ok).length;
    });
    expect(calls).toEqual({ EVALSHA: 4 });
    expect(taken).toBe(70);
  });

  it('of a request larger than what is left, among others that fit: only that one is refused', async () => {
    const tenant = new QuotaTenant(await warmStore());
    const [day, hour] = [quotaCounter(tenant.key('day'), 100), quotaCounter(tenant.key('hour'), 10)];
    const wants = [4, 7, 4, 2, 1];
    const results = await Promise.all(
      wants.map((want) =>
        tenant.reserve([
          { ...day, want },
          { ...hour, want },
        ]),
      ),
    );
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true, true, false]);
    expect(await tenant.standing(day)).toEqual({ used: 0, held: 10 });
    expect(await tenant.standing(hour)).toEqual({ used: 0, held: 10 });
  });

  it('of a hundred requests of a tenant that has used up its money: one script call, until the cap is raised', async () => {
    const tenant = new QuotaTenant(await warmStore());
    const [spend, month] = [quotaCounter(tenant.key('day'), 10), quotaCounter(tenant.key('month'), 1_000)];
    const id = newId();
    const { grants } = admitted(await tenant.reserve([{ ...spend, want: 8 }], { id }));
    await tenant.charge(id, [itemFor(spend, grants[0], 8)], { close: true });
    const ask = (limit = 10) =>
      tenant.reserve([
        { ...month, want: 5 },
        { ...spend, limit, want: 5 },
      ]);
    const refusals = await sent(async () => {
      for (let turn = 0; turn < 100; turn += 1) {
        expect(await ask()).toMatchObject({ ok: false, refusal: { blockedBy: 'used', charge: 1 } });
      }
    });
    expect(refusals).toEqual({ EVALSHA: 1 });
    expect(await tenant.standing(month)).toEqual({ used: 0, held: 0 });
    expect((await ask(20)).ok).toBe(true);
  });

  it("of a hundred requests that only others' reservations keep out: each", async () => {
    const tenant = new QuotaTenant(await warmStore(1));
    const spend = quotaCounter(tenant.key('day'), 10);
    admitted(await tenant.reserve([{ ...spend, want: 8 }]));
    const refusals = await sent(() =>
      Promise.all(Array.from({ length: 100 }, () => tenant.reserve([{ ...spend, want: 5 }]))),
    );
    expect(refusals).toEqual({ EVALSHA: 100 });
  });

  it('of 500 admissions under a limit of all tenants together: one call each, and few more for all of them', async () => {
    const store = await warmStore(1);
    const everybody = quotaCounter(`usd/day/global-${newId()}`, 1_000_000, { wide: true });
    const tenants = Array.from({ length: 5 }, () => new QuotaTenant(store));
    const ids = Array.from({ length: 500 }, () => newId());
    const calls = await sent(async () => {
      for (const [at, id] of ids.entries()) {
        const tenant = tenants[at % tenants.length] as QuotaTenant;
        const own = quotaCounter(tenant.key('day'), 100_000);
        const charges = [own, everybody].map((counter) => ({ ...counter, want: 10 }));
        admitted(await tenant.reserve(charges, { id }));
      }
    });
    expect(calls.EVALSHA).toBeGreaterThanOrEqual(500);
    expect(calls.EVALSHA).toBeLessThan(550);
    for (const [at, id] of ids.entries()) await tenants[at % tenants.length]?.close(id);
    await store.end();
  });

  it('of a server that has forgotten its scripts: the text, once', async () => {
    const tenant = new QuotaTenant(await warmStore());
    const spend = quotaCounter(tenant.key('day'), 70);
    await redis().client.scriptFlush();
    expect(await sent(() => tenant.reserve([{ ...spend, want: 1 }]))).toEqual({ EVALSHA: 1, EVAL: 1 });
    expect(await sent(() => tenant.reserve([{ ...spend, want: 1 }]))).toEqual({ EVALSHA: 1 });
    expect(await tenant.standing(spend)).toEqual({ used: 0, held: 2 });
  });

  it('keys that expire, and at most 250 bytes for a counter', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, sweepEveryMs: 3_600_000, deadlineMs: 10_000 });
    const spend = quotaCounter('usd/day/tenant=acme/key=0190a5b27d3e7c4a', 1000);
    const id = newId();
    const base = { id, partition: 'acme', leaseMs: 60_000 };
    const { grants } = admitted(
      await store.reserve({ ...base, alternatives: [{ charges: [{ ...spend, want: 10 }] }] }),
    );
    const event = usageEvent();
    const items = [itemFor(spend, grants[0], 5)];
    await store.charge({ ...base, attemptId: newId(), items, event, close: true });
    const tag = `${prefix}:{p${partitionOf('acme', 16)}}`;
    const counter = `${tag}:s:tenant=acme/key=0190a5b27d3e7c4a`;
    expect(await client.memoryUsage(counter)).toBeLessThanOrEqual(250);
    const keys = await client.keys(`${prefix}:{*`);
    const kept = await Promise.all(keys.map(async (key) => ({ key, ttl: await client.pTTL(key) })));
    expect(kept.filter(({ ttl }) => ttl < 0).map(({ key }) => key)).toEqual([tag]);
  });
});
