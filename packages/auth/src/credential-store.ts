import { publish, StoreClient } from '@tollgate/core/internal';

/** The deadline and the breaker in front of a store that credentials are verified with; failed calls are published under its name. */
export function credentialStore<Store extends object>(
  name: 'keys' | 'jwks' | 'overrides' | 'revocations',
  store: Store,
  { deadlineMs, now }: { readonly deadlineMs: number; readonly now: () => number },
): StoreClient<Store> {
  const failed = (_: string, error: unknown): void =>
    publish('tollgate:store', () => ({ store: name, outcome: 'failed', error: String(error) }));
  return new StoreClient(store, { deadlineMs, now, failed });
}
