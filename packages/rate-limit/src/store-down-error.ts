/** The store did not count, and the app has chosen not to count in memory meanwhile. Never leaves this package. */
export class StoreDownError extends Error {
  override readonly name = 'StoreDownError';

  constructor(cause: unknown) {
    super('the store of the rate limit did not answer', { cause });
  }
}
