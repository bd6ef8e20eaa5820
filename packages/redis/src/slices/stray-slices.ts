import { publish, type SpendSource } from '@tollgate/core';
import type { OutboxStream } from '../outbox-stream.js';
import { listIn, numberIn, textIn } from '../reply.js';
import type { ScriptCaller } from '../script-caller.js';

/** What was charged for one slice of a process that fell silent. */
interface Stray {
  readonly id: string;
  /** When every lease of that process is over as well, by the store's clock. */
  readonly readyMs: number;
  readonly amount: number;
}

/** A counter with stray slices, as it stood when they were looked at. */
interface Sighting {
  readonly partition: number;
  readonly key: string;
  readonly strays: readonly Stray[];
  /** -1: its window is over. */
  readonly used: number;
  /** The latest usage event of each partition at that time. */
  readonly latest: ReadonlyMap<number, string>;
}

export interface StraySlicesOptions {
  readonly caller: ScriptCaller;
  /** Partitions that slices are leased from. */
  readonly partitions: readonly number[];
  /** Where the usage events of a counter in this partition are. */
  readonly streamsOf: (partition: number) => readonly number[];
  readonly streamOf: (partition: number) => OutboxStream;
  readonly spent: SpendSource;
  readonly everyMs: number;
}

/** The ledger may know already what a living process has not told the counter yet: the most of several looks is taken. */
const mostLooks = 3;

/**
 * Lowers counters by what was charged for slices of dead processes and never spent. When such a slice's lease and all others of its process are over,
 * and the usage events of them are delivered, what the counter has beyond the ledger is given back: at most what was charged for
 * the slice. The counter is read before the ledger, so that whatever is charged meanwhile stays charged.
 */
export class StraySlices {
  readonly #options: StraySlicesOptions;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #sightings: Sighting[] = [];
  /** What may be given back by the looks so far, by counter. */
  readonly #found = new Map<string, { looks: number; most: number }>();

  constructor(options: StraySlicesOptions) {
    this.#options = options;
  }

  /** Keeps no process alive. */
  start(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.round(), this.#options.everyMs);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** One look; never rejects. */
  async round(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      const sightings = this.#sightings.length > 0 ? this.#sightings : await this.#look();
      this.#sightings = [];
      for (const sighting of sightings) {
        if (await this.#areDelivered(sighting)) await this.#compare(sighting);
        else this.#sightings.push(sighting);
      }
    } catch {
      // The store or the ledger is away, and has said so; the next round looks again.
      this.#sightings = [];
    }
    this.#running = false;
  }

  async #look(): Promise<Sighting[]> {
    const { caller, partitions, streamsOf, streamOf, everyMs } = this.#options;
    const sightings: Sighting[] = [];
    for (const partition of partitions) {
      const [told] = await caller.call('stray', partition, [() => '["list"]']);
      const byKey = new Map<string, { used: number; strays: Stray[] }>();
      for (const entry of listIn(told)) {
        const [id, readyMs, amount, key, used] = listIn(entry).map(textIn);
        const one = byKey.get(key ?? '') ?? { used: Number(used), strays: [] };
        const isReady = one.used < 0 || Number(readyMs) + everyMs <= caller.storeMs;
        if (isReady) one.strays.push({ id: id ?? '', readyMs: Number(readyMs), amount: Number(amount) });
        if (isReady) byKey.set(key ?? '', one);
      }
      if (byKey.size === 0) continue;
      // After the counters were read.
      const latest = new Map<number, string>();
      for (const one of streamsOf(partition)) latest.set(one, await streamOf(one).latest());
      for (const [key, { used, strays }] of byKey) sightings.push({ partition, key, strays, used, latest });
    }
    return sightings;
  }

  async #areDelivered({ latest, used }: Sighting): Promise<boolean> {
    if (used < 0) return true;
    for (const [partition, id] of latest) {
      if (!(await this.#options.streamOf(partition).isDelivered(id))) return false;
    }
    return true;
  }

  async #compare({ partition, key, strays, used }: Sighting): Promise<void> {
    const { spent, caller } = this.#options;
    const charged = strays.reduce((sum, { amount }) => sum + amount, 0);
    let surplus = 0;
    if (used >= 0) {
      await spent.caughtUp?.();
      const bar = key.lastIndexOf('|');
      const [known = 0] = await spent.spentIn([{ counter: key.slice(2, bar), window: key.slice(bar + 1) }]);
      const found = this.#found.get(key) ?? { looks: 0, most: 0 };
      found.looks += 1;
      found.most = Math.max(found.most, Math.min(charged, used - known));
      this.#found.set(key, found);
      if (found.looks < mostLooks && found.most < charged) return;
      surplus = found.most;
    }
    this.#found.delete(key);
    const order = JSON.stringify(['correct', strays.map(({ id }) => id), key, surplus]);
    const [done] = await caller.call('stray', partition, [() => order]);
    if (numberIn(done) !== 1 || surplus === 0) return;
    publish('tollgate:store', () => ({
      store: 'redis',
      partition,
      state: 'corrected',
      counter: key.slice(2),
      surplus,
    }));
  }
}
