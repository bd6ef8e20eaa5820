import { type Caller, contextOf, guarded, refuse, TollgateError } from '@tollgate/core';
import { accepts, checkOptions, type GuardOptions, guardChecks } from '@tollgate/core/internal';
import type { Request, RequestHandler } from 'express';
import { bitsFor, mostBitsEver } from './challenge.js';
import { type AskedChallenge, type Challenges, proofOfWork } from './challenges.js';

/** Options of {@link challenge}. */
export interface ChallengeOptions extends GuardOptions {
  /** How suspicious a request is: 0, `undefined` or `false` asks nothing, above it the challenge is the harder the higher. May be asynchronous. */
  score: (req: Request, caller: Caller) => MaybeScore | Promise<MaybeScore>;
  /** The kind of challenge. @defaultValue `proofOfWork()` */
  challenges?: Challenges;
  /** Zero bits at score 0, 1 to 24. @defaultValue 8 */
  leastBits?: number;
  /** Zero bits at any score, 1 to 24. @defaultValue 22 */
  mostBits?: number;
}

type MaybeScore = number | false | undefined;

/**
 * A guard that lets suspicious callers continue only after they have solved a challenge: for routes and scores of the app, beside
 * `watch()`. After `authenticate()`; a request without a caller passes. Refuses with 429 `abnormal_usage`. Throws a `TypeError` at start for
 * a wrong or unknown option.
 */
export function challenge(options: ChallengeOptions): RequestHandler {
  const bits = accepts.integerBetween(1, mostBitsEver);
  checkOptions<ChallengeOptions>(
    'challenge',
    options,
    {
      ...guardChecks,
      ...{ score: accepts.function, challenges: accepts.methods('ask', 'solves') },
      ...{ leastBits: bits, mostBits: bits },
    },
    ['score'],
  );
  const { score, challenges = proofOfWork(), leastBits, mostBits, mode } = options;
  return guarded('challengeGuard', async (req, res, next) => {
    const { caller } = contextOf(req, res);
    if (mode === 'off' || !caller) return next();
    const found = (await score(req, caller)) || 0;
    if (!(found > 0)) return next();
    const asked = { caller, score: found, bits: bitsFor(found, leastBits, mostBits) };
    const refusal = await unsolved(challenges, req, asked);
    if (refusal) refuse(req, res, next, refusal, options);
    else next();
  });
}

/** The refusal by which a challenge is asked; `undefined` where the request solves it. */
export async function unsolved(
  challenges: Challenges,
  req: Request,
  asked: AskedChallenge,
): Promise<TollgateError | undefined> {
  if (await challenges.solves(req, asked)) return undefined;
  const { message, headers } = await challenges.ask(asked);
  return new TollgateError({
    ...{ status: 429, code: 'abnormal_usage', message, retryAfterMs: false },
    ...(headers && { headers: { ...headers } }),
  });
}
