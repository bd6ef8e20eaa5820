import type { AdjustRequest, QuotaStore } from './quota-store.js';

/** Corrects the counters of a store; one that cannot keeps what was charged, and the adjustment is recorded all the same. */
export async function adjusted(store: QuotaStore, request: AdjustRequest): Promise<boolean> {
  return store.adjust ? store.adjust(request) : request.recorded();
}
