import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import type { SliceHome } from './slice-home.js';

/** More waiting than this, and nothing is admitted whose event would have to wait as well. */
const most = 10_000;
/** The most events that are appended in one step: the server does nothing else meanwhile. */
const mostTogether = 32;

/** Events of one tenant that are appended together, under an id by which the store recognises a repetition. */
interface Batch {
  readonly id: string;
  readonly partition: string;
  readonly events: readonly UsageEvent[];
}

/** Usage events of requests that were admitted in memory, until the store has them in its outbox. */
export class SliceEvents {
  readonly #store: SliceHome;
  #waiting = new Map<string, UsageEvent[]>();
  #batches: Batch[] = [];
  #size = 0;

  constructor(store: SliceHome) {
    this.#store = store;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= most;
  }

  /** A charge without an event is ignored: another writer writes its event. */
  add(event: UsageEvent | undefined): void {
    if (!event) return;
    const others = this.#waiting.get(event.tenant);
    if (others) others.push(event);
    else this.#waiting.set(event.tenant, [event]);
    this.#size += 1;
  }

  /** Sends the waiting events to the store; a failed batch is repeated unchanged with the next. */
  async tell(): Promise<void> {
    for (const [partition, events] of this.#waiting) {
      for (let from = 0; from < events.length; from += mostTogether) {
        this.#batches.push({ id: newId(), partition, events: events.slice(from, from + mostTogether) });
      }
    }
    this.#waiting = new Map();
    const batches = this.#batches;
    const given = await Promise.allSettled(
      batches.map(({ id, partition, events }) => this.#store.append(id, partition, events)),
    );
    this.#batches = batches.filter((_, at) => given[at]?.status === 'rejected');
    for (const [at, { events }] of batches.entries()) {
      if (given[at]?.status === 'fulfilled') this.#size -= events.length;
    }
  }
}
