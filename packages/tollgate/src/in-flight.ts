import { contextOf, guarded, refuse, type TollgateContext, TollgateError } from '@tollgate/core';
import { type CallStep, type IndexedEntry, IndexedList } from '@tollgate/core/internal';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** The requests that are between admission and settlement, so that an app can end without losing one. */
export interface InFlight {
  /** Mounted first: refuses new work once the app is closing (503), and remembers the request, whose body may still be on its way. */
  readonly admit: RequestHandler;
  /** Mounted last: from here on the request is remembered until its calls are settled, before only until it is answered. */
  readonly track: RequestHandler;
  readonly isClosing: boolean;
  readonly size: number;
  /**
   * Refuses new requests, waits for running ones, and after `graceMs` aborts the rest and responds with 503 to those that have not passed
   * the guards; waits until that is settled, for at most `settleMs` more.
   */
  close(graceMs: number, settleMs: number): Promise<void>;
}

const slot = Symbol('admission to tollgate()');
type Admitted = TollgateContext & { [slot]?: Admission };

/** Counts requests in flight. @param now Clock of the requests' contexts, in milliseconds. @defaultValue Date.now */
export function inFlight(now?: () => number): InFlight {
  const running = new IndexedList<Admission>();
  let closing = false;
  let idle: (() => void) | undefined;

  const leave = (admission: Admission): void => {
    if (admission.place) running.remove(admission.place);
    admission.place = undefined;
    if (running.size === 0) idle?.();
  };

  const untilIdle = (withinMs: number): Promise<void> =>
    new Promise((resolve) => {
      if (running.size === 0) return resolve();
      const timer = setTimeout(resolve, withinMs);
      idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    admit: guarded('tollgateAdmit', (req, res, next) => {
      const context: Admitted = contextOf(req, res, now);
      if (closing && !context[slot]) {
        turnAway(req, res, next);
        return;
      }
      if (!context[slot] && !context.calls.finished) {
        const admission = new Admission(context, req, res, next, leave);
        admission.place = running.add(admission);
        context[slot] = admission;
        context.calls.use(admission);
      }
      next();
    }),
    track: guarded('tollgateTrack', (req, res, next) => {
      const context: Admitted = contextOf(req, res);
      const admission = context[slot];
      if (admission?.turnedAway) return;
      if (admission && !context.calls.finished) {
        admission.tracked = true;
        context.calls.use(new Tracking(admission));
      }
      next();
    }),
    get isClosing() {
      return closing;
    },
    get size() {
      return running.size;
    },
    async close(graceMs, settleMs) {
      closing = true;
      await untilIdle(graceMs);
      for (const admission of running.members()) admission.abort();
      await untilIdle(settleMs);
    },
  };
}

/**
 * A request in flight. As a step, it ends with the response if it never passed the guards. Its state is in fields: a closure here, put into
 * a field of each request, made V8 11 keep every request until the next full collection.
 */
class Admission implements CallStep {
  readonly name = 'tollgate';
  readonly stage = 'rewrite';
  /** It has passed the guards. */
  tracked = false;
  /** It was answered by {@link abort}: the app must not handle it any more. */
  turnedAway = false;
  place: IndexedEntry<Admission> | undefined = undefined;

  constructor(
    private readonly context: TollgateContext,
    private readonly req: Request,
    private readonly res: Response,
    private readonly next: NextFunction,
    readonly leave: (admission: Admission) => void,
  ) {}

  finish(): void {
    if (!this.tracked) this.leave(this);
  }

  abort(): void {
    this.context.abort(shuttingDown());
    if (this.tracked) return;
    this.turnedAway = true;
    turnAway(this.req, this.res, this.next);
  }
}

/** As the last step, a request that has passed the guards leaves when its calls are settled. */
class Tracking implements CallStep {
  readonly name = 'tollgate';
  readonly stage = 'record';

  constructor(private readonly admission: Admission) {}

  finish(): void {
    this.admission.leave(this.admission);
  }
}

function turnAway(req: Request, res: Response, next: NextFunction): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
  refuse(req, res, next, shuttingDown());
}

function shuttingDown(): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'shutting_down',
    message: 'This server is shutting down. Ask another, or again in a moment.',
    retryAfterMs: 1000,
  });
}
