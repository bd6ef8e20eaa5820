/** Something that lives on a lease. */
export interface Leased {
  /** Renews its leases. Never rejects. */
  renew(): Promise<void>;
}

/** One interval for all live reservations of a budget; runs only while there are any, and keeps no process alive. */
export class Heartbeat {
  readonly #live = new Set<Leased>();
  #timer: NodeJS.Timeout | undefined;

  /** `everyMs` is a third of a lease, so that one missed beat, or an event loop that stood still, loses none. */
  constructor(private readonly everyMs: number) {}

  add(one: Leased): void {
    this.#live.add(one);
    this.#timer ??= setInterval(() => void this.beat(), this.everyMs).unref();
  }

  remove(one: Leased): void {
    this.#live.delete(one);
    if (this.#live.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Renews everything now. */
  async beat(): Promise<void> {
    await Promise.all([...this.#live].map((one) => one.renew()));
  }

  /** How many are alive. */
  get size(): number {
    return this.#live.size;
  }
}
