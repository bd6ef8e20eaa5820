import { randomBytes } from 'node:crypto';
import { type ClaimStore, memoryClaims } from '@tollgate/core';
import { type Challenged, challengeMs, signedChallenge, solvedBy } from './challenge.js';

/** Where a challenge is answered, and where its solution is read. */
const challengeHeader = 'x-tollgate-challenge';
export const solutionHeader = 'x-tollgate-solution';

/** Creates challenges and accepts each solution once. While the shared claims are away, this process checks alone. */
export class Challenger {
  readonly #own: ClaimStore;
  #secret: Uint8Array | undefined;

  constructor(
    private readonly claims: ClaimStore,
    private readonly now: () => number,
  ) {
    this.#own = memoryClaims({ now });
  }

  /** Whether the client's solution solves a challenge of at least this many bits that was made for it, for the first time. */
  async accepts(
    solution: string | string[] | undefined,
    leastBits: number,
    whose: Challenged,
  ): Promise<boolean> {
    if (typeof solution !== 'string') return false;
    const nowMs = this.now();
    const solved = solvedBy(solution, whose, await this.#signingSecret(), nowMs);
    if (!solved || solved.bits < leastBits) return false;
    const name = `solution ${solved.nonce}`;
    const forMs = Math.ceil(solved.expiresAtMs - nowMs);
    // Here as well, so that a solution used before the shared claims went away is not accepted again.
    if (!(await this.#own.claim(name, forMs))) return false;
    return this.claims.claim(name, forMs).catch(() => true);
  }

  /** A new challenge of this many bits, and how it is asked. */
  async question(
    bits: number,
    whose: Challenged,
  ): Promise<{ message: string; headers: Record<string, string> }> {
    const facts = {
      bits,
      expiresAtMs: Math.floor(this.now()) + challengeMs,
      nonce: randomBytes(16).toString('base64url'),
    };
    const challenge = signedChallenge(facts, whose, await this.#signingSecret());
    return {
      message: `This account is used unusually. Solve the challenge in ${challengeHeader}, and ask again with ${solutionHeader}.`,
      headers: { [challengeHeader]: challenge },
    };
  }

  async #signingSecret(): Promise<Uint8Array> {
    try {
      this.#secret ??= await this.claims.secret('challenge');
      return this.#secret;
    } catch {
      return this.#own.secret('challenge');
    }
  }
}
