/** Consecutive failures after which calls to a server are paused. */
const failuresInARow = 5;
/** How long calls to a server are paused until one tries it again, in ms. */
const leftAloneMs = 500;

/** A call that was let through. */
export interface Ticket {
  readonly number: number;
  readonly sentMs: number;
  /** How long it may wait for its answer: less than its caller's deadline where the server is silent already. */
  readonly waitMs: number;
}

/**
 * The circuit breaker of one server, shared by all stores on one connection, so that a request which waited for one store does not wait for
 * the next. A server counts as silent since the earliest overdue call, or call on a broken connection, was sent, unless a later one has
 * been answered. Calls wait until it has been silent for their deadline; from then on, and after five consecutive failures, one call in
 * half a second passes, and one as soon as a late response arrives. A response in time closes it.
 */
export class Circuit {
  readonly #now: () => number;
  readonly #onChange: (isOpen: boolean) => void;
  #sent = 0;
  #lastAnswered = 0;
  #failures = 0;
  #silentSinceMs: number | undefined;
  #isOpen = false;
  /** When the next call may try an open server. */
  #probeAtMs = 0;

  constructor(now: () => number, onChange: (isOpen: boolean) => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** `undefined`: calls to the server are paused. */
  enter(deadlineMs: number): Ticket | undefined {
    const nowMs = this.#now();
    let waitMs = deadlineMs;
    if (this.#silentSinceMs !== undefined) {
      const leftMs = this.#silentSinceMs + deadlineMs - nowMs;
      if (leftMs > 0) waitMs = leftMs;
      else if (nowMs < this.#probeAtMs) return undefined;
      else this.#probeAtMs = nowMs + leftAloneMs;
    }
    this.#sent += 1;
    return { number: this.#sent, sentMs: nowMs, waitMs };
  }

  /** The call succeeded in time. */
  succeeded({ number }: Ticket): void {
    this.#lastAnswered = Math.max(this.#lastAnswered, number);
    this.#failures = 0;
    this.#silentSinceMs = undefined;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onChange(false);
  }

  /** It answered with an error; `broke`: the connection did, so that there is no answer. */
  failed({ number, sentMs }: Ticket, broke: boolean): void {
    this.#failures += 1;
    if (broke && number > this.#lastAnswered) this.#silentSinceMs ??= sentMs;
    if (this.#failures >= failuresInARow) this.#open(Number.NEGATIVE_INFINITY);
  }

  /** It has not answered in time. */
  overdue({ number, waitMs }: Ticket): void {
    if (number > this.#lastAnswered) this.#open(this.#now() - waitMs);
  }

  /** It has answered after all: the next call may try it. */
  answeredLate(): void {
    if (this.#isOpen) this.#probeAtMs = this.#now();
  }

  #open(sinceMs: number): void {
    this.#silentSinceMs = Math.min(sinceMs, this.#silentSinceMs ?? sinceMs);
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#probeAtMs = this.#now() + leftAloneMs;
    this.#onChange(true);
  }
}
