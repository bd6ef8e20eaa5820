import type { QuotaStore } from '@tollgate/core';
import type {
  AdjustRequest,
  ChargeRequest,
  ChargeResult,
  CloseRequest,
  CoverRequest,
  ExtendRequest,
  RenewRequest,
  ReserveRequest,
  ReserveResult,
} from '@tollgate/core/internal';

/** The request that a command was turned into. */
export type QuotaRequest =
  | { readonly does: 'reserve'; readonly request: ReserveRequest }
  | { readonly does: 'extend'; readonly request: ExtendRequest }
  | { readonly does: 'cover'; readonly request: CoverRequest }
  | { readonly does: 'charge'; readonly request: ChargeRequest }
  | { readonly does: 'renew'; readonly request: RenewRequest }
  | { readonly does: 'close'; readonly request: CloseRequest }
  | { readonly does: 'adjust'; readonly request: AdjustRequest };

export type QuotaAnswer = ReserveResult | ChargeResult | boolean | undefined;

/** Makes a request of a store. */
export async function ask(store: QuotaStore, asked: QuotaRequest): Promise<QuotaAnswer> {
  switch (asked.does) {
    case 'reserve':
      return store.reserve(asked.request);
    case 'extend':
      return store.extend(asked.request);
    case 'cover':
      return store.cover(asked.request);
    case 'charge':
      return store.charge(asked.request);
    case 'renew':
      return store.renew(asked.request);
    case 'close':
      await store.close(asked.request);
      return undefined;
    case 'adjust':
      return store.adjust?.(asked.request);
  }
}
