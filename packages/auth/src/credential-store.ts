import { asPromise, publish, StoreClient, StorePausedError } from '@tollgate/core/internal';

/** How a {@link CredentialStore} is set up. */
export interface CredentialStoreSettings {
  /** Name of the store in published events. */
  readonly store: 'keys' | 'jwks' | 'overrides' | 'revocations';
  /** How long one call may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly now: () => number;
}

/** A store that credentials are verified with, behind a {@link StoreClient}; failed calls are published. */
export class CredentialStore {
  readonly #client: StoreClient;

  constructor(private readonly settings: CredentialStoreSettings) {
    this.#client = new StoreClient(settings);
  }

  /** Rejects when the store fails or is too slow, and at once while calls are paused. */
  run<Result>(ask: () => Promise<Result>): Promise<Result> {
    return asPromise(this.#client.run(ask)).catch((error: unknown) => {
      const { store } = this.settings;
      if (!(error instanceof StorePausedError)) {
        publish('tollgate:store', () => ({ store, outcome: 'failed', error: String(error) }));
      }
      throw error;
    });
  }
}
