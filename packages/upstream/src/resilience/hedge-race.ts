import { TollgateError } from '@tollgate/core';

/** One attempt's place in a {@link HedgeRace}. */
export class Racer {
  #lost: (() => void) | undefined;

  constructor(private readonly race: HedgeRace) {}

  /** Whether this attempt's response is the one that counts: the first to ask wins, the others are stopped. */
  claim(): boolean {
    return this.race.claimedBy(this);
  }

  get hasWon(): boolean {
    return this.race.winner === this;
  }

  /** Calls the listener when another attempt has won. */
  onLost(listener: () => void): void {
    this.#lost = listener;
    if (this.race.winner && !this.hasWon) listener();
  }

  lose(): void {
    this.#lost?.();
  }
}

/** Attempts at one call that run at once: exactly one of them is answered to the client. */
export class HedgeRace {
  winner: Racer | undefined;
  readonly #lanes: Racer[] = [];

  enter(): Racer {
    const racer = new Racer(this);
    this.#lanes.push(racer);
    return racer;
  }

  claimedBy(racer: Racer): boolean {
    if (this.winner) return this.winner === racer;
    this.winner = racer;
    for (const other of this.#lanes) if (other !== racer) other.lose();
    return true;
  }
}

/** The reason with which a losing attempt is stopped. */
export const lostError = (): TollgateError =>
  new TollgateError({ status: 499, code: 'request_aborted', message: 'Another attempt has answered first.' });
