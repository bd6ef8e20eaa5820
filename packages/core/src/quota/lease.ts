import type { UsageEvent } from '../call/usage-event.js';
import type { CloseRequest, QuotaCharge, QuotaCounter, ReserveResult } from './quota-store.js';
import type { WindowCounter } from './window-counter.js';

/** A lease's amount on one counter in one window. */
export interface Hold {
  readonly counter: QuotaCounter;
  readonly windowCounter: WindowCounter;
  /** Integer ≥ 0; for `concurrent` 1 as long as the lease lives. */
  amount: number;
}

/** An attempt's known cost on one counter. */
interface AttemptCost {
  readonly hold: Hold;
  /** Until a heartbeat has reported a more exact amount. */
  floor: number;
  /** By the last heartbeat. */
  running: number;
  /** Charged when the lease was reaped. */
  charged: number;
}

/** An attempt registered with a lease. */
export interface Attempt {
  readonly id: string;
  state: 'running' | 'reaped' | 'charged';
  costs: AttemptCost[];
  /** While it runs: the event to write if its end is not seen. Once reaped: the event that was written. */
  event: UsageEvent | undefined;
  /** The result of `cover`. */
  covered: ReserveResult | undefined;
}

/** A request and the result of `extend`. */
export interface Extension {
  readonly asked: readonly QuotaCharge[];
  readonly answer: ReserveResult;
}

/** The tombstone of a closed lease. There is one for each request of the last two minutes, so it is three fields instead of a lease. */
export interface ClosedLease {
  readonly untilMs: number;
  /** Its charged attempts; nearly always one, without an array. */
  readonly charged: string | readonly string[];
  /** The extension whose refusal closed it. */
  readonly refused: Extension | undefined;
}

/** A reservation. After its end it stays for a while as a tombstone, so that late operations are recognised. */
export class Lease {
  state: 'live' | 'closed' | 'reaped' = 'live';
  holds: Hold[] = [];
  attempts: Attempt[] = [];
  /** The result of `reserve`. */
  answer: ReserveResult | undefined;
  extensions: Extension[] = [];
  /** The attempt that `reserve` came with. */
  declared: string | undefined;
  /** Position in the heap of live leases. */
  position = -1;

  constructor(
    readonly id: string,
    readonly partition: string,
    readonly leaseMs: number,
    /** While live: when it is reaped. Afterwards: when it is forgotten. Ms since the epoch. */
    public expiresAtMs: number,
  ) {}

  /** A lease of which only its end is remembered. */
  static closed({ id, partition }: CloseRequest, remembered: ClosedLease): Lease {
    const { untilMs, charged, refused } = remembered;
    const lease = new Lease(id, partition, 0, untilMs);
    lease.state = 'closed';
    if (refused) lease.extensions = [refused];
    for (const attemptId of typeof charged === 'string' ? [charged] : charged) {
      markCharged(lease.attemptOrNew(attemptId));
    }
    return lease;
  }

  /** The ids of its charged attempts; a single one without an array. */
  get chargedAttempts(): string | readonly string[] {
    const { attempts } = this;
    const [only] = attempts;
    if (attempts.length === 1 && only?.state === 'charged') return only.id;
    const charged = attempts.filter(({ state }) => state === 'charged').map(({ id }) => id);
    return charged.length === 1 ? (charged[0] as string) : charged;
  }

  /** Drops the data of a reaped lease that is of no use any more; its holds and attempts stay, since the actual usage may still arrive. */
  reap(): void {
    this.state = 'reaped';
    this.answer = undefined;
    this.extensions = [];
    for (const attempt of this.attempts) attempt.covered = undefined;
  }

  /** The hold on a counter in a window; without a window, the latest. */
  holdOn(counter: string, windowId?: string): Hold | undefined {
    for (let index = this.holds.length - 1; index >= 0; index -= 1) {
      const hold = this.holds[index] as Hold;
      if (hold.counter.counter !== counter) continue;
      if (windowId === undefined || hold.windowCounter.windowId === windowId) return hold;
    }
    return undefined;
  }

  attempt(id: string): Attempt | undefined {
    return this.attempts.find((attempt) => attempt.id === id);
  }

  /** The attempt of that id, registered now if it was not. */
  attemptOrNew(id: string): Attempt {
    const known = this.attempt(id);
    if (known) return known;
    const attempt: Attempt = { id, state: 'running', costs: [], event: undefined, covered: undefined };
    this.attempts.push(attempt);
    return attempt;
  }
}

/** Marks an attempt as charged; nothing else of it is needed any more. */
export function markCharged(attempt: Attempt): void {
  attempt.state = 'charged';
  attempt.event = undefined;
  attempt.costs = [];
}

/** An attempt's mutable cost on the counter of a hold. */
export function costOn(attempt: Attempt, hold: Hold): AttemptCost {
  for (const cost of attempt.costs) if (cost.hold === hold) return cost;
  const cost = { hold, floor: 0, running: 0, charged: 0 };
  attempt.costs.push(cost);
  return cost;
}

/** Removes a reaped attempt's charge on a counter in a window. */
export function takeReaped(attempt: Attempt, counter: string, windowId: string): number {
  for (const cost of attempt.costs) {
    if (cost.hold.counter.counter !== counter || cost.hold.windowCounter.windowId !== windowId) continue;
    const { charged } = cost;
    cost.charged = 0;
    return charged;
  }
  return 0;
}
