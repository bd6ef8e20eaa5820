import { publish, warnOnce } from '@tollgate/core/internal';
import type { OnCharged, SendSettlement } from './send-settlement.js';
import { SettleSpool } from './settle-spool.js';
import type { Settlement } from './settlement.js';

/** Batch size; the queue backs off when a whole batch fails. */
const attempt = 32;
const firstPauseMs = 200;
const longestPauseMs = 2_000;

interface Waiting {
  readonly settlement: Settlement;
  readonly onCharged: OnCharged | undefined;
  /** For a close: when the lease ends, after which the close has no effect. */
  readonly untilMs: number;
}

export interface SettleQueueOptions {
  readonly settle: SendSettlement;
  /** How many charges may wait, and how many closes beside them. */
  readonly most: number;
  /** How long a reservation holds without a close. */
  readonly leaseMs: number;
  /** A file that outlives the process. */
  readonly spool?: string | undefined;
  /** Runs something later, without keeping the process alive. */
  readonly later?: (run: () => void, ms: number) => unknown;
  readonly now?: () => number;
}

/**
 * Sends settlements to the store: at once, and after failures repeatedly, oldest first, in rounds with growing pauses up to two seconds.
 * Bounded; settlements beyond the bound are lost and published. Never rejects.
 */
export class SettleQueue {
  /** Dropped settlements: their holds end with the lease, their usage is missing from the counters. */
  lost = 0;
  readonly #options: SettleQueueOptions;
  readonly #later: (run: () => void, ms: number) => unknown;
  readonly #now: () => number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #count = { charge: 0, close: 0 };
  readonly #spool: SettleSpool | undefined;
  /** First tries that are under way. */
  readonly #running = new Set<Promise<void>>();
  #numbers = 0;
  #pauseMs = firstPauseMs;
  #nextRound: object | undefined;
  #round: Promise<void> | undefined;

  /** Throws where the spool cannot be read. */
  constructor(options: SettleQueueOptions) {
    this.#options = options;
    this.#later = options.later ?? ((run, ms) => setTimeout(run, ms).unref());
    this.#now = options.now ?? Date.now;
    if (options.spool === undefined) return;
    this.#spool = new SettleSpool(options.spool, () => this.#kept());
    for (const [number, settlement] of this.#spool.left) {
      this.#waiting.set(number, { settlement, onCharged: undefined, untilMs: Number.POSITIVE_INFINITY });
      this.#count.charge += 1;
      this.#numbers = Math.max(this.#numbers, number);
    }
    this.#schedule(0);
  }

  /** How many charges wait. */
  get size(): number {
    return this.#count.charge;
  }

  /** Whether no further charge could be kept. */
  get isFull(): boolean {
    return this.#count.charge >= this.#options.most;
  }

  /** Tries at once. The returned promise resolves when that try has ended, successful or not; returns nothing where it already has. */
  run(settlement: Settlement, onCharged?: OnCharged): void | Promise<void> {
    let trying: void | Promise<void>;
    try {
      trying = this.#options.settle(settlement, onCharged, true);
    } catch (error) {
      return this.#failed(settlement, onCharged, error);
    }
    if (!trying) return this.#succeeded();
    const failed = (error: unknown): void => this.#failed(settlement, onCharged, error);
    const running = trying.then(() => this.#succeeded(), failed).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  #failed(settlement: Settlement, onCharged: OnCharged | undefined, error: unknown): void {
    sayFailed(error);
    this.#keep(settlement, onCharged, error);
  }

  /** Tries later: for settlements that must not follow a failed call immediately. */
  later(settlement: Settlement): void {
    this.#keep(settlement, undefined, undefined);
  }

  /** Resolves when everything is settled or dropped, or after `graceMs`; settlements that still wait are in the spool, if there is one. */
  async drain(graceMs: number): Promise<void> {
    const untilMs = Date.now() + graceMs;
    while (this.#waiting.size + this.#running.size > 0 && Date.now() < untilMs) {
      const tries = Promise.all([...this.#running, this.#try()]);
      await Promise.race([tries, pause(Math.max(0, untilMs - Date.now()))]);
      if (this.#waiting.size > 0) await pause(Math.min(firstPauseMs, Math.max(0, untilMs - Date.now())));
    }
    await this.#spool?.flush();
  }

  #keep(settlement: Settlement, onCharged: OnCharged | undefined, error: unknown): void {
    const { kind } = settlement;
    const isCharge = kind === 'charge';
    if (this.#count[kind] >= this.#options.most || isHopeless(error)) {
      if (isCharge) this.#lose();
      return;
    }
    this.#numbers += 1;
    this.#count[kind] += 1;
    const untilMs = isCharge ? Number.POSITIVE_INFINITY : this.#now() + this.#options.leaseMs;
    this.#waiting.set(this.#numbers, { settlement, onCharged, untilMs });
    if (isCharge) {
      this.#spool?.add(this.#numbers, settlement);
      if (this.isFull) publish('tollgate:settle', () => ({ outcome: 'full', waiting: this.size }));
    }
    this.#schedule(this.#pauseMs);
  }

  #lose(): void {
    this.lost += 1;
    publish('tollgate:settle', () => ({ outcome: 'lost', lost: this.lost }));
    warnOnce(
      'TOLLGATE_W_SETTLE_FAILED',
      'budget(): a settlement could not be brought to the quota store; counters lag behind the usage events',
    );
  }

  /** The store is there again: whatever waits is tried soon. */
  #succeeded(): void {
    if (this.#waiting.size === 0 || this.#pauseMs === firstPauseMs) return;
    this.#pauseMs = firstPauseMs;
    this.#nextRound = undefined;
    this.#schedule(firstPauseMs);
  }

  #schedule(ms: number): void {
    if (this.#nextRound || this.#round || this.#waiting.size === 0) return;
    const round = {};
    this.#nextRound = round;
    this.#later(() => {
      if (this.#nextRound !== round) return;
      this.#nextRound = undefined;
      void this.#try();
    }, ms);
  }

  #try(): Promise<void> {
    this.#round ??= this.#rounds().finally(() => {
      this.#round = undefined;
      this.#schedule(this.#pauseMs);
    });
    return this.#round;
  }

  /** Repeats rounds while at least one settlement succeeds. */
  async #rounds(): Promise<void> {
    for (;;) {
      const due = [...this.#waiting].slice(0, attempt);
      const settled = await Promise.all(due.map(([number, waiting]) => this.#retry(number, waiting)));
      if (this.#waiting.size === 0 || settled.includes(true)) this.#pauseMs = firstPauseMs;
      else this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
      if (this.#waiting.size === 0 || !settled.includes(true)) return;
    }
  }

  async #retry(number: number, waiting: Waiting): Promise<boolean> {
    const { settlement, onCharged, untilMs } = waiting;
    try {
      if (this.#now() < untilMs) await this.#options.settle(settlement, onCharged, true);
      this.#forget(number, settlement);
      return true;
    } catch (error) {
      sayFailed(error);
      if (isHopeless(error)) {
        this.#forget(number, settlement);
        if (settlement.kind === 'charge') this.#lose();
        return true;
      }
      // Removed for good: a settlement that always fails must not block the others.
      this.#waiting.delete(number);
      this.#waiting.set(number, waiting);
      return false;
    }
  }

  #forget(number: number, { kind }: Settlement): void {
    this.#waiting.delete(number);
    this.#count[kind] -= 1;
    if (kind === 'charge') this.#spool?.settled(number);
  }

  *#kept(): Iterable<readonly [number, Settlement]> {
    for (const [number, { settlement }] of this.#waiting) {
      if (settlement.kind === 'charge') yield [number, settlement];
    }
  }
}

/** A store that takes it for malformed always will. */
function isHopeless(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

function sayFailed(error: unknown): void {
  publish('tollgate:settle', () => ({ outcome: 'failed', error: String(error) }));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
