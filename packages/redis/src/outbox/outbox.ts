import type { UsageSink } from '@tollgate/core';
import { newId, publish, warnOnce } from '@tollgate/core/internal';
import { partitionKey } from '../script/partition.js';
import { IdlePoll } from './idle-poll.js';
import { eventOfEntry } from './outbox-entry.js';
import { OutboxLook, type StreamState } from './outbox-look.js';
import { type OutboxOptions, readOutboxOptions } from './outbox-options.js';
import { OutboxStream, type StreamEntry } from './outbox-stream.js';
import { RefusedEntries } from './refused-entries.js';

/** How far delivery is behind. */
export interface OutboxLag {
  /** Events that at least one of this group's sinks has not accepted yet; of each stream at most 10 000 undelivered ones are counted. */
  readonly waiting: number;
  /** Events that were set aside because a sink kept refusing them. */
  readonly dead: number;
}

/** Delivers usage events from the store's streams to sinks. */
export interface Outbox {
  lag(): Promise<OutboxLag>;
  /** Delivers the waiting events. */
  flush(): Promise<void>;
  /** Delivers the waiting events, and stops. */
  end(): Promise<void>;
}

const trimEveryRounds = 25;
/** Once a second at the default `pollMs`. A rebuild after a change of server waits for the entries that this finds. */
const lookBackEveryRounds = 5;

/**
 * Delivers the usage events that `redisQuota({ outbox: true })` appends, to every sink at least once. Entries taken by a process that has
 * died are delivered by another; a stream is trimmed only below the entries acknowledged by every group. Publishes its faults on
 * `tollgate:fault`, and a backlog on `tollgate:store`. Throws a `TypeError` for a wrong or unknown option.
 */
export function outbox(options: OutboxOptions): Outbox {
  return new StreamOutbox(readOutboxOptions(options));
}

class StreamOutbox implements Outbox {
  readonly #options: ReturnType<typeof readOutboxOptions>;
  readonly #streams: readonly OutboxStream[];
  readonly #look: OutboxLook;
  readonly #poll: IdlePoll;
  readonly #refused = new Map<OutboxStream, RefusedEntries>();
  #takenAtMs = 0;
  #opened = false;
  #rounds = 0;
  #round: Promise<boolean> | undefined;

  constructor(options: ReturnType<typeof readOutboxOptions>) {
    const { connection, prefix, partitions, group, pollMs } = options;
    const consumer = newId();
    this.#options = options;
    const keys = Array.from({ length: partitions }, (_, index) => `${partitionKey(prefix, index)}:outbox`);
    this.#streams = keys.map((key) => new OutboxStream(connection.send, key, group, consumer));
    this.#look = new OutboxLook(connection, keys, group);
    this.#poll = new IdlePoll(pollMs, () => this.#next());
  }

  async lag(): Promise<OutboxLag> {
    await this.#open();
    const lags = await Promise.all(this.#streams.map((stream) => stream.lag()));
    return {
      waiting: lags.reduce((sum, { waiting }) => sum + waiting, 0),
      dead: lags.reduce((sum, { dead }) => sum + dead, 0),
    };
  }

  async flush(): Promise<void> {
    await this.#round;
    await this.#next();
    await Promise.all(this.#options.sinks.map((sink) => sink.flush?.()));
  }

  async end(): Promise<void> {
    this.#poll.end();
    await this.flush();
  }

  /** Makes the groups, once; those that are lost later are made again by a round. */
  async #open(): Promise<void> {
    if (this.#opened) return;
    await Promise.all(this.#streams.map((stream) => stream.open()));
    this.#opened = true;
  }

  /** Whether there was anything to do. */
  #next(): Promise<boolean> {
    this.#round ??= this.#deliverAll().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  /** One round over every stream that has something to deliver; a stream that fails delays no other. */
  async #deliverAll(): Promise<boolean> {
    this.#rounds += 1;
    const states = await this.#look.states();
    const works = this.#streams.map((stream, index) => this.#work(stream, states[index]));
    const ends = await Promise.allSettled(works);
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    const filled = this.#streams.filter((_, index) => isFilled(states[index]));
    if (this.#rounds % trimEveryRounds === 0 && filled.length > 0)
      await this.#tidy(filled).catch((cause: unknown) => failures.push(cause));
    if (failures.length > 0) this.#failed('read', failures[0]);
    return failures.length > 0 || ends.some((end) => end.status === 'fulfilled' && end.value);
  }

  /** Whether there was anything to do. Rejects where the server is away. */
  async #work(stream: OutboxStream, state: StreamState | 'missing' | Error | undefined): Promise<boolean> {
    if (state instanceof Error) throw state;
    if (state === undefined) return false;
    if (state === 'missing') {
      await stream.open();
      await this.#deliver(stream, 0);
      return true;
    }
    if (!state.hasNew && state.pending === 0) return false;
    await this.#deliver(stream, state.pending);
    return true;
  }

  async #deliver(stream: OutboxStream, pending: number): Promise<void> {
    const { batchSize, claimAfterMs, maxDeliveries } = this.#options;
    const refused = this.#refusedOf(stream);
    await this.#try(stream, refused.due());
    if (pending > 0 && this.#rounds % lookBackEveryRounds === 0) {
      const isKnown = (id: string): boolean => refused.has(id);
      await this.#try(stream, await stream.mislaid(isKnown, batchSize + refused.size));
    }
    for (const entry of pending > 0 ? await stream.claim(claimAfterMs, batchSize) : []) {
      const taken = await this.#try(stream, [entry]);
      if (taken.length > 0 || !refused.isAtFault(entry, this.#takenAtMs)) continue;
      if ((await stream.deliveries(entry.id)) < maxDeliveries) continue;
      await stream.bury(entry);
      refused.forget(entry);
    }
    // While the sinks accept nothing, only this many events are fetched: the others wait in Redis.
    while (refused.size < batchSize) {
      const entries = await stream.next(batchSize);
      await this.#try(stream, entries);
      if (entries.length < batchSize) return;
    }
  }

  async #try(stream: OutboxStream, entries: readonly StreamEntry[]): Promise<StreamEntry[]> {
    const sinceMs = performance.now();
    const taken = await this.#taken(entries);
    if (taken.length > 0) this.#takenAtMs = performance.now();
    this.#refusedOf(stream).note(entries, taken, sinceMs);
    await stream.acknowledge(taken.map(({ id }) => id));
    return taken;
  }

  #refusedOf(stream: OutboxStream): RefusedEntries {
    const known = this.#refused.get(stream) ?? new RefusedEntries(() => performance.now());
    this.#refused.set(stream, known);
    return known;
  }

  async #tidy(filled: readonly OutboxStream[]): Promise<void> {
    await Promise.all(filled.map((stream) => stream.trim()));
    const lags = await Promise.all(filled.map((stream) => stream.lag()));
    const waiting = lags.reduce((sum, one) => sum + one.waiting, 0);
    if (waiting > this.#options.maxBacklog) {
      const { dead } = await this.lag();
      publish('tollgate:store', () => ({ store: 'outbox', state: 'backlog', waiting, dead }));
    }
  }

  /** Entries that every sink has accepted and stored safely: those that a sink only has in memory would be lost with the process. */
  async #taken(entries: readonly StreamEntry[]): Promise<StreamEntry[]> {
    const written = await Promise.all(entries.map((entry) => this.#written(entry)));
    const taken = entries.filter((_, index) => written[index]);
    if (taken.length === 0) return taken;
    try {
      await Promise.all(this.#options.sinks.map((sink) => sink.flush?.()));
      return taken;
    } catch (cause) {
      this.#failed('write', cause);
      return [];
    }
  }

  /** Whether every sink has accepted it. */
  async #written({ fields }: StreamEntry): Promise<boolean> {
    try {
      const event = eventOfEntry(fields);
      await Promise.all(this.#options.sinks.map((sink: UsageSink) => sink.write(event)));
      return true;
    } catch (cause) {
      this.#failed('write', cause);
      return false;
    }
  }

  #failed(what: 'read' | 'write', cause: unknown): void {
    const error = cause instanceof Error ? cause.name : undefined;
    publish('tollgate:fault', () => ({ source: 'outbox', what, error }));
    if (what === 'write')
      warnOnce('TOLLGATE_W_SINK_FAILED', 'A usage sink failed to write; it is tried again.');
  }
}

const isFilled = (state: StreamState | 'missing' | Error | undefined): boolean =>
  typeof state === 'object' && 'length' in state && state.length > 0;
