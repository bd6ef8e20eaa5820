import type { UsageEvent } from '@tollgate/core';
import type { ChargeRequest, RenewRequest, RunningCost } from '@tollgate/core/internal';

/** A charge without a usage event, because another writer writes the event. */
export type QuietCharge = Omit<ChargeRequest, 'event'> & {
  readonly event: UsageEvent | undefined;
  /** It has been published already. */
  readonly isQuiet?: boolean;
};

/** A renewal whose running attempts need no usage event. */
export type QuietRenewal = Omit<RenewRequest, 'running'> & {
  readonly running: readonly (Omit<RunningCost, 'event'> & { readonly event?: UsageEvent })[];
};
