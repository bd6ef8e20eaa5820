import type { Plans, QuotaStore, SwitchStore } from '@tollgate/core';
import type { PriceCatalogue } from '@tollgate/meter';
import type { Ledger, Registry, SpoolStatus } from '@tollgate/postgres';

/** A request that holds a reservation, as `tg.running()` returns it. */
interface AdminRunning {
  readonly requestId: string;
  readonly tenant: string;
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly keyId: string | undefined;
  readonly plan: string;
  readonly route: string | undefined;
  readonly startedAtMs: number;
  readonly reservations: readonly string[];
  readonly calls: number;
  readonly estimateNanoUsd: number;
  readonly costNanoUsd: number;
}

/** A deferred request, as `tg.jobs.list()` returns it. */
interface AdminJob {
  readonly id: string;
  readonly tenant: string;
  readonly keyId: string | undefined;
  readonly plan: string;
  readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'expired';
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly dueAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly tries: number;
  readonly error: string | undefined;
}

/** Parts that an app may lack; routes that need one answer 404 then. */
export type AppPart = 'ledger' | 'registry' | 'switch' | 'jobs';

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
  /** Deferred requests; absent: the app defers none. */
  readonly jobs?:
    | { list(query: { tenant?: string | undefined; limit: number }): Promise<readonly AdminJob[]> }
    | undefined;
  /** Requests of this process that hold a reservation. */
  running?(): readonly AdminRunning[];
  /** What waits on its way into the ledger. */
  backlog?(): Promise<{
    readonly settlements: number;
    readonly spool: SpoolStatus | undefined;
    readonly outbox: { readonly waiting: number; readonly dead: number } | undefined;
  }>;
  /** Absent: those of the catalogue. */
  readonly prices?: PriceCatalogue | undefined;
  readonly isReady: boolean;
  readonly inFlight: number;
  readonly unverified: number;
  readonly fromGrace: number;
}
