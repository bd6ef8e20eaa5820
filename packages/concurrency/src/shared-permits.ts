import type { QuotaStore } from '@tollgate/core';
import {
  asPromise,
  type IndexedEntry,
  IndexedList,
  mayHaveRun,
  newId,
  publish,
  type QuotaCharge,
  type ReserveResult,
  StoreClient,
  type StoreState,
  whenReady,
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
  readonly #client: StoreClient<QuotaStore>;

  constructor(settings: QuotaPermitsSettings) {
    this.#settings = settings;
    const { store, deadlineMs, clock } = settings;
    this.#client = new StoreClient(store, {
      deadlineMs,
      now: () => clock.now(),
      changed: (state, error) => this.#publish(state, error),
    });
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
    const { leaseMs } = this.#settings;
    const id = newId();
    const request = { id, partition: this.#partition, alternatives: [{ charges: [this.#charge] }], leaseMs };
    return whenReady(
      this.#client.run('reserve', (store) => store.reserve(request)),
      (result) => this.#taken(id, result),
      (error) => {
        if (mayHaveRun(error)) this.#close(id);
        return this.#withoutStore(running);
      },
    );
  }

  give(lease: Lease): void {
    this.#leases.remove(lease);
    this.#close(lease.member);
  }

  get #partition(): string {
    return this.#settings.name;
  }

  #taken(id: string, { ok }: ReserveResult): Taking {
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
    const request = { id, partition: this.#partition };
    const closed = this.#client.try('close', (store) => store.close(request), true);
    asPromise(closed).catch(() => undefined);
  }

  #beat(): void {
    if (this.#leases.size === 0) {
      clearInterval(this.#heartbeat);
      this.#heartbeat = undefined;
      return;
    }
    for (const id of this.#leases.members()) this.#renew(id).catch(() => undefined);
  }

  async #renew(id: string): Promise<void> {
    const request = { id, partition: this.#partition, running: [] };
    const lives = await this.#client.try('renew', (store) => store.renew(request), true);
    if (!lives) this.#publish('lost', new Error('a permit ran out while its request was running'));
  }

  #publish(state: StoreState | 'lost', error: unknown): void {
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
