import { setTimeout as delay } from 'node:timers/promises';
import { accepts, checkOptions, type SpendSource } from '@tollgate/core';
import { type ConnectionOptions, connectionOf } from './connection.js';
import { prefixCheck } from './options.js';
import { OutboxStream } from './outbox-stream.js';
import { partitionKey, partitionOf } from './partition.js';
import { type PlacedSpend, placeOfSpend } from './rebuild/spend-place.js';
import { listIn, textIn } from './reply.js';
import { ScriptCaller } from './script-caller.js';
import { ScriptRunner } from './script-runner.js';
import { scriptsFor } from './scripts.js';
import { Standings } from './standings.js';
import { widePartition } from './wide-part.js';

/** Options of {@link repairCounters}. */
export interface RepairCountersOptions extends ConnectionOptions {
  /** The ledger that every usage event reaches, by the streams of `redisQuota({ outbox: true })`. */
  spent: SpendSource;
  /** As the store's. @defaultValue 'tollgate' */
  prefix?: string;
  /** As the store's, 1 to 1 024. @defaultValue 16 */
  partitions?: number;
  /** How long the streams may take to be delivered, in ms, 0 to 600 000. @defaultValue 10 000 */
  withinMs?: number;
}

/** A counter that was set right, in its unit. */
export interface RepairedCounter {
  readonly counter: string;
  readonly window: string;
  /** By how much; below 0: it was ahead of the ledger. */
  readonly by: number;
}

const lookMs = 50;

/**
 * Sets the counters of open calendar windows to what the ledger says, while apps may run. Each counter is read first; then the usage events
 * that are in the streams by that time must be delivered; then the ledger is asked. What a counter had beyond the ledger is taken off; where the ledger has
 * more than a counter has used and held afterwards, it is raised. Charges that come meanwhile stay. Only right where nothing waits outside of Redis: the
 * caller must know that no app's spool holds events. Rejects where Redis or the ledger is away, and where events wait for longer than `withinMs`, with
 * nothing changed; throws a `TypeError` for a wrong or unknown option.
 */
export async function repairCounters(options: RepairCountersOptions): Promise<RepairedCounter[]> {
  const sender = accepts.methods('sendCommand');
  checkOptions<RepairCountersOptions>(
    'repairCounters',
    options,
    {
      ...{ client: sender, pool: sender, sentinel: sender, cluster: sender },
      spent: accepts.methods('openWindows'),
      prefix: prefixCheck,
      partitions: accepts.integerBetween(1, 1024),
      withinMs: accepts.integerBetween(0, 600_000),
    },
    ['spent'],
  );
  const connection = connectionOf(options);
  if (!connection) {
    throw new TypeError(
      'repairCounters: exactly one of "client", "pool", "sentinel" and "cluster" is required',
    );
  }
  const { spent, prefix = 'tollgate', partitions = 16, withinMs = 10_000 } = options;
  const caller = new ScriptCaller({
    runner: new ScriptRunner({ connection, deadlineMs: 5_000 }),
    scripts: scriptsFor({ thresholds: [], record: true }, false),
    ...{ prefix, processClock: Date.now, standings: new Standings(0), record: true },
  });
  const streams = Array.from(
    { length: partitions },
    (_, partition) => new OutboxStream(connection.send, `${partitionKey(prefix, partition)}:outbox`, '', ''),
  );
  const ask = async (partition: number, order: unknown): Promise<unknown> =>
    (await caller.call('stray', partition, [() => JSON.stringify(order)]))[0];
  /** What counters have used, and hold; -1: their window is over. */
  const read = async (partition: number, places: readonly PlacedSpend[]): Promise<(readonly number[])[]> =>
    listIn(await ask(partition, ['used', places.map(({ key, endsAtMs }) => [key, endsAtMs])])).map((one) =>
      listIn(one).map((figure) => Number(textIn(figure))),
    );

  // Learns the server's clock, by which windows are open.
  await read(0, []);
  const places = new Map<number, PlacedSpend[]>();
  for (const spend of await spent.openWindows()) {
    const place = placeOfSpend(spend, partitions, caller.storeMs);
    if (place?.partition === undefined) continue;
    places.set(place.partition, [...(places.get(place.partition) ?? []), place]);
  }
  const wide = partitionOf(widePartition, partitions);
  const repaired: RepairedCounter[] = [];
  for (const [partition, all] of places) {
    const before = await read(partition, all);
    await delivered(partition === wide ? streams : streams.slice(partition, partition + 1), withinMs);
    await spent.caughtUp?.();
    const windows = all.map(({ key }) => windowOf(key));
    const ledger = await spent.spentIn(windows);
    const after = await read(partition, all);
    for (const [index, { key, endsAtMs }] of all.entries()) {
      const [used = -1] = before[index] ?? [];
      const [nowUsed = -1, nowHeld = 0] = after[index] ?? [];
      const known = ledger[index] ?? 0;
      if (used < 0 || nowUsed < 0) continue;
      const by = used > known ? known - used : Math.max(0, known - nowUsed - nowHeld);
      if (by === 0) continue;
      await ask(partition, ['correct', [], key, -by, endsAtMs]);
      repaired.push({ ...(windows[index] as { counter: string; window: string }), by });
    }
  }
  return repaired;
}

function windowOf(key: string): { counter: string; window: string } {
  const bar = key.lastIndexOf('|');
  return { counter: key.slice(2, bar), window: key.slice(bar + 1) };
}

async function delivered(streams: readonly OutboxStream[], withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  for (const stream of streams) {
    const latest = await stream.latest();
    while (!(await stream.isDelivered(latest))) {
      if (performance.now() >= endMs) {
        throw new Error(
          `usage events have waited in Redis for ${withinMs} ms: an app's outbox must deliver them first`,
        );
      }
      await delay(lookMs);
    }
  }
}
