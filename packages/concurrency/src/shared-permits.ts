import type { QuotaStore } from '@tollgate/core';
import {
  type IndexedEntry,
  IndexedList,
  isPromise,
  newId,
  publish,
  type QuotaCharge,
  type ReserveResult,
  whenReady,
  withinDeadline,
} from '@tollgate/core/internal';
import type { Clock } from './clock.js';

/** The result of a request for a shared permit. Without a lease: let through while the store is away. */
export type Taking =
  | { readonly outcome: 'taken'; readonly lease: Lease | undefined }
  | { readonly outcome: 'full' | 'unavailable' };

/** A shared permit that a request holds. */
export type Lease = IndexedEntry<string>;

/** Permits that several processes share. */
export interface SharedPermits {
  /** Never rejects. `running`: how many this process has, the one that asks included. */
  take(running: number): Taking | Promise<Taking>;
  /** Never throws. */
  give(lease: Lease): void;
}

export interface QuotaPermitsSettings {
  readonly store: QuotaStore;
  readonly name: string;
  /** Permits of all processes together. */
  readonly limit: number;
  readonly whenStoreDown: 'local' | 'open' | 'closed';
  readonly expectedProcesses: number;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  readonly clock: Clock;
}

/** Consecutive failures after which a store is not called for a while, and the length of that pause, in ms. */
const failuresToRest = 3;
const restMs = 1_000;

const full: Taking = Object.freeze({ outcome: 'full' });
const unavailable: Taking = Object.freeze({ outcome: 'unavailable' });
const withoutLease: Taking = Object.freeze({ outcome: 'taken', lease: undefined });

/** Permits as live leases of a quota store: those of a process that dies are free again when their leases expire. */
export class QuotaPermits implements SharedPermits {
  /** Permits given without the store, because it was away. */
  withoutStore = 0;
  readonly #settings: QuotaPermitsSettings;
  readonly #charge: QuotaCharge;
  readonly #leases = new IndexedList<string>();
  #heartbeat: NodeJS.Timeout | undefined;
  #failures = 0;
  #restsUntilMs = 0;

  constructor(settings: QuotaPermitsSettings) {
    this.#settings = settings;
    this.#charge = {
      counter: `concurrent/live/app=${settings.name}`,
      unit: 'concurrent',
      limit: settings.limit,
      window: { kind: 'live' },
      wide: true,
      soft: false,
      want: 1,
    };
  }

  take(running: number): Taking | Promise<Taking> {
    const { store, leaseMs, clock, deadlineMs } = this.#settings;
    if (this.#failures >= failuresToRest && !store.hasBreaker) {
      if (clock.now() < this.#restsUntilMs) return this.#withoutStore(running);
      this.#restsUntilMs = clock.now() + restMs;
    }
    const id = newId();
    const failed = (error: unknown): Taking => {
      this.#failed(error);
      // The operation may have run all the same.
      this.#close(id);
      return this.#withoutStore(running);
    };
    try {
      const alternatives = [{ charges: [this.#charge] }];
      const asked = store.reserve({ id, partition: this.#partition, alternatives, leaseMs });
      const late = (): Error => new Error(`no answer within ${deadlineMs} ms`);
      const answer = isPromise(asked) ? withinDeadline(deadlineMs, asked, late) : asked;
      return whenReady(answer, (result) => this.#taken(id, result), failed);
    } catch (error) {
      return failed(error);
    }
  }

  give(lease: Lease): void {
    this.#leases.remove(lease);
    this.#close(lease.member);
  }

  get #partition(): string {
    return this.#settings.name;
  }

  #taken(id: string, { ok }: ReserveResult): Taking {
    if (this.#failures >= failuresToRest) this.#publish('up', undefined);
    this.#failures = 0;
    if (!ok) return full;
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#settings.leaseMs / 3).unref();
    return { outcome: 'taken', lease: this.#leases.add(id) };
  }

  #withoutStore(running: number): Taking {
    const { whenStoreDown, limit, expectedProcesses } = this.#settings;
    if (whenStoreDown === 'closed') return unavailable;
    const share = whenStoreDown === 'open' ? limit : Math.max(1, Math.floor(limit / expectedProcesses));
    if (running > share) return full;
    this.withoutStore += 1;
    return withoutLease;
  }

  /** A failure costs nothing but time: the lease runs out by itself. */
  #close(id: string): void {
    const { store } = this.#settings;
    try {
      const closing = store.close({ id, partition: this.#partition });
      if (isPromise(closing)) closing.catch((error: unknown) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
  }

  #beat(): void {
    if (this.#leases.size === 0) {
      clearInterval(this.#heartbeat);
      this.#heartbeat = undefined;
      return;
    }
    for (const id of this.#leases.members()) this.#renew(id).catch((error: unknown) => this.#failed(error));
  }

  async #renew(id: string): Promise<void> {
    const { store } = this.#settings;
    const lives = await store.renew({ id, partition: this.#partition, running: [] });
    if (!lives) this.#publish('lost', new Error('a permit ran out while its request was running'));
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures === 1) this.#publish('failing', error);
    if (this.#failures !== failuresToRest) return;
    this.#restsUntilMs = this.#settings.clock.now() + restMs;
    this.#publish('down', error);
  }

  #publish(state: 'failing' | 'down' | 'up' | 'lost', error: unknown): void {
    const { name, whenStoreDown: policy } = this.#settings;
    publish('tollgate:store', () => ({
      store: 'concurrency',
      name,
      state,
      policy,
      error: error === undefined ? undefined : String(error),
    }));
  }
}
