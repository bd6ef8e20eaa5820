/** How long ids may be closed late: the lease of the possible hold, at most an hour. */
interface Withdrawal {
  readonly partition: string;
  readonly untilMs: number;
}

/** Beyond, the oldest are left to their leases. */
const most = 10_000;
const everyMs = 250;
const attempt = 32;

/**
 * Closes reservations whose outcome is unknown, repeatedly until the store confirms it or their lease has passed. A close that arrives
 * before a late reserve turns that into a refusal.
 */
export class Withdrawals {
  readonly #close: (id: string, partition: string) => Promise<unknown>;
  readonly #waiting = new Map<string, Withdrawal>();
  #timer: NodeJS.Timeout | undefined;

  constructor(close: (id: string, partition: string) => Promise<unknown>) {
    this.#close = close;
  }

  add(id: string, partition: string, leaseMs: number): void {
    if (this.#waiting.size >= most) {
      const [oldest = ''] = this.#waiting.keys();
      this.#waiting.delete(oldest);
    }
    this.#waiting.set(id, { partition, untilMs: Date.now() + leaseMs });
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#round(), everyMs);
    this.#timer.unref();
  }

  get size(): number {
    return this.#waiting.size;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #round(): Promise<void> {
    const due = [...this.#waiting].slice(0, attempt);
    await Promise.all(due.map(([id, withdrawal]) => this.#withdraw(id, withdrawal)));
    if (this.#waiting.size === 0) this.end();
  }

  async #withdraw(id: string, { partition, untilMs }: Withdrawal): Promise<void> {
    try {
      await this.#close(id, partition);
      this.#waiting.delete(id);
    } catch {
      // The store is still away: the next round tries again, unless the lease has ended meanwhile.
      if (Date.now() > untilMs) this.#waiting.delete(id);
    }
  }
}
