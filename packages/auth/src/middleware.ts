import {
  type Caller,
  contextOf,
  guarded,
  isTollgateError,
  type KeyStore,
  type Plans,
  refuse,
  type TollgateError,
} from '@tollgate/core';
import {
  checkedCaller,
  type GivenCaller,
  jobRunOf,
  lostHeadersRefusal,
  planOf,
  runInContext,
  warnOnce,
  whenReady,
} from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import passportModule from 'passport';
import { credentialOf } from './credential.js';
import { outcomeOf } from './credential-outcome.js';
import { modelPermission } from './model-permission.js';
import { type AuthenticateOptions, checkAuthenticateOptions } from './options.js';
import { publishOutcome } from './outcome.js';
import { OverrideCache } from './override-cache.js';
import { failingByError, lendRequestMethods, type PassportLike, requestMethodsOf } from './passport-like.js';
import { routesOf } from './strategies.js';

/** Of an app that identifies all its callers itself: every key is unknown. */
const noKeys: KeyStore = Object.freeze({ find: async () => undefined });

const withoutSession = Object.freeze({ session: false });

/**
 * Turns the request's credential into `req.tollgate.caller` (and `req.user`), or refuses: 401 without a valid one, 400 with more than one,
 * 431 where Node has dropped some of its header fields, 429 after too many wrong ones from its network, 503 while it cannot be verified.
 * Checks the model of every call against the credential and its plan. A deferred request that `jobs()` runs now already has its caller.
 * Mount it before everything that counts or costs.
 */
export function authenticate(options: AuthenticateOptions): RequestHandler {
  checkAuthenticateOptions(options);
  const { plans, mode = 'enforce', caller: identify } = options;
  const passport: PassportLike = options.passport ?? new passportModule.Passport();
  const { keys, jwt, children } = options;
  const routeFor = routesOf(keys || jwt || children ? options : { ...options, keys: noKeys });
  const passportMethods = requestMethodsOf(passport);
  const book = bookOf(options);

  return guarded('authenticateMiddleware', (req, res, next) => {
    if (mode === 'off') return next();
    const context = contextOf(req, res, options.now);
    if (context.caller) {
      warnOnce(
        'TOLLGATE_W_MOUNTED_TWICE',
        'authenticate() is mounted twice on one way; the last one decides',
      );
    }
    const turnAway = (error: TollgateError, caller?: Caller): void => {
      publishOutcome(context, error.code, mode, caller);
      refuse(req, res, next, error, options);
    };
    const letIn = (found: Caller, outcome: 'verified' | 'remembered' | 'deferred'): void | Promise<void> => {
      const unknownPlan = plans && unknownPlanOf(plans, found);
      if (unknownPlan) return turnAway(unknownPlan, found);
      const refused = (error: unknown): void => {
        if (isTollgateError(error)) turnAway(error, found);
        else next(error);
      };
      try {
        return whenReady(book ? book.apply(found) : found, (caller) => enter(caller, outcome), refused);
      } catch (error) {
        return refused(error);
      }
    };
    const enter = (caller: Caller, outcome: 'verified' | 'remembered' | 'deferred'): void => {
      context.caller = caller;
      Object.assign(req, { user: caller });
      context.calls.use(modelPermission(context, plans));
      publishOutcome(context, outcome, mode, caller);
      runInContext(context, next);
    };

    const run = jobRunOf(req);
    if (run) return letIn(run.caller, 'deferred');
    const lost = lostHeadersRefusal(req);
    if (lost) return turnAway(lost);
    if (!identify) return byCredential();
    const identified = (given: GivenCaller | undefined): void | Promise<void> =>
      given === undefined
        ? byCredential()
        : letIn(checkedCaller('authenticate: caller()', given), 'verified');
    const given = identify(req);
    return given instanceof Promise ? given.then(identified) : identified(given);

    function byCredential(): void | Promise<void> {
      const found = credentialOf(req);
      const text = found.kind === 'one' ? found.text : '';
      const { cache, strategy } = routeFor(text);
      const remembered = text === '' ? undefined : cache.cached(text);
      if (remembered) {
        lendRequestMethods(req, passportMethods);
        return letIn(remembered, 'remembered');
      }
      passport.authenticate(failingByError(strategy, req), withoutSession)(req, res, (error: unknown) => {
        const outcome = outcomeOf(req);
        if (!error && outcome && !isTollgateError(outcome)) return letIn(outcome, 'verified');
        const refusal = isTollgateError(error) ? error : outcome;
        if (refusal && isTollgateError(refusal)) turnAway(refusal);
        else next(error);
      });
    }
  });
}

function bookOf({
  overrides,
  storeDeadlineMs: deadlineMs = 2_000,
  maxRemembered: maxTenants = 10_000,
  now = Date.now,
}: AuthenticateOptions): OverrideCache | undefined {
  return overrides && new OverrideCache({ overrides, deadlineMs, maxTenants, now });
}

function unknownPlanOf(plans: Plans, caller: Caller): TollgateError | undefined {
  try {
    planOf(plans, caller);
    return undefined;
  } catch (error) {
    if (isTollgateError(error)) return error;
    throw error;
  }
}
