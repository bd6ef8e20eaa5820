import { type IndexedEntry, IndexedList } from '@tollgate/core/internal';
import type { RunningRequest } from './running-request.js';

/** Something that lives on a lease. */
export interface Leased {
  /** Renews its leases. Never rejects. */
  renew(): Promise<void>;
  describe(): RunningRequest;
}

/** One interval for all live reservations of a budget; runs only while there are any, and keeps no process alive. */
export class Heartbeat {
  readonly #live = new IndexedList<Leased>();
  #timer: NodeJS.Timeout | undefined;

  /** `everyMs` is a third of a lease, so that one missed beat, or an event loop that stood still, loses none. */
  constructor(private readonly everyMs: number) {}

  /** Beats for it until {@link Heartbeat.remove}. */
  add(one: Leased): IndexedEntry<Leased> {
    this.#timer ??= setInterval(() => this.#tick(), this.everyMs).unref();
    return this.#live.add(one);
  }

  remove(place: IndexedEntry<Leased>): void {
    this.#live.remove(place);
  }

  /** It is stopped here and not with the last one removed: a quiet app would make a new one for every request. */
  #tick(): void {
    if (this.#live.size > 0) {
      void this.beat();
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Renews everything now. */
  async beat(): Promise<void> {
    await Promise.all(this.#live.members().map((one) => one.renew()));
  }

  /** What is alive, in no order. */
  running(): RunningRequest[] {
    return this.#live.members().map((one) => one.describe());
  }

  /** How many are alive. */
  get size(): number {
    return this.#live.size;
  }
}
