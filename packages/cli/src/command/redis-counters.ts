import type { QuotaStore } from '@tollgate/core';
import type { CalendarPeriod, QuotaCounter, Unit, WindowSpend } from '@tollgate/core/internal';

/** A counter that differs from the ledger, in its unit. */
interface CounterGap {
  readonly counter: string;
  readonly window: string;
  readonly counted: number;
  readonly ledger: number;
  /** Reserved by requests that run: not settled yet. */
  readonly held: number;
}

/** The result of a comparison of counters. */
export interface CounterCheck {
  readonly compared: number;
  /** Windows of buckets, of wide scopes, of names kept by their hash, and those that have ended meanwhile. */
  readonly skipped: number;
  readonly gaps: readonly CounterGap[];
}

/** A counter within a tenant, parsed from its name; `undefined` for another. */
export function counterNamed(name: string): { tenant: string; counter: QuotaCounter } | undefined {
  const parts = /^(\w+)\/(minute|hour|day|week|month)(?:@(.+?))?(?:\+(\d+))?\/tenant=([^/]*)(?:\/|$)/.exec(
    name,
  );
  if (!parts) return undefined;
  const [, unit = '', period = '', timeZone = 'UTC', anchor = '1', tenant = ''] = parts;
  if (tenant.startsWith('sha256-')) return undefined;
  const window = {
    kind: 'calendar',
    period: period as CalendarPeriod,
    timeZone,
    anchorDay: Number(anchor),
  } as const;
  const limit = Number.MAX_SAFE_INTEGER;
  const counter = { counter: name, unit: unit as Unit, limit, window, wide: false, soft: true };
  return { tenant: decodeURIComponent(tenant), counter };
}

/** Compares the counters of open windows with the ledger's charges to them. Rejects where the store is away. */
export async function checkCounters(store: QuotaStore, spent: readonly WindowSpend[]): Promise<CounterCheck> {
  const byTenant = new Map<string, { counter: QuotaCounter; spend: WindowSpend }[]>();
  for (const spend of spent) {
    const named = counterNamed(spend.counter);
    if (!named) continue;
    const { tenant, counter } = named;
    byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), { counter, spend }]);
  }
  let compared = 0;
  const gaps: CounterGap[] = [];
  for (const [tenant, asked] of byTenant) {
    const states = await store.read(
      tenant,
      asked.map(({ counter }) => counter),
    );
    for (const [index, { spend }] of asked.entries()) {
      const state = states[index];
      if (state?.window !== spend.window) continue;
      compared += 1;
      if (state.used === spend.amount) continue;
      const { counter, window, amount } = spend;
      gaps.push({ counter, window, counted: state.used, ledger: amount, held: state.held });
    }
  }
  return { compared, skipped: spent.length - compared, gaps };
}
