import type { UsageSink } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';

export interface OutboxOptions extends ConnectionOptions {
  /** Where usage events go, each to every sink. A sink may be given an event twice after a fault: same `eventId`. */
  sinks: readonly UsageSink[];
  /** Whose reading position it is: processes of one group share the events, each group gets all of them. @defaultValue 'sinks' */
  group?: string;
  /** As the store's. @defaultValue 'tollgate' */
  prefix?: string;
  /** As the store's, 1 to 1 024. @defaultValue 16 */
  partitions?: number;
  /** Interval between reads of the streams, in ms, 10 to 60 000; grows to five times as long while nothing comes. @defaultValue 200 */
  pollMs?: number;
  /** Events fetched from a stream at once, 1 to 10 000. @defaultValue 200 */
  batchSize?: number;
  /** Silence of a process after which its events are taken over, in ms, 100 to 3 600 000. @defaultValue 30_000 */
  claimAfterMs?: number;
  /** After how many deliveries an event is set aside that a sink keeps refusing while it takes others, 1 to 1 000. @defaultValue 10 */
  maxDeliveries?: number;
  /** More events waiting than this is published on `tollgate:store`, 1 to 100 000 000. @defaultValue 100_000 */
  maxBacklog?: number;
}

/** Throws a `TypeError` for a wrong or unknown option. */
export function readOutboxOptions(options: OutboxOptions) {
  const sender = accepts.methods('sendCommand');
  checkOptions(
    'outbox',
    options,
    {
      client: sender,
      pool: sender,
      sentinel: sender,
      cluster: sender,
      sinks: accepts.someOf(accepts.methods('write')),
      group: accepts.string,
      prefix: prefixCheck,
      partitions: accepts.integerBetween(1, 1024),
      pollMs: accepts.integerBetween(10, 60_000),
      batchSize: accepts.integerBetween(1, 10_000),
      claimAfterMs: accepts.integerBetween(100, 3_600_000),
      maxDeliveries: accepts.integerBetween(1, 1_000),
      maxBacklog: accepts.integerBetween(1, 100_000_000),
    },
    ['sinks'],
  );
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError('outbox: exactly one of "client", "pool", "sentinel" and "cluster" is required');
  const { sinks, group = 'sinks', prefix = 'tollgate', partitions = 16, pollMs = 200 } = options;
  const { batchSize = 200, claimAfterMs = 30_000, maxDeliveries = 10, maxBacklog = 100_000 } = options;
  return {
    connection,
    sinks,
    group,
    prefix,
    partitions,
    pollMs,
    batchSize,
    claimAfterMs,
    maxDeliveries,
    maxBacklog,
  };
}
