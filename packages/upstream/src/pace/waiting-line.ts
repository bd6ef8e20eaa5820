import {
  FairQueue,
  isPromise,
  type ProviderAmounts,
  type TakeAnswer,
  type Taken,
  type Waiter,
  type WaitingCall,
} from '@tollgate/core/internal';

/** How many calls are asked for at once, at most. */
const mostAtOnce = 32;
const oneLane = [{ weight: 1, rank: 0, batch: false }];

/** A turn's amounts and allowance. */
export interface PacerRequest {
  readonly allowance: string;
  readonly size: ProviderAmounts;
}

/** A turn that was given: its place in the books of this process, and in those that processes share. */
export interface PacerGrant {
  readonly ask: PacerRequest;
  readonly own: Taken;
  readonly shared: Taken | undefined;
}

/** {@link TakeAnswer}, with the places in both books. */
export interface PacerAnswer extends Omit<TakeAnswer, 'taken'> {
  readonly taken: readonly (PacerGrant | undefined)[];
}

/** A call that waits for its turn. */
export class PacedCall implements WaitingCall {
  turn: PacerGrant | undefined;
  /** Wakes the waiting call. */
  wake: (() => void) | undefined;
  /** Its place in the line, until it has its turn or leaves. */
  place: Waiter<PacedCall> | undefined;

  constructor(
    readonly tenant: string,
    readonly size: ProviderAmounts,
  ) {}
}

/** The source of turns. Never rejects. */
export type TakeGrants = (calls: readonly WaitingCall[]) => PacerAnswer | Promise<PacerAnswer>;

/** The calls of one process that wait for one allowance: asks until all have had their turn, or have left. Tenants take turns. */
export class WaitingLine {
  readonly #queue = new FairQueue<PacedCall>(oneLane, Number.POSITIVE_INFINITY);
  /** Those that are asked for at the moment, out of the queue. */
  readonly #asked = new Set<Waiter<PacedCall>>();
  #asking = false;
  #askAgain = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly take: TakeGrants,
    /** A turn is not wanted any more. */
    private readonly giveBack: (turn: PacerGrant) => void,
    /** The last waiter has left. */
    private readonly emptied: () => void,
  ) {}

  add(call: PacedCall): void {
    call.place = this.#queue.put(call, 0, call.tenant);
    this.ask();
  }

  remove(call: PacedCall): void {
    const { place } = call;
    if (!place) return;
    call.place = undefined;
    if (!this.#asked.has(place)) this.#queue.remove(place);
    this.#endIfEmpty();
  }

  /** Asks now: a waiter was added, or the remaining amounts have changed. */
  ask(): void {
    if (this.#asking) this.#askAgain = true;
    else void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    clearTimeout(this.#timer);
    let waitMs = 0;
    do {
      this.#askAgain = false;
      const waiters = this.#next();
      if (waiters.length === 0) break;
      const answer = this.take(waiters.map(({ item }) => item));
      const { taken, waitMs: asked } = isPromise(answer) ? await answer : answer;
      this.#answered(waiters, taken);
      waitMs = asked;
    } while (this.#askAgain || waitMs === 0);
    this.#asking = false;
    if (!this.#endIfEmpty()) this.#timer = setTimeout(() => this.ask(), waitMs);
  }

  #next(): Waiter<PacedCall>[] {
    while (this.#asked.size < mostAtOnce) {
      const waiter = this.#queue.take(false);
      if (!waiter) break;
      this.#asked.add(waiter);
    }
    return [...this.#asked];
  }

  /** From the last to the first, so that those without a turn are in their order again. */
  #answered(waiters: readonly Waiter<PacedCall>[], taken: PacerAnswer['taken']): void {
    this.#asked.clear();
    for (let at = waiters.length - 1; at >= 0; at -= 1) {
      const waiter = waiters[at] as Waiter<PacedCall>;
      const { item: call } = waiter;
      const turn = taken[at];
      const hasLeft = call.place === undefined;
      if (turn && hasLeft) this.giveBack(turn);
      else if (turn) {
        call.place = undefined;
        call.turn = turn;
      } else if (!hasLeft) this.#queue.putBack(waiter);
    }
    for (const { item } of waiters) if (item.turn) item.wake?.();
  }

  #endIfEmpty(): boolean {
    if (this.#queue.size > 0 || this.#asking) return false;
    clearTimeout(this.#timer);
    this.emptied();
    return true;
  }
}
