import type { UsageSink } from '@tollgate/core';
import { accepts, checkOptions, publish } from '@tollgate/core/internal';
import { type Connection, type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { partitionKey } from '../script/partition.js';
import { together } from '../script/together.js';
import { IdlePoll } from './idle-poll.js';
import { eventOfEntry } from './outbox-entry.js';
import { entriesAfter, OutboxStream } from './outbox-stream.js';

/** Options of {@link usageFeed}. */
export interface UsageFeedOptions extends ConnectionOptions {
  /** Receives every usage event of all processes. Its errors are caught. */
  sink: Pick<UsageSink, 'write'>;
  /** As the store's. @defaultValue 'tollgate' */
  prefix?: string;
  /** As the store's, 1 to 1 024. @defaultValue 16 */
  partitions?: number;
  /** Interval between reads of the streams, in ms, 10 to 60 000; grows to five times as long while nothing comes. @defaultValue 200 */
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
/** How many streams one command reads at most. */
const mostAtOnce = 64;

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
  const keys = Array.from({ length: partitions }, (_, index) => `${partitionKey(prefix, index)}:outbox`);
  const reader = new FeedReader(connection, keys, sink);
  let round: Promise<boolean> | undefined;
  const next = (): Promise<boolean> => {
    round ??= reader.read().finally(() => {
      round = undefined;
    });
    return round;
  };
  const flush = async (): Promise<void> => {
    await round;
    await next();
  };
  const poll = new IdlePoll(pollMs, next);
  void next();
  return {
    flush,
    end: async () => {
      poll.end();
      await flush();
    },
  };
}

class FeedReader {
  /** The latest entry of each stream that was shown; of those where it is known where they stood at the start. */
  readonly #last = new Map<string, string>();

  constructor(
    private readonly connection: Connection,
    private readonly keys: readonly string[],
    private readonly sink: Pick<UsageSink, 'write'>,
  ) {}

  /** Whether there were entries. Never rejects: those that could not be read are read in the next round. */
  async read(): Promise<boolean> {
    const { connection } = this;
    let hasShown = false;
    try {
      await this.#begin();
      for (let isMore = true; isMore; ) {
        const found = await together(connection, [...this.#last], mostAtOnce, (part) =>
          entriesAfter(connection.send, part, batchSize),
        );
        isMore = false;
        for (const one of found) {
          if ('error' in one) failed('read', one.error);
          else
            for (const [key, entries] of one.reply) {
              hasShown = true;
              isMore ||= entries.length === batchSize;
              for (const { id, fields } of entries) {
                await this.#show(fields);
                this.#last.set(key, id);
              }
            }
        }
      }
    } catch (cause) {
      failed('read', cause);
    }
    return hasShown;
  }

  async #begin(): Promise<void> {
    const unknown = this.keys.filter((key) => !this.#last.has(key));
    const { send } = this.connection;
    await Promise.all(
      unknown.map(async (key) => {
        try {
          this.#last.set(key, await new OutboxStream(send, key, '', '').latest());
        } catch (cause) {
          failed('read', cause);
        }
      }),
    );
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
