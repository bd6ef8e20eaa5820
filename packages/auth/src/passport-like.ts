import type { Request, RequestHandler } from 'express';

/** A strategy as `passport.use(name, strategy)` takes it. */
export interface PassportStrategy {
  name: string;
  authenticate(req: Request, options?: object): void;
}

/** As much of passport as {@link authenticate} needs: an app's own instance, or `passport` itself. */
export interface PassportLike {
  authenticate(
    strategy: PassportStrategy,
    options: { session: boolean; failWithError: boolean },
  ): RequestHandler;
}

/**
 * What passport puts on a request that it handles (`isAuthenticated()` and the like), for requests that are spared it: a
 * handler must find the same on both.
 */
export function requestMethodsOf(passport: PassportLike): object {
  const request = Object.create(null);
  const response = Object.create(null);
  const idle: PassportStrategy = { name: 'tollgate-probe', authenticate: () => undefined };
  passport.authenticate(idle, { session: false, failWithError: true })(request, response, () => undefined);
  return { ...request };
}
