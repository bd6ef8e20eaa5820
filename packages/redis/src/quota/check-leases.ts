import { setMaxListeners } from 'node:events';
import { accepts, checkOptions } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { partitionKey } from '../script/partition.js';

export interface CheckLeasesOptions extends ConnectionOptions {
  /** As the store's. @defaultValue 'tollgate' */
  prefix?: string;
  /** As the store's, 1 to 1 024. @defaultValue 16 */
  partitions?: number;
}

/** An expired lease that was not reaped. */
export interface OverdueLease {
  readonly id: string;
  readonly partition: number;
  /** For how long it has been over, ms by the server's clock. */
  readonly overdueMs: number;
}

export interface LeaseCheck {
  /** Leases of each partition, those that have run out too. */
  readonly countByPartition: readonly number[];
  /** Those that expired more than 5 s ago, the oldest 100 of each partition: no store sweeps that partition. */
  readonly overdue: readonly OverdueLease[];
}

/** Stores sweep every partition each second. */
const patienceMs = 5_000;

const script = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local overdue = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[1]), 'WITHSCORES', 'LIMIT', 0, 100)
return { redis.call('ZCARD', KEYS[1]), string.format('%.0f', now), overdue }`;

/** Checks the leases of all partitions, and changes nothing. Rejects where Redis is away; throws a `TypeError` for a wrong or unknown option. */
export async function checkLeases(options: CheckLeasesOptions): Promise<LeaseCheck> {
  const sender = accepts.methods('sendCommand');
  checkOptions<CheckLeasesOptions>('checkLeases', options, {
    ...{ client: sender, pool: sender, sentinel: sender, cluster: sender },
    prefix: prefixCheck,
    partitions: accepts.integerBetween(1, 1024),
  });
  const connection = connectionOf(options);
  if (!connection) {
    throw new TypeError('checkLeases: exactly one of "client", "pool", "sentinel" and "cluster" is required');
  }
  const { prefix = 'tollgate', partitions = 16 } = options;
  const signal = AbortSignal.timeout(5_000);
  // All partitions listen to it.
  setMaxListeners(0, signal);
  const found = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const key = `${partitionKey(prefix, partition)}:leases`;
      const reply = await connection.send(key, ['EVAL', script, '1', key, String(patienceMs)], signal);
      const [count, now, overdue] = Array.isArray(reply) ? reply : [];
      return { count: Number(count), overdue: pairsIn(overdue, Number(now), partition) };
    }),
  );
  return {
    countByPartition: found.map(({ count }) => count),
    overdue: found.flatMap(({ overdue }) => overdue),
  };
}

/** Ids and when they ran out, one after the other. */
function pairsIn(reply: unknown, now: number, partition: number): OverdueLease[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((id, index) =>
    index % 2 === 0 ? [{ id: String(id), partition, overdueMs: now - Number(reply[index + 1]) }] : [],
  );
}
