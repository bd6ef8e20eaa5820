import { OverrideCache } from '@tollgate/auth/internal';
import type { LimitOverrides } from '@tollgate/core/internal';
import { type Registry, registry } from '@tollgate/postgres';
import { type Alerts, type AlertsOptions, alerts } from '@tollgate/watch';
import type { Stores } from './stores.js';
import type { TollgateOptions } from './tollgate-options.js';

/** Incidents are shared where stores are; those of budgets contain the ledger's figures. */
export function alertsOn({ alerts: store, ledger }: Stores, options: AlertsOptions): Alerts {
  const unresolved = async (counter: string, window: string) =>
    (await ledger?.unresolvedIn(undefined, [{ counter, window }]))?.[0];
  return alerts({ ...(store && { store }), ...(ledger && { unresolved }), ...options });
}

/** Keys and limits of the app's database, unless it finds its callers otherwise. */
export function registryOf({ keys, jwt }: TollgateOptions, { ledger }: Stores): Registry | undefined {
  return keys || jwt || !ledger ? undefined : registry({ database: ledger.database });
}

/** For callers without a request: those of requests are looked up by `authenticate()`. */
export function bookOf(
  overrides: LimitOverrides | undefined,
  { authenticate: more = {} }: TollgateOptions,
): OverrideCache | undefined {
  const { storeDeadlineMs: deadlineMs = 2_000, maxRemembered: maxTenants = 10_000, now = Date.now } = more;
  return overrides && new OverrideCache({ overrides, deadlineMs, maxTenants, now });
}
