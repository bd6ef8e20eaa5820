import { accepts, checkOptions } from '@tollgate/core/internal';
import type { PlanPrice } from '@tollgate/reports';
import type { AdminApp } from './api/admin-app.js';
import type { Authorize } from './api/identity.js';

/** Options of {@link admin}. */
export interface AdminOptions {
  /** The app, as `tollgate()` returns it. */
  tg: AdminApp;
  /**
   * Finds out who makes a request: `{ name, role, tenant? }`, or nothing for a 401. There is no default: the router does not start without
   * it.
   */
  authorize: Authorize;
  /** The price of each plan for its customers, for bills and margins, as `reports()` takes it. @defaultValue {} (the cost of the usage) */
  prices?: Readonly<Record<string, PlanPrice>>;
  /**
   * Scopes that operators who are limited to a tenant may give to keys: a scope such as `admin` could open more than their tenant.
   * @defaultValue [] (none)
   */
  grantableScopes?: readonly string[];
  /** How long a change waits for a process to confirm that it applies it. Milliseconds, 100 to 30 000. @defaultValue 3_000 (3 s) */
  confirmMs?: number;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Throws a `TypeError` for a wrong, unknown or missing option. */
export function readOptions(options: AdminOptions): Required<AdminOptions> {
  checkOptions<AdminOptions>(
    'admin',
    options,
    {
      tg: (value) => isApp(value) || 'the result of tollgate()',
      authorize: (value) =>
        typeof value === 'function' ||
        'a function that returns { name, role, tenant? } for those who may use this, and nothing for others',
      prices: accepts.object,
      grantableScopes: accepts.arrayOf(accepts.string),
      confirmMs: accepts.integerBetween(100, 30_000),
      now: accepts.function,
    },
    ['tg', 'authorize'],
  );
  return { prices: {}, grantableScopes: [], confirmMs: 3_000, now: Date.now, ...options };
}

function isApp(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { plans, store }: Partial<Record<keyof AdminApp, unknown>> = value;
  return accepts.object(plans) === true && accepts.methods('read', 'reserve')(store) === true;
}
