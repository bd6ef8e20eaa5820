import type { UsageEvent, UsageSink } from '@tollgate/core';
import type { CounterWindow, SpendSource, WindowSpend } from '@tollgate/core/internal';

/** A ledger in memory: each event once, and what was charged to each window. It may be away. */
export class MemoryLedger implements UsageSink, SpendSource {
  isAway = false;
  /** Writes wait for it. */
  busy: Promise<unknown> | undefined;
  /** How often it was asked for its open windows. */
  looks = 0;
  readonly events = new Map<string, UsageEvent>();

  write(event: UsageEvent): Promise<void> {
    if (this.isAway) return Promise.reject(new Error('the ledger is away'));
    if (!this.events.has(event.eventId)) this.events.set(event.eventId, event);
    return Promise.resolve(this.busy).then(() => undefined);
  }

  spentIn(windows: readonly CounterWindow[]): Promise<readonly number[]> {
    return Promise.resolve(windows.map(({ counter, window }) => this.sum(counter, window)));
  }

  openWindows(): Promise<readonly WindowSpend[]> {
    this.looks += 1;
    if (this.isAway) return Promise.reject(new Error('the ledger is away'));
    const charges = [...this.events.values()].flatMap((event) => event.charges);
    const places = new Map(
      charges.map(({ counter, window }) => [`${counter} ${window}`, { counter, window }]),
    );
    const sums = [...places.values()].map((place) => ({
      ...place,
      amount: this.sum(place.counter, place.window),
    }));
    return Promise.resolve(sums);
  }

  sum(counter: string, window: string): number {
    return [...this.events.values()]
      .flatMap(({ charges }) => charges)
      .filter((charge) => charge.counter === counter && charge.window === window)
      .reduce((sum, { amount }) => sum + amount, 0);
  }
}
