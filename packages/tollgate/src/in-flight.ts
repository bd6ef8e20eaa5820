import {
  contextOf,
  guarded,
  Roster,
  type RosterPlace,
  refuse,
  type TollgateContext,
  TollgateError,
} from '@tollgate/core';
import type { RequestHandler } from 'express';

/** The requests that are between admission and settlement, so that an app can end without losing one. */
export interface InFlight {
  /** Mounted first: refuses new work once the app is closing (503). */
  readonly admit: RequestHandler;
  /** Mounted last: remembers the request until its calls are settled. */
  readonly track: RequestHandler;
  readonly isClosing: boolean;
  readonly size: number;
  /**
   * Refuses new work, waits for what runs, aborts what still runs after `graceMs`, and waits until that is settled, for at most
   * `settleMs` more.
   */
  close(graceMs: number, settleMs: number): Promise<void>;
}

/** Counts requests in flight. */
export function inFlight(): InFlight {
  const running = new Roster<TollgateContext>();
  let closing = false;
  let idle: (() => void) | undefined;

  const done = (place: RosterPlace<TollgateContext>): void => {
    running.remove(place);
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
      if (!closing) return next();
      res.setHeader('Connection', 'close');
      refuse(req, res, next, shuttingDown());
    }),
    track: guarded('tollgateTrack', (req, res, next) => {
      const context = contextOf(req, res);
      if (context.calls.finished) return next();
      const place = running.add(context);
      context.calls.use({ name: 'tollgate', stage: 'record', finish: () => done(place) });
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
      for (const context of running.members()) context.abort(shuttingDown());
      await untilIdle(settleMs);
    },
  };
}

function shuttingDown(): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'shutting_down',
    message: 'This server is shutting down. Ask another, or again in a moment.',
    retryAfterMs: 1000,
  });
}
