import { accepts, checkOptions } from '../lib/options.js';
import type { CacheStore } from './cache-store.js';

/** Options of {@link memoryCache}. */
export interface MemoryCacheOptions {
  /** The most bytes, keys included; the least recently used entry is evicted. Positive integer. @defaultValue 67_108_864 (64 MiB) */
  maxBytes?: number;
  /** Clock, in ms. @defaultValue Date.now */
  now?: () => number;
}

/** Memory of an entry besides its bytes: key, object, place in the map. */
const overheadBytes = 256;

/** Cached responses within one process; lost at a restart. Throws a `TypeError` for a wrong or unknown option. */
export function memoryCache(options: MemoryCacheOptions = {}): CacheStore {
  checkOptions<MemoryCacheOptions>('memoryCache', options, {
    maxBytes: accepts.positiveInteger,
    now: accepts.function,
  });
  const { maxBytes = 64 * 1024 * 1024, now = Date.now } = options;
  /** Least recently used first. */
  const kept = new Map<string, { readonly bytes: Uint8Array; readonly untilMs: number }>();
  let keptBytes = 0;
  const forget = (key: string): void => {
    const found = kept.get(key);
    if (!found) return;
    kept.delete(key);
    keptBytes -= found.bytes.length + overheadBytes;
  };
  return {
    get(key) {
      const found = kept.get(key);
      if (!found) return undefined;
      if (found.untilMs <= now()) {
        forget(key);
        return undefined;
      }
      kept.delete(key);
      kept.set(key, found);
      return found.bytes;
    },
    set(key, bytes, ttlMs) {
      forget(key);
      const size = bytes.length + overheadBytes;
      if (size > maxBytes) return;
      for (const oldest of kept.keys()) {
        if (keptBytes + size <= maxBytes) break;
        forget(oldest);
      }
      kept.set(key, { bytes, untilMs: now() + ttlMs });
      keptBytes += size;
    },
  };
}
