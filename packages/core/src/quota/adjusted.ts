import type { AdjustRequest, QuotaStore } from './quota-store.js';

/** Corrects the counters of a store; a store that cannot keeps its charges, and the adjustment is recorded all the same. */
export async function adjusted(store: QuotaStore, request: AdjustRequest): Promise<boolean> {
  return store.adjust ? store.adjust(request) : request.recorded();
}
