import type { Caller, Limit, LimitOverride, Plans } from '@tollgate/core';
import {
  accepts,
  acceptsPlans,
  type CalendarWindow,
  type CounterWindow,
  calendarSpan,
  checkOptions,
  type LimitOverrides,
  limitsFor,
  newCounter,
  ownLimitsOf,
  type QuotaCounter,
} from '@tollgate/core/internal';
import type { Database } from '@tollgate/postgres';
import { lastSeenWithinS, longestWindowMs, spentIn } from '@tollgate/postgres/internal';

/** Whose caps are looked at. */
export interface CapQuery {
  /** From `definePlans`, as the app has them. */
  plans: Plans;
  /** Where limits of single tenants, teams, users and keys are: `registry().overrides`. @defaultValue none */
  overrides?: LimitOverrides & { list?(filter: object): Promise<readonly LimitOverride[]> };
  /** Of one tenant only. */
  tenant?: string;
  /** Caps of which at least this share is used, 0 to 1. @defaultValue 0 */
  above?: number;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** A cap of one tenant, team, user or key in its running window. Amounts are integers in the unit (nano-dollars for `usd`). */
export interface CapUsage {
  readonly tenant: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly key: string | null;
  readonly limit: string;
  readonly unit: string;
  readonly cap: number;
  readonly used: number;
  /** Used ÷ cap, 1 for a cap of 0; above 1 where more was used than allowed, or the cap was lowered. */
  readonly share: number;
  readonly window: string;
  /** For `store.read(tenant, [counter])`, which knows the running holds. */
  readonly counter: QuotaCounter;
  /** When the window began, ISO 8601. */
  readonly startsAt: string;
  /** When the window ends, ISO 8601. */
  readonly resetsAt: string;
}

/**
 * What is used of every cap, of everybody who has used anything in the last 32 days, the largest share first. Tells calendar windows within
 * tenants, from the ledger, a moment behind the counters; buckets, `concurrent` and rates of requests have no sums there. Throws a `TypeError` for
 * a wrong query.
 */
export async function capUsage(database: Database, query: CapQuery): Promise<CapUsage[]> {
  checkOptions<CapQuery>(
    'capUsage',
    query,
    {
      ...{ plans: acceptsPlans, overrides: accepts.methods('find'), tenant: accepts.string },
      above: (value) => (typeof value === 'number' && value >= 0 && value <= 1) || 'a number from 0 to 1',
      now: accepts.function,
    },
    ['plans'],
  );
  const { plans, overrides, above = 0, now = Date.now } = query;
  const nowMs = now();
  const caps = new Map<string, Omit<CapUsage, 'used' | 'share'>>();
  const asked = new Map<string, CounterWindow>();
  const spans = new Map<CalendarWindow, { id: string; startsAt: string; resetsAt: string }>();
  const spanOf = (window: CalendarWindow) => {
    const known = spans.get(window);
    if (known) return known;
    const { id, startMs, endMs } = calendarSpan(window, nowMs);
    const span = {
      id,
      startsAt: new Date(startMs).toISOString(),
      resetsAt: new Date(endMs).toISOString(),
    };
    spans.set(window, span);
    return span;
  };
  const ofTenant = await overridesOf(query);
  const isWhole = overrides?.list !== undefined && query.tenant === undefined;
  for (const caller of await callersSince(database, nowMs - longestWindowMs, query.tenant)) {
    const { tenant } = caller;
    const known = ofTenant.get(tenant) ?? (isWhole ? [] : ((await overrides?.find(tenant)) ?? []));
    ofTenant.set(tenant, known);
    const plan = Object.hasOwn(plans, caller.plan) ? plans[caller.plan] : undefined;
    for (const limit of limitsFor(plan, { limits: ownLimitsOf(known, caller) }).limits) {
      const { window } = limit;
      if (window.kind !== 'calendar' || !isOfCaller(limit)) continue;
      const counted = newCounter(limit, { caller });
      const { counter, unit } = counted;
      const { id, startsAt, resetsAt } = spanOf(window);
      const of = (part: string, value: string | undefined) =>
        limit.scope.some((one) => one === part) ? (value ?? null) : null;
      asked.set(counter, { counter, window: id });
      caps.set(counter, {
        ...{
          tenant,
          team: of('team', caller.team),
          user: of('user', caller.user),
          key: of('key', caller.keyId),
        },
        ...{
          limit: limit.name,
          unit,
          cap: limit.amount,
          window: id,
          counter: counted,
          startsAt,
          resetsAt,
        },
      });
    }
  }
  const spent = await spentIn(database, [...asked.values()]);
  return [...caps.values()]
    .map((cap, index) => {
      const used = spent[index] ?? 0;
      return { ...cap, used, share: cap.cap === 0 ? 1 : used / cap.cap };
    })
    .filter(({ share }) => share >= above)
    .sort((one, other) => other.share - one.share);
}

/** The overrides that are known at once, by tenant: one query instead of one for each tenant. */
async function overridesOf({ overrides, tenant }: CapQuery): Promise<Map<string, readonly LimitOverride[]>> {
  const found = new Map<string, LimitOverride[]>();
  if (!overrides?.list || tenant !== undefined) return found;
  for (const override of await overrides.list({})) {
    found.set(override.tenant, [...(found.get(override.tenant) ?? []), override]);
  }
  return found;
}

const within = new Set(['tenant', 'team', 'user', 'key']);

function isOfCaller({ scope }: Limit): boolean {
  return scope.every((part) => typeof part === 'string' && within.has(part));
}

/** Everybody who has used anything since, on the plan that was last seen. */
async function callersSince(
  database: Database,
  sinceMs: number,
  tenant: string | undefined,
): Promise<Caller[]> {
  await database.ready();
  let select = database.query
    .selectFrom('callers')
    .selectAll()
    .where('last_at', '>=', new Date(sinceMs - lastSeenWithinS * 1_000));
  if (tenant !== undefined) select = select.where('tenant', '=', tenant.replaceAll('\0', '\uFFFD'));
  return (await select.execute()).map(({ tenant: id, team, user_id: user, key_id: key, plan }) => ({
    ...{ id: key ?? user ?? id, tenant: id, plan, scopes: [], labels: {} },
    ...{ team: team ?? undefined, user: user ?? undefined, keyId: key ?? undefined },
  }));
}
