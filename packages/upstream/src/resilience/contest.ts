import { TollgateError } from '@tollgate/core';

/** One attempt's place in a {@link Contest}. */
export class Lane {
  #lost: (() => void) | undefined;

  constructor(private readonly contest: Contest) {}

  /** Whether this attempt's answer is the one that counts: the first to ask wins, the others are told that they have lost. */
  claim(): boolean {
    return this.contest.claimedBy(this);
  }

  get hasWon(): boolean {
    return this.contest.winner === this;
  }

  /** Tells when another attempt has won. */
  onLost(listener: () => void): void {
    this.#lost = listener;
    if (this.contest.winner && !this.hasWon) listener();
  }

  lose(): void {
    this.#lost?.();
  }
}

/** Attempts at one call that run at once: exactly one of them is answered to the client. */
export class Contest {
  winner: Lane | undefined;
  readonly #lanes: Lane[] = [];

  enter(): Lane {
    const lane = new Lane(this);
    this.#lanes.push(lane);
    return lane;
  }

  claimedBy(lane: Lane): boolean {
    if (this.winner) return this.winner === lane;
    this.winner = lane;
    for (const other of this.#lanes) if (other !== lane) other.lose();
    return true;
  }
}

/** What stops an attempt that has lost. */
export const lostError = (): TollgateError =>
  new TollgateError({ status: 499, code: 'request_aborted', message: 'Another attempt has answered first.' });
