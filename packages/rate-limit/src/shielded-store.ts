import { asPromise, publish, StoreClient, type StoreState } from '@tollgate/core/internal';
import type { ClientRateLimitInfo, Options, Store } from 'express-rate-limit';
import { LocalSlidingStore } from './local-sliding-store.js';
import { LocalStore } from './local-store.js';
import { StoreDownError } from './store-down-error.js';
import { isWeighted, type WeightedCount, type WeightedStore } from './weighted-store.js';

export interface ShieldOptions {
  /** Name in published events. */
  readonly name: string;
  readonly whenStoreDown: 'local' | 'open' | 'closed';
  readonly expectedProcesses: number;
  readonly deadlineMs: number;
  readonly now: () => number;
}

/** A store that may declare that it pauses calls to a failing server itself: then it is always called. */
type BreakableStore = Store & { readonly hasBreaker?: boolean };

/** A store with a deadline, a pause after failures, and a fallback in memory, so that an app works while its store is away. */
export class ShieldedStore implements WeightedStore {
  readonly #store: BreakableStore;
  readonly #options: ShieldOptions;
  readonly #local: LocalStore | LocalSlidingStore;
  #init: Options | undefined;
  #initFailed = false;
  readonly #client: StoreClient<BreakableStore>;

  constructor(store: BreakableStore, options: ShieldOptions) {
    this.#store = store;
    this.#options = options;
    this.#local = this.slides ? new LocalSlidingStore(options.now) : new LocalStore(options.now);
    const { deadlineMs, now } = options;
    const changed = (state: StoreState, error: unknown): void => this.#publish(state, error);
    this.#client = new StoreClient(store, { deadlineMs, now, changed });
  }

  get slides(): boolean {
    return isWeighted(this.#store) && this.#store.slides === true;
  }

  get localKeys(): boolean {
    return this.#store.localKeys === true;
  }

  get prefix(): string {
    return this.#store.prefix ?? '';
  }

  init(options: Options): void {
    this.#init = options;
    this.#local.init(options);
    // What fails here is tried again with the first request.
    asPromise(this.#client.run('init', () => this.#initialise())).catch(() => undefined);
  }

  async increment(key: string): Promise<ClientRateLimitInfo> {
    try {
      return await this.#client.run('increment', () => this.#counted((store) => store.increment(key)));
    } catch (error) {
      return this.#standIn(key, 1, Number.MAX_SAFE_INTEGER, error);
    }
  }

  async incrementBy(key: string, cost: number, limit: number): Promise<WeightedCount> {
    const count = (store: Store) => weighted(store).incrementBy(key, cost, limit);
    try {
      return await this.#client.run('increment', () => this.#counted(count));
    } catch (error) {
      return this.#standIn(key, cost, limit, error);
    }
  }

  /** Takes back a count, wherever requests are counted now. Never throws or rejects. */
  async decrement(key: string): Promise<void> {
    if (this.#client.isDown) return this.#local.decrement(key);
    try {
      await this.#client.run('decrement', (store) => store.decrement(key));
    } catch {
      // The client has noted it.
    }
  }

  /** Takes back a request that was counted as several. Never throws or rejects. */
  async decrementBy(key: string, cost: number, countedAtMs: number): Promise<void> {
    if (this.#client.isDown) return this.#local.decrementBy(key, cost, countedAtMs);
    try {
      await this.#client.run('decrement', (store) => weighted(store).decrementBy(key, cost, countedAtMs));
    } catch {
      // The client has noted it.
    }
  }

  /** The current count, in memory or in the store, wherever requests are counted now. */
  async get(key: string): Promise<ClientRateLimitInfo | undefined> {
    if (this.#client.isDown) return this.#stoodIn(key, undefined);
    if (!this.#store.get) throw new TypeError('the store has no get()');
    try {
      return await this.#client.try('get', (store) => store.get?.(key));
    } catch (error) {
      return this.#stoodIn(key, error);
    }
  }

  resetKey(key: string): Promise<void> | void {
    this.#local.resetKey(key);
    return this.#store.resetKey(key);
  }

  /** Stores such as rate-limit-redis load a script in `init`, and never again when that failed: so we begin again. */
  async #counted<Count extends ClientRateLimitInfo>(
    ask: (store: Store) => Count | Promise<Count>,
  ): Promise<Count> {
    if (this.#initFailed) await this.#initialise();
    const count = await ask(this.#store);
    if (!Number.isSafeInteger(count?.totalHits) || count.totalHits < 1) {
      throw new RangeError(`the store counted ${String(count?.totalHits)}, which is no positive integer`);
    }
    return count;
  }

  async #initialise(): Promise<void> {
    if (!this.#init) return;
    this.#initFailed = true;
    await this.#store.init?.(this.#init);
    this.#initFailed = false;
  }

  /** Its count times the number of processes against the whole limit: `limit ÷ expectedProcesses`, at least one request. */
  #standIn(key: string, cost: number, limit: number, cause: unknown): WeightedCount {
    if (this.#options.whenStoreDown !== 'local') throw new StoreDownError(cause);
    const counted = this.#local.incrementBy(key, cost, Math.floor(limit / this.#options.expectedProcesses));
    return counted.totalHits === cost ? counted : this.#scaled(counted);
  }

  #stoodIn(key: string, cause: unknown): ClientRateLimitInfo | undefined {
    if (this.#options.whenStoreDown !== 'local') throw new StoreDownError(cause);
    const counted = this.#local.get(key);
    return counted?.totalHits === 1 ? counted : counted && this.#scaled(counted);
  }

  #scaled<Count extends ClientRateLimitInfo>(count: Count): Count {
    return { ...count, totalHits: count.totalHits * this.#options.expectedProcesses };
  }

  #publish(state: StoreState, error: unknown): void {
    const { name, whenStoreDown } = this.#options;
    publish('tollgate:store', () => ({
      store: 'rate-limit',
      name,
      state,
      policy: whenStoreDown,
      error: error === undefined ? undefined : String(error),
    }));
  }
}

/** `rateLimit()` has checked at start that the store is one, where it needs one. */
function weighted(store: Store): WeightedStore {
  if (isWeighted(store)) return store;
  throw new TypeError('rateLimit: the store has no incrementBy() and decrementBy()');
}
