import type { Plans, QuotaStore, SwitchStore } from '@tollgate/core';
import type { Ledger, Registry } from '@tollgate/postgres';

/** The parts of an app that the admin API shows and changes: the result of `tollgate()` has them. */
export interface AdminApp {
  readonly plans: Plans;
  readonly store: QuotaStore;
  /** Absent: no usage, bills and exports. */
  readonly ledger: Ledger | undefined;
  /** Absent: keys, tenants and overrides are not in the database, and are neither shown nor changed. */
  readonly registry: Registry | undefined;
  /** Absent: nothing can be switched off. */
  readonly switch: SwitchStore | undefined;
  readonly isReady: boolean;
  readonly inFlight: number;
  readonly unverified: number;
  readonly fromGrace: number;
}
