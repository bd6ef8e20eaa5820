import { setTimeout as delay } from 'node:timers/promises';
import type { ClaimStore } from '@tollgate/core';
import type { IssuedKey } from '@tollgate/core/internal';
import type { Finding } from '../detectors/finding.js';
import type { Executor } from './step.js';

/** A key with a new secret, for its owner. */
export interface RotatedKey {
  readonly keyId: string;
  /** The whole new key. It is shown here once and kept nowhere. */
  readonly key: string;
  readonly tenant: string | undefined;
  /** Until when the one before it is accepted, ms since the epoch. */
  readonly oldEndsAtMs: number;
  /** Why. */
  readonly finding: Finding;
}

/** How compromised keys are rotated. */
export interface Rotation {
  /** Whose keys: `memoryKeys()`, or `registry().keys` of `@tollgate/postgres`. */
  readonly keys: {
    rotate(keyId: string, options: { overlapMs: number }): IssuedKey | Promise<IssuedKey>;
  };
  /**
   * Delivers the new key to its owner, by a way that a thief of the old key cannot read: an e-mail to the account's address, a secret
   * manager. Its errors are caught; it is then called again, for five minutes at most.
   */
  readonly deliver: (rotated: RotatedKey) => void | Promise<void>;
}

const pausesMs: readonly number[] = [1_000, 5_000, 30_000, 120_000, 144_000];

/** Rotates a key, in one process of all, and hands it over. `pausesMs`: between attempts to deliver. */
export function rotating(
  { keys, deliver }: Rotation,
  claims: ClaimStore,
  now: () => number,
  pauses: readonly number[] = pausesMs,
): Executor<'rotate'> {
  /** Claimed here, and not rotated yet since the key store failed. */
  const begun = new Set<string>();
  return async ({ finding, action: { overlapMs }, target, lengthMs }) => {
    const keyId = target.name;
    let key: string;
    let oldEndsAtMs: number;
    try {
      if (!begun.has(keyId) && !(await claims.claim(`rotation ${keyId}`, lengthMs))) return 'done-already';
      begun.add(keyId);
      oldEndsAtMs = now() + overlapMs;
      ({ key } = await keys.rotate(keyId, { overlapMs }));
      begun.delete(keyId);
    } catch {
      return 'failed';
    }
    const rotated = Object.freeze({ keyId, key, tenant: target.tenant, oldEndsAtMs, finding });
    for (const pauseMs of [...pauses, undefined]) {
      try {
        await deliver(rotated);
        return 'applied';
      } catch {
        if (pauseMs !== undefined) await delay(pauseMs, undefined, { ref: false });
      }
    }
    return 'undelivered';
  };
}
