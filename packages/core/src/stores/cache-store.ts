/**
 * Stores responses by keys of 64 hexadecimal digits. Its memory is bounded: it may evict any entry at any time. The reader checks the owner
 * of each entry and trusts nothing else in it. Methods reject while the store is away.
 */
export interface CacheStore {
  /** Whether the store stops calling a failing server itself, separately for each server. @defaultValue false: its client does */
  readonly hasBreaker?: boolean;
  get(key: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Stores bytes, which must not change afterwards, for this many ms; replaces an existing entry. */
  set(key: string, bytes: Uint8Array, ttlMs: number): void | Promise<void>;
}
