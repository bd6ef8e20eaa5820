import { publish, withinDeadline } from '@tollgate/core/internal';
import type { ClientRateLimitInfo, Options, Store } from 'express-rate-limit';
import { LocalStore } from './local-store.js';
import { StoreDownError } from './store-down-error.js';

/** Consecutive failures after which calls to a store are paused for {@link restMs}. */
const failuresToRest = 3;
/** How long calls to a failing store are paused before one request tries it again, in milliseconds. */
const restMs = 1_000;

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
  #failures = 0;
  #resting = false;
  #restUntilMs = 0;

  constructor(store: BreakableStore, options: ShieldOptions) {
    this.#store = store;
    this.#options = options;
    this.#local = new LocalStore(options.now);
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
    void this.#initialise().catch((error: unknown) => this.#failed(error));
  }

  increment(key: string): Promise<ClientRateLimitInfo> | ClientRateLimitInfo {
    if (this.#resting && !this.#store.hasBreaker) {
      if (this.#options.now() < this.#restUntilMs) return this.#standIn(key, undefined);
      this.#restUntilMs = this.#options.now() + restMs;
    }
    return this.#counted(key);
  }

  /** Takes back a count, wherever requests are counted now. Never throws or rejects. */
  async decrement(key: string): Promise<void> {
    if (this.#resting) return this.#local.decrement(key);
    try {
      await this.#store.decrement(key);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The current count, in memory or in the store, wherever requests are counted now. */
  async get(key: string): Promise<ClientRateLimitInfo | undefined> {
    const { deadlineMs } = this.#options;
    if (this.#resting) return this.#stoodIn(key, undefined);
    if (!this.#store.get) throw new TypeError('the store has no get()');
    try {
      const asked = Promise.resolve(this.#store.get(key));
      return await withinDeadline(deadlineMs, asked, () => late(deadlineMs));
    } catch (error) {
      return this.#stoodIn(key, error);
    }
  }

  resetKey(key: string): Promise<void> | void {
    this.#local.resetKey(key);
    return this.#store.resetKey(key);
  }

  async #counted(key: string): Promise<ClientRateLimitInfo> {
    const { deadlineMs } = this.#options;
    try {
      const count = await withinDeadline(deadlineMs, this.#increment(key), () => late(deadlineMs));
      if (!Number.isSafeInteger(count?.totalHits) || count.totalHits < 1) {
        throw new TypeError(`the store counted ${String(count?.totalHits)}, which is no positive integer`);
      }
      this.#succeeded();
      return count;
    } catch (error) {
      this.#failed(error);
      return this.#standIn(key, error);
    }
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

  #succeeded(): void {
    this.#failures = 0;
    if (!this.#resting) return;
    this.#resting = false;
    this.#publish('up', undefined);
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures < failuresToRest) {
      if (this.#failures === 1) this.#publish('failing', error);
      return;
    }
    this.#restUntilMs = this.#options.now() + restMs;
    if (this.#resting) return;
    this.#resting = true;
    this.#publish('down', error);
  }

  #publish(state: 'failing' | 'down' | 'up', error: unknown): void {
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

function late(deadlineMs: number): Error {
  return new Error(`no answer within ${deadlineMs} ms`);
}
