import type { CallerIdentity } from './caller-identity.js';
import type { LimitReduction } from './limit-reduction.js';
import type { OwnLimits } from './own-limits.js';

/**
 * The authenticated principal. Written by `auth` only, from verified credentials; never from a client's body or headers.
 * Limits, models and money are counted against it.
 */
export interface Caller extends CallerIdentity {
  /** The caller's own limits, beside or instead of its plan's. Absent: none. */
  readonly limits?: OwnLimits | undefined;
  /** How far its limits are tightened for now. Written by `watch` only, on a copy that takes the caller's place. Absent: not at all. */
  readonly tightened?: LimitReduction | undefined;
}
