import type { Caller, ClaimStore } from '@tollgate/core';
import { memoryClaims } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Request } from 'express';
import { Challenger, solutionHeader } from './challenger.js';

/** A challenge that a caller has to solve. */
export interface AskedChallenge {
  readonly caller: Caller;
  /** Of the finding; the higher, the harder. */
  readonly score: number;
  /** Zero bits of a SHA-256 that are asked at this score: twice the work for each. Other kinds of challenges may ignore it. */
  readonly bits: number;
}

/** The refusal by which a challenge is asked. */
export interface ChallengeQuestion {
  /** For the client's developer. */
  readonly message: string;
  /** E.g. the challenge itself. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A kind of challenge: how it is asked, and whether a request solves it. An error in either refuses the request with 500. */
export interface Challenges {
  ask(asked: AskedChallenge): ChallengeQuestion | Promise<ChallengeQuestion>;
  /** Must accept a solution once only. */
  solves(req: Request, asked: AskedChallenge): boolean | Promise<boolean>;
}

/** Options of {@link proofOfWork}. */
export interface ProofOfWorkOptions {
  /** Where it is known which solutions were used; `redisClaims({ client })` for several processes. @defaultValue `memoryClaims()` */
  claims?: ClaimStore;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/**
 * A solution may have this many bits less than required now: the score may rise while a client solves, and differ between processes.
 * Without such a bound, easy challenges would be collected for times when hard ones are required.
 */
const bitsOfGrace = 2;

/**
 * Challenges of hashing: a client searches a number for which the SHA-256 of `<challenge>.<number>` begins with enough zero bits. A
 * challenge (header `x-tollgate-challenge`) is signed, bound to the caller, valid for five minutes and for one request, which contains the
 * solution in `x-tollgate-solution`.
 */
export function proofOfWork(options: ProofOfWorkOptions = {}): Challenges {
  checkOptions<ProofOfWorkOptions>('proofOfWork', options, {
    claims: accepts.methods('claim', 'secret'),
    now: accepts.function,
  });
  const { now = Date.now } = options;
  const challenger = new Challenger(options.claims ?? memoryClaims({ now }), now);
  return {
    ask: ({ bits, caller }) => challenger.question(bits, caller),
    solves: (req, { bits, caller }) =>
      challenger.accepts(req.headers[solutionHeader], bits - bitsOfGrace, caller),
  };
}
