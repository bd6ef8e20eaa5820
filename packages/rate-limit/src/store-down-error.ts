/** The store did not count, and the app has disabled counting in memory. Never leaves this package. */
export class StoreDownError extends Error {
  override readonly name = 'StoreDownError';

  constructor(cause: unknown) {
    super('the store of the rate limit did not answer', { cause });
  }
}
