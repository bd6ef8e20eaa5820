import type { QuotaStore } from '@tollgate/core';
import type { CounterState } from '@tollgate/core/internal';
import { traceCounters, traceTenantName, traceTenants } from './quota-trace.js';

const tenants = Array.from({ length: traceTenants }, (_, tenant) => ({
  partition: traceTenantName(tenant),
  counters: traceCounters(tenant),
}));

/** The state of every counter of every tenant of a trace, or of one of them. */
export async function statesOf(store: QuotaStore, only?: string): Promise<CounterState[]> {
  const states = tenants.map(({ partition, counters }) =>
    only === undefined || partition === only ? store.read(partition, counters) : [],
  );
  return (await Promise.all(states)).flat();
}
