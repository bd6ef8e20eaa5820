import { describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import type { ClusterClient } from '../src/connection/connection.js';
import { outbox, redisQuota, usageFeed } from '../src/index.js';
import { newPrefix, useCluster, useRedis } from './servers.js';
import { settle } from './settle.js';

const redis = useRedis();
const cluster = useCluster();

function collector(refusing?: string) {
  const seen: string[] = [];
  const write = ({ eventId }: UsageEvent): void => {
    seen.push(eventId);
    if (seen.length === 1 && refusing) throw new Error(refusing);
  };
  return { seen, write, ids: () => [...seen].sort() };
}

describe('usageFeed()', () => {
  it('shows each event to each process, once and from the start on, beside an outbox that keeps and trims', async () => {
    for (const connection of [{ client: redis().client }, { cluster: cluster() }]) {
      const prefix = newPrefix();
      const store = redisQuota({ ...connection, prefix, outbox: true, deadlineMs: 5_000 });
      await settle(store, 10);
      const sinks = [collector(), collector('the first is refused')];
      const feeds = sinks.map((sink) => usageFeed({ ...connection, prefix, sink, pollMs: 60_000 }));
      await Promise.all(feeds.map((feed) => feed.flush()));
      const kept = collector();
      const delivery = outbox({ ...connection, prefix, sinks: [kept] });
      const ids = [...(await settle(store, 20)), ...(await settle(store, 20))].sort();
      await delivery.flush();
      expect(kept.seen).toHaveLength(50);
      await Promise.all(feeds.map((feed) => feed.end()));
      for (const sink of sinks) expect(sink.ids()).toEqual(ids);
      await delivery.end();
    }
  });

  it('shows what other masters of a cluster have while one is away from the start on, and those of all when it is back', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const partitions = 2;
    let isAway = true;
    const partly: ClusterClient = {
      sendCommand: (key, _isReadonly, args, options) =>
        isAway && key?.includes('{p0}')
          ? Promise.reject(new Error('the master is away'))
          : client.sendCommand(args, options),
    };
    const shown = collector();
    const feed = usageFeed({ cluster: partly, prefix, partitions, sink: shown, pollMs: 60_000 });
    await feed.flush();
    const store = redisQuota({ client, prefix, partitions, outbox: true, deadlineMs: 5_000 });
    await settle(store, 40);
    const here = (await client.xLen(`${prefix}:{p1}:outbox`)) ?? 0;
    await feed.flush();
    expect(here).toBeGreaterThan(0);
    expect(shown.seen).toHaveLength(here);
    isAway = false;
    await feed.flush();
    const later = await settle(store, 40);
    await feed.end();
    expect(shown.seen).toEqual(expect.arrayContaining(later));
    await store.end();
  });

  it('throws at start for a wrong or misspelt option', () => {
    const sink = collector();
    expect(() => usageFeed({ sink })).toThrow('exactly one of "client"');
    expect(() => usageFeed({ sink, polMs: 5 } as never)).toThrow('did you mean "pollMs"?');
  });
});
