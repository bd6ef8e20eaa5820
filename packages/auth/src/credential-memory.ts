import * as crypto from 'node:crypto';
import type { Caller } from '@tollgate/core';
import { parentIdOf } from './parent-id.js';
import type { Verified } from './verifier.js';

/** A credential that was verified. */
export interface Remembered {
  readonly caller: Caller;
  /** Looks it up again. Absent for tokens. */
  readonly revalidate?: (() => Promise<Verified | undefined>) | undefined;
  /** When the look-up that verified it began, ms since the epoch. */
  checkedAtMs: number;
  /** When the credential itself ends, ms since the epoch; checked on every hit. */
  validUntilMs: number;
  /** A look-up in the background is running. */
  refreshing: boolean;
  /** Was hit since the last sweep. */
  used: boolean;
}

/** `crypto.hash` (Node 20.12) does without the stream object that `createHash` makes. */
const sha256: (text: string) => string =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text, 'base64url')
    : (text) => crypto.createHash('sha256').update(text).digest('base64url');

/** The key of a credential's cache entry: a hash, never the credential itself. */
export const fingerprintOf = sha256;

/** Verified credentials by fingerprint, bounded by count: those not hit lately go first. */
export class CredentialMemory {
  readonly #entries = new Map<string, Remembered>();

  constructor(private readonly maxEntries: number) {}

  get size(): number {
    return this.#entries.size;
  }

  get(fingerprint: string): Remembered | undefined {
    const entry = this.#entries.get(fingerprint);
    if (entry) entry.used = true;
    return entry;
  }

  set(fingerprint: string, entry: Remembered): void {
    this.#entries.delete(fingerprint);
    this.#entries.set(fingerprint, entry);
    if (this.#entries.size > this.maxEntries) this.#evictBut(fingerprint);
  }

  delete(fingerprint: string): void {
    this.#entries.delete(fingerprint);
  }

  /** Forgets every secret of a key and all that was minted from it, or one child credential. */
  forget(id: string): void {
    for (const [fingerprint, { caller }] of this.#entries) {
      if (
        caller.keyId === id ||
        caller.childId === id ||
        (caller.childId !== undefined && parentIdOf(caller) === id)
      ) {
        this.#entries.delete(fingerprint);
      }
    }
  }

  /** Second chance: an entry that was hit goes to the back of the queue once, so the loop ends. */
  #evictBut(newest: string): void {
    for (const [fingerprint, entry] of this.#entries) {
      if (fingerprint === newest) continue;
      this.#entries.delete(fingerprint);
      if (!entry.used) return;
      entry.used = false;
      this.#entries.set(fingerprint, entry);
    }
  }
}
