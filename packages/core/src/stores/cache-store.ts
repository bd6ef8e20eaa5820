/**
 * Where answers are kept, by keys of 64 hexadecimal digits. Its memory is bounded: it may forget any of them at any time. What it returns is
 * not believed: whoever reads checks whose it is. Methods reject while it is away.
 */
export interface CacheStore {
  get(key: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Keeps bytes, which nobody changes afterwards, for so many ms; in place of those that stood there. */
  set(key: string, bytes: Uint8Array, ttlMs: number): void | Promise<void>;
}
