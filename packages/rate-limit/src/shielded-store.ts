import { asPromise, publish, StoreClient, type StoreState } from '@tollgate/core/internal';
import type { ClientRateLimitInfo, Options, Store } from 'express-rate-limit';
import { LocalStore } from './local-store.js';
import { StoreDownError } from './store-down-error.js';

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
export class ShieldedStore implements Store {
  readonly #store: BreakableStore;
  readonly #options: ShieldOptions;
  readonly #local: LocalStore;
  #init: Options | undefined;
  #initFailed = false;
  readonly #client: StoreClient<BreakableStore>;

  constructor(store: BreakableStore, options: ShieldOptions) {
    this.#store = store;
    this.#options = options;
    this.#local = new LocalStore(options.now);
    const { deadlineMs, now } = options;
    const changed = (state: StoreState, error: unknown): void => this.#publish(state, error);
    this.#client = new StoreClient(store, { deadlineMs, now, changed });
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
      return await this.#client.run('increment', () => this.#counted(key));
    } catch (error) {
      return this.#standIn(key, error);
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

  async #counted(key: string): Promise<ClientRateLimitInfo> {
    const count = await this.#increment(key);
    if (!Number.isSafeInteger(count?.totalHits) || count.totalHits < 1) {
      throw new RangeError(`the store counted ${String(count?.totalHits)}, which is no positive integer`);
    }
    return count;
  }

  /** Stores such as rate-limit-redis load a script in `init`, and never again when that failed: so we begin again. */
  async #increment(key: string): Promise<ClientRateLimitInfo> {
    if (this.#initFailed) await this.#initialise();
    return this.#store.increment(key);
  }

  async #initialise(): Promise<void> {
    if (!this.#init) return;
    this.#initFailed = true;
    await this.#store.init?.(this.#init);
    this.#initFailed = false;
  }

  /** Its count times the number of processes against the whole limit: `limit ÷ expectedProcesses`, at least 1. */
  #standIn(key: string, cause: unknown): ClientRateLimitInfo {
    if (this.#options.whenStoreDown !== 'local') throw new StoreDownError(cause);
    return this.#scaled(this.#local.increment(key));
  }

  #stoodIn(key: string, cause: unknown): ClientRateLimitInfo | undefined {
    if (this.#options.whenStoreDown !== 'local') throw new StoreDownError(cause);
    const counted = this.#local.get(key);
    return counted && this.#scaled(counted);
  }

  #scaled({ totalHits, resetTime }: ClientRateLimitInfo): ClientRateLimitInfo {
    return { totalHits: totalHits === 1 ? 1 : totalHits * this.#options.expectedProcesses, resetTime };
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
