import { describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { RESP_TYPES } from 'redis';
import type { ClusterClient } from '../src/connection/connection.js';
import { outbox, redisQuota } from '../src/index.js';
import { newPrefix, useCluster, useRedis } from './servers.js';
import { settle } from './settle.js';

const redis = useRedis();
const cluster = useCluster();

function collector() {
  const written: UsageEvent[] = [];
  return {
    written,
    ids: () => written.map(({ eventId }) => eventId).sort(),
    write: (event: UsageEvent) => void written.push(event),
  };
}

describe('the outbox', () => {
  it('delivers each settled attempt once to each of its groups, on a server and on a cluster', async () => {
    for (const connection of [{ client: redis().client }, { cluster: cluster() }]) {
      const prefix = newPrefix();
      const ids = await settle(redisQuota({ ...connection, prefix, outbox: true, deadlineMs: 5_000 }), 50);
      const sinks = [collector(), collector()];
      for (const [index, sink] of sinks.entries()) {
        const delivery = outbox({ ...connection, prefix, sinks: [sink], group: `group-${index}` });
        await delivery.flush();
        expect(sink.ids()).toEqual([...ids].sort());
        expect(await delivery.lag()).toEqual({ waiting: 0, dead: 0 });
        await delivery.end();
      }
    }
  });

  it('delivers again at once what a server that took over does not know to be acknowledged', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const ids = await settle(redisQuota({ client, prefix, outbox: true, deadlineMs: 5_000 }), 40);
    const copies = new Map<string, string>();
    const { written, ids: taken, write } = collector();
    const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    // While the sink writes, nothing is acknowledged: what a replica may have when its master is lost.
    const copying = async (event: UsageEvent): Promise<void> => {
      for (const key of await client.keys(`${prefix}*:outbox`)) {
        if (!copies.has(key)) copies.set(key, (await raw.dump(key)) as unknown as string);
      }
      write(event);
    };
    const delivery = outbox({
      client,
      prefix,
      sinks: [{ write: copying }],
      pollMs: 10,
      claimAfterMs: 3_600_000,
    });
    await delivery.flush();
    expect(taken()).toEqual([...ids].sort());
    expect((await delivery.lag()).waiting).toBe(0);
    for (const [key, copy] of copies) await client.restore(key, 0, copy, { REPLACE: true });
    expect((await delivery.lag()).waiting).toBeGreaterThan(0);
    for (let round = 0; round < 6; round += 1) await delivery.flush();
    expect((await delivery.lag()).waiting).toBe(0);
    expect(new Set(taken())).toEqual(new Set(ids));
    expect(written.length).toBeLessThanOrEqual(2 * ids.length);
    await delivery.end();
  });

  it('divides the events among the processes of a group', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const ids = await settle(redisQuota({ client, prefix, outbox: true, deadlineMs: 5_000 }), 60);
    const sinks = [collector(), collector()];
    const deliveries = sinks.map((sink) => outbox({ client, prefix, sinks: [sink] }));
    await Promise.all(deliveries.map((delivery) => delivery.end()));
    expect([...(sinks[0]?.ids() ?? []), ...(sinks[1]?.ids() ?? [])].sort()).toEqual([...ids].sort());
  });

  it('delivers again what a sink has refused, and sets aside what it keeps refusing', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const ids = await settle(redisQuota({ client, prefix, outbox: true, deadlineMs: 5_000 }), 2);
    const taken = collector();
    let refusals = 0;
    const write = (event: UsageEvent): void => {
      if (event.eventId === ids[0] || refusals === 0) {
        refusals += 1;
        throw new Error('the disk is full');
      }
      taken.write(event);
    };
    const delivery = outbox({
      client,
      prefix,
      sinks: [{ write }],
      claimAfterMs: 100,
      maxDeliveries: 3,
      pollMs: 20,
    });
    const start = Date.now();
    while ((await delivery.lag()).dead === 0 && Date.now() - start < 5_000) await delivery.flush();
    await delivery.flush();
    expect(taken.ids()).toEqual([ids[1]]);
    expect(await delivery.lag()).toEqual({ waiting: 0, dead: 1 });
    await delivery.end();
  });

  it('sets aside what is refused beside what is taken, though nothing comes after', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, partitions: 1, outbox: true, deadlineMs: 5_000 });
    const ids = await settle(store, 2);
    const taken = collector();
    const write = (event: UsageEvent): void => {
      if (event.eventId === ids[0]) throw new Error('a field is too long');
      taken.write(event);
    };
    const settings = { claimAfterMs: 100, maxDeliveries: 2, pollMs: 20, partitions: 1 };
    const delivery = outbox({ client, prefix, sinks: [{ write }], ...settings });
    const start = Date.now();
    while ((await delivery.lag()).dead === 0 && Date.now() - start < 10_000) await delivery.flush();
    expect(taken.ids()).toEqual([ids[1]]);
    expect(await delivery.lag()).toEqual({ waiting: 0, dead: 1 });
    await delivery.end();
  }, 90_000);

  it('sets nothing aside while a sink takes nothing at all, fetches only so much, and hands on as soon as it does', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, partitions: 1, outbox: true, deadlineMs: 5_000 });
    const ids = await settle(store, 60);
    const taken = collector();
    let isAway = true;
    const tried = new Set<string>();
    const write = (event: UsageEvent): void => {
      tried.add(event.eventId);
      if (isAway) throw new Error('the database is away');
      taken.write(event);
    };
    const settings = { claimAfterMs: 100, maxDeliveries: 2, pollMs: 20, batchSize: 25, partitions: 1 };
    const delivery = outbox({ client, prefix, sinks: [{ write }], ...settings });
    await delivery.flush();
    const deliveries = async () => {
      const [entry] = await client.xPendingRange(`${prefix}:{p0}:outbox`, 'sinks', '-', '+', 1);
      return entry?.deliveriesCounter ?? 0;
    };
    const start = Date.now();
    while ((await deliveries()) < 5 && Date.now() - start < 10_000) await delivery.flush();
    expect(await delivery.lag()).toEqual({ waiting: 60, dead: 0 });
    expect(tried.size).toBe(25);
    isAway = false;
    const backMs = Date.now();
    while (taken.ids().length < 60 && Date.now() - backMs < 10_000) await delivery.flush();
    expect([...new Set(taken.ids())].sort()).toEqual([...ids].sort());
    expect(await delivery.lag()).toEqual({ waiting: 0, dead: 0 });
    await delivery.end();
  }, 90_000);

  it('counts an event as delivered only once its sink has made it safe', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const ids = await settle(redisQuota({ client, prefix, outbox: true, deadlineMs: 5_000 }), 3);
    const inMemory: UsageEvent[] = [];
    const safe = new Set<string>();
    let diskIsFull = true;
    const sink = {
      write: (event: UsageEvent) => void inMemory.push(event),
      async flush() {
        if (diskIsFull) throw new Error('the disk is full');
        for (const { eventId } of inMemory) safe.add(eventId);
      },
    };
    const delivery = outbox({ client, prefix, sinks: [sink], claimAfterMs: 100, pollMs: 20 });
    while (inMemory.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await delivery.lag()).waiting).toBe(3);
    diskIsFull = false;
    const start = Date.now();
    while ((await delivery.lag()).waiting > 0 && Date.now() - start < 5_000) await delivery.flush();
    expect([...safe].sort()).toEqual([...ids].sort());
    expect((await delivery.lag()).waiting).toBe(0);
    await delivery.end();
  });

  it('takes over what a process had taken that has died', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const ids = await settle(
      redisQuota({ client, prefix, partitions: 1, outbox: true, deadlineMs: 5_000 }),
      5,
    );
    const stream = `${prefix}:{p0}:outbox`;
    await client.xGroupCreate(stream, 'sinks', '0');
    await client.xReadGroup('sinks', 'dead', { key: stream, id: '>' }, { COUNT: 3 });
    const sink = collector();
    const delivery = outbox({ client, prefix, partitions: 1, sinks: [sink], claimAfterMs: 100, pollMs: 20 });
    const start = Date.now();
    while ((await delivery.lag()).waiting > 0 && Date.now() - start < 5_000) await delivery.flush();
    expect(sink.ids()).toEqual([...ids].sort());
    await delivery.end();
  });

  it('keeps a stream as long as its slowest group needs it, and no longer', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const store = redisQuota({ client, prefix, partitions: 1, outbox: true, deadlineMs: 5_000 });
    await settle(store, 10);
    const stream = `${prefix}:{p0}:outbox`;
    await client.xGroupCreate(stream, 'slow', '0');
    const entries = await client.xReadGroup('slow', 'one', { key: stream, id: '>' }, { COUNT: 4 });
    expect(entries).not.toBeNull();
    const sink = collector();
    const delivery = outbox({ client, prefix, partitions: 1, sinks: [sink], pollMs: 60_000 });
    const rounds = async () => {
      for (let round = 0; round < 25; round += 1) await delivery.flush();
    };
    await rounds();
    expect(await client.xLen(stream)).toBe(10);
    const read = await client.xRange(stream, '-', '+', { COUNT: 4 });
    await client.xAck(
      stream,
      'slow',
      (read ?? []).map(({ id }) => id),
    );
    await rounds();
    expect(await client.xLen(stream)).toBe(6);
    await delivery.end();
  });

  it('delivers what other masters of a cluster have while one is away, and the rest when it is back', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const partitions = 2;
    const ids = await settle(redisQuota({ client, prefix, partitions, outbox: true, deadlineMs: 5_000 }), 40);
    const here = (await client.xLen(`${prefix}:{p1}:outbox`)) ?? 0;
    let isAway = true;
    const partly: ClusterClient = {
      sendCommand: (key, _isReadonly, args, options) =>
        isAway && key?.includes('{p0}')
          ? Promise.reject(new Error('the master is away'))
          : client.sendCommand(args, options),
    };
    const sink = collector();
    const delivery = outbox({ cluster: partly, prefix, partitions, sinks: [sink], pollMs: 60_000 });
    await delivery.flush();
    expect(here).toBeGreaterThan(0);
    expect(sink.written).toHaveLength(here);
    isAway = false;
    await delivery.flush();
    expect(sink.ids()).toEqual([...ids].sort());
    await delivery.end();
  });
});
