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

/** The methods that passport adds to a request, such as `isAuthenticated()`. A handler must also find them on requests that skip passport. */
export function requestMethodsOf(passport: PassportLike): object {
  const request = Object.create(null);
  const response = Object.create(null);
  const idle: PassportStrategy = { name: 'tollgate-probe', authenticate: () => undefined };
  passport.authenticate(idle, { session: false, failWithError: true })(request, response, () => undefined);
  return { ...request };
}

/**
 * Lends passport's methods to a request, by way of what all requests of its app inherit from: set on each request they would
 * cost several times what a remembered credential does.
 */
export function lendRequestMethods(req: Request, methods: object): void {
  if (!Reflect.has(req, 'isAuthenticated') && Reflect.has(req, 'app'))
    Object.assign(Object.getPrototypeOf(req), methods);
}
