import { isPromise, type OpenBreaker, type ProviderStore } from '@tollgate/core/internal';
import type { Breaker } from './breaker.js';

/** How often the store is asked while calls are made, in ms. */
const everyMs = 500;
/** So long after the last call it is asked no more, in ms. */
const idleMs = 10_000;

/** The functions of this process's breakers that are used. */
export interface OwnBreakers {
  /** The breaker of a target, made where there is none. */
  of(id: string): Breaker | undefined;
  readonly nowMs: () => number;
}

/**
 * Breakers shared by processes: one opened by any of them is open for all within half a second, and one process tries it. While the store
 * is away, each process has its own.
 */
export class SharedBreakers {
  /** Those that are open for all, as far as is known. */
  readonly #open = new Set<string>();
  /** When this process last changed a breaker: a response requested before is out of date. */
  readonly #changedMs = new Map<string, number>();
  #askedMs = Number.NEGATIVE_INFINITY;
  #usedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: ProviderStore,
    private readonly own: OwnBreakers,
  ) {}

  /** Before a call: waits for the store only where it has not been asked for a while. */
  fresh(): Promise<void> | undefined {
    this.#usedMs = this.own.nowMs();
    const isStale = this.#usedMs - this.#askedMs > 2 * everyMs;
    if (!this.#timer) this.#schedule();
    return isStale ? this.#ask() : undefined;
  }

  /** Whether this process sends the call that tries an open breaker. */
  mayTry(id: string, forMs: number): boolean | Promise<boolean> {
    try {
      const answer = this.store.tryBreaker(id, forMs);
      return isPromise(answer) ? answer.catch(() => true) : answer;
    } catch {
      return true;
    }
  }

  /** A breaker of this process has opened or closed because of its sample. */
  changed(id: string, open: boolean, openMs: number): void {
    this.#changedMs.set(id, this.own.nowMs());
    if (!open) this.#open.delete(id);
    const told = this.#tell(() => (open ? this.store.openBreaker(id, openMs) : this.store.closeBreaker(id)));
    if (open) void told.then((done) => done && this.#open.add(id));
  }

  async #tell(telling: () => void | Promise<void>): Promise<boolean> {
    try {
      await telling();
      return true;
    } catch {
      return false;
    }
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.own.nowMs() - this.#usedMs > idleMs) return;
      void this.#ask();
      this.#schedule();
    }, everyMs).unref();
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#read().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #read(): Promise<void> {
    const askedMs = this.own.nowMs();
    this.#askedMs = askedMs;
    try {
      this.#apply(await this.store.openBreakers(), askedMs);
    } catch {
      // The store is away: the known state stays.
    }
  }

  #apply(open: readonly OpenBreaker[], askedMs: number): void {
    const isNewer = (id: string): boolean => (this.#changedMs.get(id) ?? Number.NEGATIVE_INFINITY) >= askedMs;
    const ids = new Set<string>();
    for (const { id, waitMs } of open) {
      ids.add(id);
      const breaker = isNewer(id) ? undefined : this.own.of(id);
      if (!breaker) continue;
      this.#open.add(id);
      if (!breaker.isOpen || waitMs > breaker.waitMs) breaker.open(waitMs);
    }
    for (const id of this.#open) {
      if (ids.has(id) || isNewer(id)) continue;
      this.#open.delete(id);
      this.own.of(id)?.close();
    }
    for (const [id, changedMs] of this.#changedMs) if (changedMs < askedMs) this.#changedMs.delete(id);
  }
}
