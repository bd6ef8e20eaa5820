import type { Request, RequestHandler } from 'express';
import { outcomeOf } from './credential-outcome.js';

/** A strategy as `passport.use(name, strategy)` takes it. */
export interface PassportStrategy {
  name: string;
  authenticate(req: Request, options?: object): void;
}

/** As much of passport as {@link authenticate} needs: an app's own instance, or `passport` itself. */
export interface PassportLike {
  authenticate(strategy: PassportStrategy, options: { session: boolean }): RequestHandler;
}

/** The methods that passport adds to a request, such as `isAuthenticated()`. A handler must also find them on requests that skip passport. */
export function requestMethodsOf(passport: PassportLike): object {
  const request = Object.create(null);
  const response = Object.create(null);
  const idle: PassportStrategy = { name: 'tollgate-probe', authenticate: () => undefined };
  passport.authenticate(idle, { session: false })(request, response, () => undefined);
  return { ...request };
}

/**
 * Adds passport's methods to a request through the prototype that all requests of its app share: setting them on each request would cost
 * several times as much as a cached credential.
 */
export function lendRequestMethods(req: Request, methods: object): void {
  if (!Reflect.has(req, 'isAuthenticated') && Reflect.has(req, 'app'))
    Object.assign(Object.getPrototypeOf(req), methods);
}

/**
 * A strategy for one request that reports a wrong credential as an error. passport's own way of failing writes to the response, and makes its
 * error by `arguments.callee`, which throws where an app is bundled as an ES module.
 */
export function failingByError(strategy: PassportStrategy, req: Request): PassportStrategy {
  const attempt: PassportStrategy & { error?: (error: unknown) => void } = Object.create(strategy);
  const fail = (): void =>
    attempt.error?.(outcomeOf(req) ?? new Error('authenticate: the credential was refused without a reason'));
  return Object.defineProperty(attempt, 'fail', { get: () => fail, set: () => undefined });
}
