import { describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
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

  it('throws at start for a wrong or misspelt option', () => {
    const sink = collector();
    expect(() => usageFeed({ sink })).toThrow('exactly one of "client"');
    expect(() => usageFeed({ sink, polMs: 5 } as never)).toThrow('did you mean "pollMs"?');
  });
});
