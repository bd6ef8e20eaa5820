import { setTimeout as delay } from 'node:timers/promises';
import { accepts, checkOptions, type SpendSource } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { OutboxStream } from '../outbox/outbox-stream.js';
import { type PlacedSpend, placeOfSpend } from '../rebuild/spend-place.js';
import { partitionKey, partitionOf } from '../script/partition.js';
import { listIn, textIn } from '../script/reply.js';
import { ScriptCaller } from '../script/script-caller.js';
import { scriptsFor } from '../script/scripts.js';
import { Standings } from '../script/standings.js';
import { widePartition } from '../wire/wide-part.js';

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
/** Interval between two readings of the differences, in ms. */
const againMs = 500;

/**
 * Sets the counters of open calendar windows to the ledger's sums, while apps may run. Each counter is read first; then the usage events in
 * the streams at that time must be delivered; then the ledger is queried, and the counter is read again. The excess of a counter over the
 * ledger in both readings is taken off; where the ledger's sum is larger than a counter's used and held amounts afterwards, it is raised.
 * Only differences found in both readings are changed, so that charges and corrections that arrive meanwhile stay. Correct only where no
 * events wait outside of Redis: the caller must ensure that no app's spool holds events. Rejects where Redis or the ledger is away, and
 * where events wait for longer than `withinMs`; counters not reached by then are unchanged. Throws a `TypeError` for a wrong or unknown
 * option.
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
    ...{ connection, deadlineMs: 5_000, batchSize: 1 },
    scripts: scriptsFor({ thresholds: [], record: true }, false),
    ...{ prefix, processClock: Date.now, standings: new Standings(0), record: true },
  });
  const streams = Array.from(
    { length: partitions },
    (_, partition) => new OutboxStream(connection.send, `${partitionKey(prefix, partition)}:outbox`, '', ''),
  );
  const ask = async (partition: number, order: unknown): Promise<unknown> =>
    (await caller.call('stray', partition, [() => JSON.stringify(order)]))[0];
  /** Used and held amounts of counters; -1: their window is over. */
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
    const windows = all.map(({ key }) => windowOf(key));
    const look = async (): Promise<number[]> => {
      const before = await read(partition, all);
      await delivered(partition === wide ? streams : streams.slice(partition, partition + 1), withinMs);
      await spent.caughtUp?.();
      const ledger = await spent.spentIn(windows);
      const after = await read(partition, all);
      return all.map((_, index) => gapOf(before[index], ledger[index], after[index]));
    };
    const first = await look();
    if (first.every((gap) => gap === 0)) continue;
    await delay(againMs);
    const second = await look();
    for (const [index, { key, endsAtMs }] of all.entries()) {
      const by = smaller(first[index] ?? 0, second[index] ?? 0);
      if (by === 0) continue;
      await ask(partition, ['correct', [], key, -by, endsAtMs]);
      repaired.push({ ...(windows[index] as { counter: string; window: string }), by });
    }
  }
  return repaired;
}

/** The change that brings a counter to the ledger's sum; charges and corrections that arrive during the readings are left out. */
function gapOf(
  [usedBefore = -1]: readonly number[] = [],
  ledger = 0,
  [usedAfter = -1, heldAfter = 0]: readonly number[] = [],
): number {
  if (usedBefore < 0 || usedAfter < 0) return 0;
  const surplus = Math.min(usedBefore, usedAfter) - ledger;
  return surplus > 0 ? -surplus : Math.max(0, ledger - usedAfter - heldAfter);
}

/** The common part of both differences: a correction is in the ledger a moment before it is on the counter. */
function smaller(one: number, other: number): number {
  if (Math.sign(one) !== Math.sign(other)) return 0;
  return Math.abs(one) < Math.abs(other) ? one : other;
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
