import type { RateLimitInfo } from 'express-rate-limit';

/**
 * The request object for express-rate-limit, one for each rate of each HTTP request. Our own functions read its fields and write its count;
 * express-rate-limit itself only prints `originalUrl` and `ip` when its debug log is on.
 */
export class PendingCount {
  readonly originalUrl = '';
  readonly ip = undefined;
  /** Written by express-rate-limit (`requestPropertyName`). */
  counted: RateLimitInfo | undefined = undefined;
  /** Written by its handler. */
  over = false;

  constructor(
    readonly key: string,
    readonly limit: number,
    /** Called once: counted, or failed with this error. */
    readonly done: (pending: PendingCount, error: unknown) => void,
  ) {}
}

/** The turn that express-rate-limit hands back to our functions as its request. */
export function pendingCountOf(request: object): PendingCount {
  if (request instanceof PendingCount) return request;
  throw new TypeError('rateLimit: express-rate-limit was called with a foreign request');
}
