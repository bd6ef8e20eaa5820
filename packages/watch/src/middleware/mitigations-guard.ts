import { type Caller, contextOf, guarded, refuse, type TollgateContext, TollgateError } from '@tollgate/core';
import type { GuardOptions } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import { bitsFor } from '../challenge/challenge.js';
import { unsolved } from '../challenge/challenge-guard.js';
import type { AskedChallenge, Challenges } from '../challenge/challenges.js';
import type { Subject } from '../features/subject.js';
import { subjectsOfCaller } from '../features/subjects-of-caller.js';
import type { Ladder } from '../ladder/ladder.js';
import { cheaperStep } from './cheaper-step.js';
import { TightenedCallers } from './tightened-callers.js';

/** The most requests that wait at once; further ones are refused, so that slowed-down callers cannot fill the memory. */
const mostWaiting = 500;

/** The settings of the guard. */
export interface MitigationsSettings {
  readonly ladder: Ladder;
  readonly challenges: Challenges;
  /** How long a subject has to wait that may do `times` its usual, in ms; `undefined`: not at all. */
  readonly aboveUsual: (subject: Subject, times: number, nowMs: number) => number | undefined;
  readonly answer: Pick<GuardOptions, 'refusals' | 'errorFormat'>;
  readonly now: () => number;
}

/** The mitigations of callers, of requests and of contexts without one. */
export interface MitigationsGuard {
  readonly handler: RequestHandler;
  attach(context: TollgateContext): void;
}

/** Challenges callers, limits them to their usual, slows them down, tightens their limits and asks cheaper models, as long as their measures last. */
export function mitigationsGuard({
  ladder,
  challenges,
  aboveUsual,
  answer,
  now,
}: MitigationsSettings): MitigationsGuard {
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
    const asked = challengeFor(ladder, caller, now());
    const refusal = asked && (await unsolved(challenges, req, asked));
    if (refusal) return refuse(req, res, next, refusal, answer);
    const waitMs = limitOf(ladder, caller, aboveUsual, now());
    if (waitMs !== undefined) return refuse(req, res, next, limited(waitMs), answer);
    const delayMs = delayOf(ladder, caller, now());
    if (delayMs > 0 && waiting >= mostWaiting) return refuse(req, res, next, tooMany(), answer);
    if (delayMs > 0) {
      waiting += 1;
      const stayed = await waited(context, delayMs);
      waiting -= 1;
      if (!stayed) return;
    }
    attach(context);
    next();
  });
  return { handler, attach };
}

/** The hardest challenge that the caller has to solve. */
function challengeFor(ladder: Ladder, caller: Caller, nowMs: number): AskedChallenge | undefined {
  let hardest: AskedChallenge | undefined;
  for (const subject of subjectsOfCaller(caller)) {
    const { action, finding } = ladder.active('challenge', subject, nowMs) ?? {};
    if (action?.do !== 'challenge' || !finding) continue;
    const bits = bitsFor(finding.score, action.leastBits, action.mostBits);
    if (!hardest || bits > hardest.bits) hardest = { caller, score: finding.score, bits };
  }
  return hardest;
}

function delayOf(ladder: Ladder, caller: Caller, nowMs: number): number {
  return subjectsOfCaller(caller).reduce((longest, subject) => {
    const action = ladder.active('slow', subject, nowMs)?.action;
    return action?.do === 'slow' ? Math.max(longest, action.delayMs) : longest;
  }, 0);
}

/** The longest time to wait of the caller's subjects that are limited to their usual. */
function limitOf(
  ladder: Ladder,
  caller: Caller,
  aboveUsual: MitigationsSettings['aboveUsual'],
  nowMs: number,
): number | undefined {
  let longest: number | undefined;
  for (const subject of subjectsOfCaller(caller)) {
    const action = ladder.active('limit', subject, nowMs)?.action;
    const waitMs = action?.do === 'limit' ? aboveUsual(subject, action.times, nowMs) : undefined;
    if (waitMs !== undefined) longest = Math.max(longest ?? 0, waitMs);
  }
  return longest;
}

/** `false` where the client left meanwhile. */
function waited(context: TollgateContext, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      forget();
      resolve(true);
    }, delayMs);
    const forget = context.onClosed(() => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

function limited(waitMs: number): TollgateError {
  return new TollgateError({
    status: 429,
    code: 'abnormal_usage',
    message:
      'This account uses far more than it usually does, and is limited to its usual requests and spending.',
    retryAfterMs: Math.ceil(waitMs),
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
