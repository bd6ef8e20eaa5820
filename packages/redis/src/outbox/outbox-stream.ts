import { withinDeadline } from '@tollgate/core/internal';
import type { SendCommand } from '../connection/connection.js';
import { StoreUnavailableError } from '../connection/store-unavailable-error.js';

/** One entry of a stream. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** How far a group is behind on one stream. */
export interface GroupState {
  readonly name: string;
  /** Delivered and not acknowledged. */
  readonly pending: number;
  readonly lastDelivered: string;
}

const deadlineMs = 2_000;

/** The commands of a consumer group on one partition's stream. */
export class OutboxStream {
  readonly #send: SendCommand;
  readonly #key: string;
  readonly #group: string;
  readonly #consumer: string;

  constructor(send: SendCommand, key: string, group: string, consumer: string) {
    this.#send = send;
    this.#key = key;
    this.#group = group;
    this.#consumer = consumer;
  }

  /** Makes the group, from the stream's beginning; one that is there stays as it is. */
  async open(): Promise<void> {
    try {
      await this.#command('XGROUP', 'CREATE', this.#key, this.#group, '0', 'MKSTREAM');
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
    }
  }

  async next(count: number): Promise<StreamEntry[]> {
    const who = ['GROUP', this.#group, this.#consumer];
    const reply = await this.#command(
      'XREADGROUP',
      ...who,
      'COUNT',
      String(count),
      'STREAMS',
      this.#key,
      '>',
    );
    return pairsOf(reply).flatMap(([, entries]) => entriesIn(entries));
  }

  /** The id of the latest entry. */
  async latest(): Promise<string> {
    const [entry] = entriesIn(await this.#command('XREVRANGE', this.#key, '+', '-', 'COUNT', '1'));
    return entry?.id ?? '0-0';
  }

  /** Takes over the entries of a consumer that it has not acknowledged for this long. */
  async claim(idleMs: number, count: number): Promise<StreamEntry[]> {
    const who = [this.#key, this.#group, this.#consumer, String(idleMs), '0-0'];
    const reply = await this.#command('XAUTOCLAIM', ...who, 'COUNT', String(count));
    return Array.isArray(reply) ? entriesIn(reply[1]) : [];
  }

  /**
   * The entries that this consumer owns and does not know: their acknowledgement was lost, with the server that received it or on the way.
   * Leaves all other entries unchanged.
   */
  async mislaid(isKnown: (id: string) => boolean, count: number): Promise<StreamEntry[]> {
    const own = [this.#key, this.#group, '-', '+', String(count), this.#consumer];
    const pending = await this.#command('XPENDING', ...own);
    const ids = (Array.isArray(pending) ? pending : [])
      .map((entry) => (Array.isArray(entry) ? String(entry[0]) : ''))
      .filter((id) => id !== '' && !isKnown(id));
    if (ids.length === 0) return [];
    return entriesIn(await this.#command('XCLAIM', this.#key, this.#group, this.#consumer, '0', ...ids));
  }

  /** How often an entry has been delivered. */
  async deliveries(id: string): Promise<number> {
    const reply = await this.#command('XPENDING', this.#key, this.#group, id, id, '1');
    const [entry] = Array.isArray(reply) ? reply : [];
    return Array.isArray(entry) ? Number(entry[3]) : 0;
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#command('XACK', this.#key, this.#group, ...ids);
  }

  /** Sets an entry aside, where it no longer counts as undelivered. */
  async bury({ id, fields }: StreamEntry): Promise<void> {
    await this.#command('XADD', deadKey(this.#key), '*', ...Object.entries(fields).flat(), 'from', id);
    await this.acknowledge([id]);
  }

  async groups(): Promise<GroupState[]> {
    const reply = await this.#command('XINFO', 'GROUPS', this.#key);
    return (Array.isArray(reply) ? reply : []).map((entry) => {
      const told = fieldsIn(entry);
      return {
        name: told.name ?? '',
        pending: Number(told.pending),
        lastDelivered: told['last-delivered-id'] ?? '0-0',
      };
    });
  }

  /** Entries of which this group has not acknowledged every one, and dead letters. */
  async lag(): Promise<{ waiting: number; dead: number }> {
    const group = (await this.groups()).find(({ name }) => name === this.#group);
    const [undelivered, dead] = await Promise.all([
      this.#command('XRANGE', this.#key, `(${group?.lastDelivered ?? '0-0'}`, '+', 'COUNT', '10000'),
      this.#command('XLEN', deadKey(this.#key)),
    ]);
    const waiting = (Array.isArray(undelivered) ? undelivered.length : 0) + (group?.pending ?? 0);
    return { waiting, dead: Number(dead) };
  }

  /** Whether every group has acknowledged everything up to an entry. */
  async isDelivered(id: string): Promise<boolean> {
    if (id === '0-0') return true;
    const groups = await this.groups();
    for (const { name, pending, lastDelivered } of groups) {
      if (isBefore(lastDelivered, id)) return false;
      const oldest = pending > 0 ? await this.#oldestPending(name) : undefined;
      if (oldest !== undefined && !isBefore(id, oldest)) return false;
    }
    return groups.length > 0;
  }

  /** Removes entries that every group has acknowledged. */
  async trim(): Promise<void> {
    let keepFrom: string | undefined;
    for (const { name, pending, lastDelivered } of await this.groups()) {
      const needed = pending > 0 ? await this.#oldestPending(name) : following(lastDelivered);
      if (needed === undefined) return;
      if (keepFrom === undefined || isBefore(needed, keepFrom)) keepFrom = needed;
    }
    if (keepFrom !== undefined) await this.#command('XTRIM', this.#key, 'MINID', keepFrom);
  }

  async #oldestPending(group: string): Promise<string | undefined> {
    const reply = await this.#command('XPENDING', this.#key, group);
    return Array.isArray(reply) && reply[1] !== null ? String(reply[1]) : undefined;
  }

  #command(...args: string[]): Promise<unknown> {
    return within(this.#send, this.#key, args);
  }
}

/**
 * The entries after the given one of each stream, for readers without a group, of those streams that have any. Several streams only where
 * they may be used in one command.
 */
export async function entriesAfter(
  send: SendCommand,
  last: readonly (readonly [key: string, id: string])[],
  count: number,
): Promise<(readonly [key: string, entries: readonly StreamEntry[]])[]> {
  const keys = last.map(([key]) => key);
  const ids = last.map(([, id]) => id);
  const read = ['XREAD', 'COUNT', String(count), 'STREAMS', ...keys, ...ids];
  const reply = await within(send, keys[0] ?? '', read);
  return pairsOf(reply).map(([key, entries]) => [key, entriesIn(entries)]);
}

/** Sends a command and waits for its reply, at most two seconds. */
export function within(send: SendCommand, key: string, args: string[]): Promise<unknown> {
  const operation = args[0] ?? '';
  const abort = new AbortController();
  const late = (): Error => {
    abort.abort();
    return new StoreUnavailableError({ fault: 'deadline', operation, mayHaveRun: true });
  };
  return withinDeadline(deadlineMs, send(key, args, abort.signal), late);
}

const deadKey = (stream: string): string => `${stream}:dead`;

/** Answers are maps by name on newer connections, and lists of pairs on older ones. */
function pairsOf(reply: unknown): [name: string, value: unknown][] {
  const pairs = Array.isArray(reply)
    ? reply
    : reply instanceof Map
      ? [...reply]
      : Object.entries(reply ?? {});
  return pairs.flatMap((pair) => (Array.isArray(pair) ? [[String(pair[0]), pair[1]]] : []));
}

function entriesIn(reply: unknown): StreamEntry[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry) =>
    Array.isArray(entry) && Array.isArray(entry[1])
      ? [{ id: String(entry[0]), fields: fieldsIn(entry[1]) }]
      : [],
  );
}

function fieldsIn(reply: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  if (Array.isArray(reply)) {
    for (let at = 0; at + 1 < reply.length; at += 2) fields[String(reply[at])] = String(reply[at + 1]);
    return fields;
  }
  const named = reply instanceof Map ? [...reply] : Object.entries(reply ?? {});
  for (const [name, value] of named) fields[String(name)] = String(value);
  return fields;
}

function partsOf(id: string): [ms: bigint, sequence: bigint] {
  const [ms = '0', sequence = '0'] = id.split('-');
  return [BigInt(ms), BigInt(sequence)];
}

function following(id: string): string {
  const [ms, sequence] = partsOf(id);
  return `${ms}-${sequence + 1n}`;
}

function isBefore(one: string, other: string): boolean {
  const [ms, sequence] = partsOf(one);
  const [otherMs, otherSequence] = partsOf(other);
  return ms < otherMs || (ms === otherMs && sequence < otherSequence);
}
