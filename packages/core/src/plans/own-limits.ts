import type { Limit, RequestRate } from './limit.js';

/** Limits of a caller's own: each in place of its plan's limit of the same unit, period and scope, otherwise beside its plan's. */
export interface OwnLimits {
  /** Limits counted by `budget`. */
  readonly limits: readonly Limit[];
  /** Limits counted by `rateLimit`. */
  readonly requests: readonly RequestRate[];
}
