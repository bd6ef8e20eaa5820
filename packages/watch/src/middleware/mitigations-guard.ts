import { type Caller, contextOf, guarded, refuse, type TollgateContext, TollgateError } from '@tollgate/core';
import type { GuardOptions } from '@tollgate/core/internal';
import type { RequestHandler, Response } from 'express';
import { bitsFor } from '../challenge/challenge.js';
import { type Challenger, solutionHeader } from '../challenge/challenger.js';
import { subjectsOfCaller } from '../features/subjects-of-caller.js';
import type { Ladder } from '../ladder/ladder.js';
import { cheaperStep } from './cheaper-step.js';
import { TightenedCallers } from './tightened-callers.js';

/** The most requests that wait at once; further ones are refused, so that slowed-down callers cannot fill the memory. */
const mostWaiting = 500;

/**
 * A solution may have this many bits less than required now: the score may rise while a client solves, and differ between processes.
 * Without such a bound, easy challenges would be collected for times when hard ones are required.
 */
const bitsOfGrace = 2;

/** The settings of the guard. */
export interface MitigationsSettings {
  readonly ladder: Ladder;
  readonly challenger: Challenger;
  readonly answer: Pick<GuardOptions, 'refusals' | 'errorFormat'>;
  readonly now: () => number;
}

/** The mitigations of callers, of requests and of contexts without one. */
export interface MitigationsGuard {
  readonly handler: RequestHandler;
  attach(context: TollgateContext): void;
}

/** Challenges callers, slows them down, tightens their limits and asks cheaper models, as long as their measures last. */
export function mitigationsGuard({ ladder, challenger, answer, now }: MitigationsSettings): MitigationsGuard {
  let waiting = 0;
  const tightened = new TightenedCallers(ladder);
  const attach = (context: TollgateContext): void => {
    if (!context.caller) return;
    context.caller = tightened.of(context.caller, now());
    if (!context.calls.finished) context.calls.use(cheaperStep(context, ladder, now));
  };
  const handler = guarded('watchGuard', async (req, res, next) => {
    const context = contextOf(req, res);
    const { caller } = context;
    if (!caller) return next();
    const bits = bitsAsked(ladder, caller, now());
    if (bits > 0 && !(await challenger.accepts(req.headers[solutionHeader], bits - bitsOfGrace, caller))) {
      return refuse(req, res, next, await challenger.refusal(bits, caller), answer);
    }
    const delayMs = delayOf(ladder, caller, now());
    if (delayMs > 0 && waiting >= mostWaiting) return refuse(req, res, next, tooMany(), answer);
    if (delayMs > 0) {
      waiting += 1;
      const stayed = await waited(res, delayMs);
      waiting -= 1;
      if (!stayed) return;
    }
    attach(context);
    next();
  });
  return { handler, attach };
}

/** Zero bits of the hardest challenge that the caller is to solve; 0: none. */
function bitsAsked(ladder: Ladder, caller: Caller, nowMs: number): number {
  return subjectsOfCaller(caller).reduce((most, subject) => {
    const { action, finding } = ladder.active('challenge', subject, nowMs) ?? {};
    if (action?.do !== 'challenge' || !finding) return most;
    return Math.max(most, bitsFor(finding.score, action.leastBits, action.mostBits));
  }, 0);
}

function delayOf(ladder: Ladder, caller: Caller, nowMs: number): number {
  return subjectsOfCaller(caller).reduce((longest, subject) => {
    const action = ladder.active('slow', subject, nowMs)?.action;
    return action?.do === 'slow' ? Math.max(longest, action.delayMs) : longest;
  }, 0);
}

/** `false` where the client left meanwhile. */
function waited(res: Response, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (stayed: boolean): void => {
      clearTimeout(timer);
      res.removeListener('close', gone);
      resolve(stayed);
    };
    const gone = (): void => done(false);
    const timer = setTimeout(() => done(true), delayMs);
    res.once('close', gone);
  });
}

function tooMany(): TollgateError {
  return new TollgateError({
    status: 429,
    code: 'abnormal_usage',
    message: 'This account is slowed down, and too many of its requests wait already.',
    retryAfterMs: 5_000,
  });
}
