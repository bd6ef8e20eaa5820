import { type Caller, contextOf, guarded, refuse } from '@tollgate/core';
import { jobRunOf, runInContext, warnOfManyProcesses, warnOnce } from '@tollgate/core/internal';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ConcurrencyLimiter } from './concurrency-limiter.js';
import { unknownPriorityError } from './errors.js';
import { type ConcurrencyOptions, type PriorityHeader, readOptions } from './options.js';
import { type Decision, Permit, refusalOrThrow } from './permit.js';

/** The result of {@link concurrency}: the middleware, and counters and controls for the app. */
export interface ConcurrencyMiddleware extends RequestHandler {
  /**
   * For routes whose work can wait, alone or behind the guard itself: the request waits for room as batch work. One that was admitted
   * already gives its permit back first.
   */
  readonly batch: RequestHandler;
  /** Requests that have a permit, and that wait for one, in this process; for metrics. */
  readonly running: number;
  readonly waiting: number;
  /** The current limit: `limit`, or the value set by `adaptive`. */
  readonly limit: number;
  /** Permits given while the store was away since the start, for a metric. */
  readonly withoutStore: number;
  /** Turns away all waiters and all later requests (503 `shutting_down`); running requests are not affected. */
  close(): void;
}

/**
 * Limits an app's requests in flight. A request that finds no free permit waits in a bounded queue, served by plan and, within a plan,
 * tenant by tenant. Deferred requests that run now are batch work. Reads `caller`; writes nothing. A permit is held until the response has
 * closed and no call of the request runs any more. Refuses with 503 `queue_full`, `queue_timeout` or `shutting_down`, with 429
 * `concurrency_exceeded` where it counts callers, with 403 for a plan that is not defined, with 400 `invalid_value` for a wrong priority
 * header, and, with `whenStoreDown: 'closed'`, with 503 `store_unavailable`. Throws a `TypeError` at start for a wrong, unknown or missing
 * option.
 */
export function concurrency(options: ConcurrencyOptions): ConcurrencyMiddleware {
  const settings = readOptions(options);
  const limiter = new ConcurrencyLimiter(settings);
  const { batch, plans, mode, skip, latency } = settings;
  const held = Symbol('permit with this guard');
  type Guarded = Request & { [held]?: Permit };
  if (!settings.store && mode !== 'off') {
    warnOfManyProcesses('concurrency', 'Give "store", or the limit of one process.');
  }

  const admit = (req: Guarded, res: Response, next: NextFunction, asBatch: boolean): void => {
    const context = contextOf(req, res);
    if (context.calls.finished) return;
    const decision: Decision = {
      goAhead: () => {
        if (context.calls.finished) return;
        try {
          runInContext(context, next);
        } catch (error) {
          next(error);
        }
      },
      refuse: (error) => refuse(req, res, next, error, options),
    };
    if (!context.caller && plans) warnOfOrder();
    const known = req[held];
    const permit = known ?? new Permit(limiter, context);
    req[held] = permit;
    try {
      const isBatch = asBatch || jobRunOf(req) !== undefined || batch.of?.(req) === true;
      const wants = isBatch || saysBatch(req, context.caller, batch.header);
      if (known && (known.isBatch || !asBatch)) {
        if (!asBatch) warnTwice();
        next();
        return;
      }
      if (!known && latency === 'firstByte')
        whenAnswered(res, () => (permit.answeredAtMs = settings.clock.now()));
      permit.enter(wants, decision);
    } catch (error) {
      decision.refuse(refusalOrThrow(error));
    }
  };
  const guard = guarded('concurrencyMiddleware', (req, res, next) => {
    if (mode === 'off' || skip(req)) return next();
    admit(req, res, next, false);
  });
  const waitsForRoom = guarded('concurrencyBatchMiddleware', (req, res, next) => {
    if (mode === 'off') return next();
    admit(req, res, next, true);
  });
  return Object.defineProperties(
    Object.assign(guard, {
      batch: waitsForRoom,
      close: () => {
        settings.pressure?.end();
        limiter.gate.close();
      },
      running: 0,
      waiting: 0,
      limit: 0,
      withoutStore: 0,
    }),
    {
      running: { get: () => limiter.gate.running },
      waiting: { get: () => limiter.gate.waiting },
      limit: { get: () => settings.limit.value },
      withoutStore: { get: () => limiter.shared?.withoutStore ?? 0 },
    },
  );
}

/** Whether a caller that may has declared its request batch work. Throws a TollgateError (400) for another word. */
function saysBatch(req: Request, caller: Caller | undefined, header: PriorityHeader | undefined): boolean {
  const said = header && caller?.scopes.includes(header.scope) ? req.headers[header.name] : undefined;
  if (!header || said === undefined || said === 'interactive') return false;
  if (said === 'batch') return true;
  throw unknownPriorityError(header.name);
}

/** Calls back when the answer's headers are sent, which Node has no event for. */
function whenAnswered(res: Response, callback: () => void): void {
  const { writeHead } = res;
  const answering: typeof writeHead = (...head: unknown[]) => {
    res.writeHead = writeHead;
    callback();
    return Reflect.apply(writeHead, res, head);
  };
  res.writeHead = answering;
}

function warnOfOrder(): void {
  warnOnce(
    'TOLLGATE_W_ORDER',
    'concurrency: a request came without a caller, so it waits behind every plan. Mount authenticate() before concurrency({ plans }).',
  );
}

function warnTwice(): void {
  warnOnce(
    'TOLLGATE_W_MOUNTED_TWICE',
    'concurrency: the same guard ran twice for one request; it counted once.',
  );
}
