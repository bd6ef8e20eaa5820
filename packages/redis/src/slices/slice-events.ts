import type { UsageEvent } from '@tollgate/core';
import type { SliceHome } from './slice-home.js';

/** More waiting than this, and nothing is admitted whose event would have to wait as well. */
const most = 10_000;

/** Usage events of what was admitted in memory, until the store has them in its outbox: each once, by its id. */
export class SliceEvents {
  readonly #store: SliceHome;
  #waiting: UsageEvent[] = [];
  #underWay = 0;

  constructor(store: SliceHome) {
    this.#store = store;
  }

  get size(): number {
    return this.#waiting.length + this.#underWay;
  }

  get isFull(): boolean {
    return this.size >= most;
  }

  /** What is charged without an event is somebody else's to tell. */
  add(event: UsageEvent | undefined): void {
    if (event) this.#waiting.push(event);
  }

  /** Gives the store what waits; what it does not take is given again with the next. */
  async tell(): Promise<void> {
    const events = this.#waiting.splice(0);
    this.#underWay = events.length;
    const given = await Promise.allSettled(events.map((event) => this.#tellOne(event)));
    this.#underWay = 0;
    this.#waiting.unshift(...events.filter((_, at) => given[at]?.status === 'rejected'));
  }

  #tellOne(event: UsageEvent): Promise<unknown> {
    const { eventId: id, tenant: partition } = event;
    return this.#store.charge({ id, partition, attemptId: id, items: [], event, close: true, isQuiet: true });
  }
}
