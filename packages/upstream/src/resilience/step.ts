import type { ProviderAmounts } from '@tollgate/core/internal';
import type { Target } from '../call/target.js';
import type { PacerGrant } from '../pace/waiting-line.js';
import type { ProviderKey } from '../provider/key-ring.js';

/** Why an attempt is made. */
export type StepReason = 'first' | 'retry' | 'fallback' | 'hedge';

/** One attempt that is to be made. */
export interface Step {
  readonly target: Target;
  readonly key: ProviderKey | undefined;
  /** To wait before it, in milliseconds. */
  readonly afterMs: number;
  readonly reason: StepReason;
  /** Another candidate follows a refusal: it is not the request's. */
  readonly alternative: boolean;
  readonly index: number;
  /** How long it may wait for its turn, in milliseconds. */
  readonly patienceMs: number;
  /** Its place in the books of the provider's rate limits, once it has had its turn. */
  turn?: PacerGrant | undefined;
}

/** The tenant of a call, and its amounts of a provider's rate limits. */
export interface CallWeight {
  readonly tenant: string;
  readonly size: ProviderAmounts;
}

/** Whether an attempt may be made. `late`: it got no turn in time; `open`: its target's breaker is open; `gone`: the call is no longer wanted. */
export type Going = 'go' | 'late' | 'open' | 'gone';
