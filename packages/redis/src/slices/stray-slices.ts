import { publish, type SpendSource } from '@tollgate/core/internal';
import { IdlePoll } from '../outbox/idle-poll.js';
import type { OutboxStream } from '../outbox/outbox-stream.js';
import { listIn, numberIn, textIn } from '../script/reply.js';
import type { ScriptCaller } from '../script/script-caller.js';

/** A counter with stray slices, in its state at the reading. */
interface Sighting {
  readonly partition: number;
  readonly key: string;
  /** Leases of the slices. */
  readonly ids: readonly string[];
  /** Their charge. */
  readonly charged: number;
  /** -1: its window is over. */
  readonly used: number;
  /** The latest usage event of each partition at that time. */
  readonly latest: ReadonlyMap<number, string>;
}

export interface StraySlicesOptions {
  readonly caller: Pick<ScriptCaller, 'call' | 'storeMs'>;
  /** Partitions that slices are leased from. */
  readonly partitions: readonly number[];
  /** Where the usage events of a counter in this partition are. */
  readonly streamsOf: (partition: number) => readonly number[];
  readonly streamOf: (partition: number) => Pick<OutboxStream, 'latest' | 'isDelivered'>;
  readonly spent: SpendSource;
  readonly everyMs: number;
}

/**
 * Readings to compare: a correction that is in the ledger and not yet on the counter looks like a surplus for a moment, so the least of
 * several readings counts.
 */
const looks = 3;
/** The most slices of a counter that are corrected together. */
const mostTogether = 1_000;

/**
 * Lowers counters by the charges for slices of dead processes that were never spent. When such a slice's lease and all others of its
 * process are over, and their usage events are delivered, the counter's excess over the ledger is released: at most the charge for the
 * slice. The counter is read before the ledger, so that charges made meanwhile stay, and after it, so that corrections made meanwhile are
 * not applied twice.
 */
export class StraySlices {
  readonly #options: StraySlicesOptions;
  #poll: IdlePoll | undefined;
  #running = false;
  #sightings: Sighting[] = [];
  /** Amounts that may be returned for these slices after the readings so far, by counter. */
  #found = new Map<string, { readonly ids: string; looks: number; least: number }>();

  constructor(options: StraySlicesOptions) {
    this.#options = options;
  }

  /** Keeps no process alive. */
  start(): void {
    this.#poll ??= new IdlePoll(this.#options.everyMs, () => this.round());
  }

  end(): void {
    this.#poll?.end();
  }

  /** One reading: whether there were any. Never rejects. */
  async round(): Promise<boolean> {
    if (this.#running) return true;
    this.#running = true;
    let hasFound = true;
    try {
      const sightings = this.#sightings.length > 0 ? this.#sightings : await this.#look();
      hasFound = sightings.length > 0;
      this.#sightings = [];
      for (const sighting of sightings) {
        if (await this.#areDelivered(sighting)) await this.#compare(sighting);
        else this.#sightings.push(sighting);
      }
    } catch {
      // The store or the ledger is away, and has published that; the next round reads again.
      this.#sightings = [];
    }
    this.#running = false;
    return hasFound;
  }

  async #look(): Promise<Sighting[]> {
    const { caller, partitions, streamsOf, streamOf, everyMs } = this.#options;
    const sightings: Sighting[] = [];
    for (const partition of partitions) {
      const told = await this.#ask(partition, ['list']);
      const byKey = new Map<string, { used: number; charged: number; ids: string[] }>();
      for (const entry of listIn(told)) {
        const [id = '', readyMs, amount, key = '', used] = listIn(entry).map(textIn);
        const one = byKey.get(key) ?? { used: Number(used), charged: 0, ids: [] };
        // When every reservation of that process is over as well.
        const isReady = one.used < 0 || Number(readyMs) + everyMs <= caller.storeMs;
        if (!isReady || one.ids.length === mostTogether) continue;
        one.ids.push(id);
        one.charged += Number(amount);
        byKey.set(key, one);
      }
      if (byKey.size === 0) continue;
      // After the counters were read.
      const latest = new Map<number, string>();
      for (const one of streamsOf(partition)) latest.set(one, await streamOf(one).latest());
      for (const [key, one] of byKey) sightings.push({ partition, key, ...one, latest });
    }
    // Slices corrected by another process are forgotten.
    this.#found = new Map([...this.#found].filter(([key]) => sightings.some((one) => one.key === key)));
    return sightings;
  }

  async #areDelivered({ latest, used }: Sighting): Promise<boolean> {
    if (used < 0) return true;
    for (const [partition, id] of latest) {
      if (!(await this.#options.streamOf(partition).isDelivered(id))) return false;
    }
    return true;
  }

  async #compare(sighting: Sighting): Promise<void> {
    const { partition, key, ids, used } = sighting;
    const surplus = used < 0 ? 0 : await this.#surplusOf(sighting);
    if (surplus === undefined) return;
    this.#found.delete(key);
    const done = await this.#ask(partition, ['correct', ids, key, surplus]);
    if (numberIn(done) !== 1 || surplus === 0) return;
    publish('tollgate:store', () => ({
      ...{ store: 'redis', partition, state: 'corrected' },
      ...{ counter: key.slice(2), surplus },
    }));
  }

  /** The charge of these slices beyond their spend; `undefined`: read again later. */
  async #surplusOf({ partition, key, ids, charged, used }: Sighting): Promise<number | undefined> {
    const { spent } = this.#options;
    await spent.caughtUp?.();
    const bar = key.lastIndexOf('|');
    const [known = 0] = await spent.spentIn([{ counter: key.slice(2, bar), window: key.slice(bar + 1) }]);
    const [after] = listIn(await this.#ask(partition, ['used', [[key]]]));
    const usedThen = Number(textIn(listIn(after)[0]));
    const surplus = Math.max(0, Math.min(charged, used - known, usedThen - known));
    const name = ids.join();
    const before = this.#found.get(key);
    const found = before?.ids === name ? before : { ids: name, looks: 0, least: surplus };
    found.looks += 1;
    found.least = Math.min(found.least, surplus);
    this.#found.set(key, found);
    return found.looks < looks ? undefined : found.least;
  }

  async #ask(partition: number, order: unknown): Promise<unknown> {
    const [told] = await this.#options.caller.call('stray', partition, [() => JSON.stringify(order)]);
    return told;
  }
}
