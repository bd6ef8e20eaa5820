import type { UsageSink } from '@tollgate/core';
import { accepts, checkOptions, publish } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from './connection.js';
import { prefixCheck } from './options.js';
import { eventOfEntry } from './outbox-entry.js';
import { OutboxStream } from './outbox-stream.js';
import { partitionKey } from './partition.js';

/** Options of {@link usageFeed}. */
export interface UsageFeedOptions extends ConnectionOptions {
  /** Receives every usage event of all processes. Its errors are caught. */
  sink: Pick<UsageSink, 'write'>;
  /** As the store's. @defaultValue 'tollgate' */
  prefix?: string;
  /** As the store's, 1 to 1 024. @defaultValue 16 */
  partitions?: number;
  /** Interval between reads of the streams, in ms, 10 to 60 000. @defaultValue 200 */
  pollMs?: number;
}

/** Shows usage events as they are appended. */
export interface UsageFeed {
  /** Shows the events appended so far. */
  flush(): Promise<void>;
  /** Shows the events appended so far, and stops. */
  end(): Promise<void>;
}

const batchSize = 500;

/**
 * Shows every process all usage events that `redisQuota({ outbox: true })` appends from now on, from any process: for watching, whereas
 * `outbox()` is for storing. It acknowledges nothing and blocks nothing; a process that falls seconds behind misses events that an
 * `outbox()` has delivered and trimmed meanwhile. Publishes its faults on `tollgate:fault`. Throws a `TypeError` for a wrong or unknown
 * option.
 */
export function usageFeed(options: UsageFeedOptions): UsageFeed {
  const sender = accepts.methods('sendCommand');
  checkOptions<UsageFeedOptions>(
    'usageFeed',
    options,
    {
      client: sender,
      pool: sender,
      sentinel: sender,
      cluster: sender,
      sink: accepts.methods('write'),
      prefix: prefixCheck,
      partitions: accepts.integerBetween(1, 1024),
      pollMs: accepts.integerBetween(10, 60_000),
    },
    ['sink'],
  );
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError('usageFeed: exactly one of "client", "pool", "sentinel" and "cluster" is required');
  const { prefix = 'tollgate', partitions = 16, pollMs = 200, sink } = options;
  const readers = Array.from({ length: partitions }, (_, partition) => {
    const key = `${partitionKey(prefix, partition)}:outbox`;
    return new FeedReader(new OutboxStream(connection.send, key, '', ''), sink);
  });
  let round: Promise<void> | undefined;
  const next = (): Promise<void> => {
    round ??= Promise.all(readers.map((reader) => reader.read()))
      .then(() => undefined)
      .finally(() => {
        round = undefined;
      });
    return round;
  };
  const flush = async (): Promise<void> => {
    await round;
    await next();
  };
  const timer = setInterval(() => void next(), pollMs);
  timer.unref();
  void next();
  return {
    flush,
    end: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}

class FeedReader {
  /** The latest entry that was shown; `undefined` until it is known where the stream stood at the start. */
  #last: string | undefined;

  constructor(
    private readonly stream: OutboxStream,
    private readonly sink: Pick<UsageSink, 'write'>,
  ) {}

  /** Never rejects: entries that could not be read are read in the next round. */
  async read(): Promise<void> {
    try {
      this.#last ??= await this.stream.latest();
      for (;;) {
        const entries = await this.stream.after(this.#last, batchSize);
        for (const { id, fields } of entries) {
          await this.#show(fields);
          this.#last = id;
        }
        if (entries.length < batchSize) return;
      }
    } catch (cause) {
      failed('read', cause);
    }
  }

  async #show(fields: Readonly<Record<string, string>>): Promise<void> {
    try {
      await this.sink.write(eventOfEntry(fields));
    } catch (cause) {
      failed('write', cause);
    }
  }
}

function failed(what: 'read' | 'write', cause: unknown): void {
  const error = cause instanceof Error ? cause.name : undefined;
  publish('tollgate:fault', () => ({ source: 'usage-feed', what, error }));
}
