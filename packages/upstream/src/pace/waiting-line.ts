import {
  isPromise,
  type ProviderAmounts,
  type TakeAnswer,
  type Taken,
  type WaitingCall,
} from '@tollgate/core/internal';

/** How many calls are asked for at once, at most. */
const mostAtOnce = 32;

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

  constructor(
    readonly tenant: string,
    readonly size: ProviderAmounts,
  ) {}
}

/** The source of turns. Never rejects. */
export type TakeGrants = (calls: readonly WaitingCall[]) => PacerAnswer | Promise<PacerAnswer>;

/** The calls of one process that wait for one allowance: asks until all have had their turn, or have left. */
export class WaitingLine {
  readonly #waiting = new Map<string, PacedCall[]>();
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
    const line = this.#waiting.get(call.tenant);
    if (line) line.push(call);
    else this.#waiting.set(call.tenant, [call]);
    this.ask();
  }

  remove(call: PacedCall): void {
    const line = this.#waiting.get(call.tenant);
    const position = line?.indexOf(call) ?? -1;
    if (!line || position < 0) return;
    line.splice(position, 1);
    if (line.length === 0) this.#waiting.delete(call.tenant);
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
      const calls = this.#next();
      if (calls.length === 0) break;
      const answer = this.take(calls);
      const { taken, waitMs: asked } = isPromise(answer) ? await answer : answer;
      for (const [position, turn] of taken.entries()) {
        const call = calls[position];
        if (call && turn) this.#given(call, turn);
      }
      waitMs = asked;
    } while (this.#askAgain || waitMs === 0);
    this.#asking = false;
    if (!this.#endIfEmpty()) this.#timer = setTimeout(() => this.ask(), waitMs);
  }

  #given(call: PacedCall, turn: PacerGrant): void {
    if (!this.#waiting.get(call.tenant)?.includes(call)) {
      this.giveBack(turn);
      return;
    }
    this.remove(call);
    call.turn = turn;
    call.wake?.();
  }

  /** The first of each tenant, then the second, and so on. */
  #next(): PacedCall[] {
    const calls: PacedCall[] = [];
    for (let row = 0; calls.length < mostAtOnce; row += 1) {
      const before = calls.length;
      for (const line of this.#waiting.values()) {
        const call = line[row];
        if (call && calls.length < mostAtOnce) calls.push(call);
      }
      if (calls.length === before) break;
    }
    return calls;
  }

  #endIfEmpty(): boolean {
    if (this.#waiting.size > 0 || this.#asking) return false;
    clearTimeout(this.#timer);
    this.emptied();
    return true;
  }
}
