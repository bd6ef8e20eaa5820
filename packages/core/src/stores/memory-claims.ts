import { randomBytes } from 'node:crypto';
import { accepts, checkOptions } from '../lib/options.js';
import type { ClaimStore } from './claim-store.js';

/** Options of {@link memoryClaims}. */
export interface MemoryClaimsOptions {
  /** The most claims at once, 1 to 10 000 000; beyond, none is granted. @defaultValue 100_000 */
  maxClaims?: number;
  /** Clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Claims within one process; a restart ends them and changes the secrets. Throws a `TypeError` for a wrong or unknown option. */
export function memoryClaims(options: MemoryClaimsOptions = {}): ClaimStore {
  checkOptions<MemoryClaimsOptions>('memoryClaims', options, {
    maxClaims: accepts.integerBetween(1, 10_000_000),
    now: accepts.function,
  });
  const { maxClaims = 100_000, now = Date.now } = options;
  const untilMs = new Map<string, number>();
  const secrets = new Map<string, Uint8Array>();
  /** The earliest expiry or before: until then no search is needed. */
  let firstEndMs = Number.POSITIVE_INFINITY;
  const makeRoom = (nowMs: number): boolean => {
    if (untilMs.size < maxClaims) return true;
    if (nowMs < firstEndMs) return false;
    firstEndMs = Number.POSITIVE_INFINITY;
    for (const [name, endMs] of untilMs) {
      if (endMs <= nowMs) untilMs.delete(name);
      else firstEndMs = Math.min(firstEndMs, endMs);
    }
    return untilMs.size < maxClaims;
  };
  return {
    async claim(name, forMs) {
      const nowMs = now();
      if ((untilMs.get(name) ?? Number.NEGATIVE_INFINITY) > nowMs || !makeRoom(nowMs)) return false;
      untilMs.set(name, nowMs + forMs);
      firstEndMs = Math.min(firstEndMs, nowMs + forMs);
      return true;
    },
    async secret(name) {
      const secret = secrets.get(name) ?? randomBytes(32);
      secrets.set(name, secret);
      return secret;
    },
  };
}
