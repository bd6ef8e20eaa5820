import type { UsageEvent } from '../call/usage-event.js';
import { type Attempt, costOn, type Hold, Lease } from './lease.js';
import { LeaseRegistry } from './lease-registry.js';
import { type Admission, type Asking, decide } from './quota-admission.js';
import { checkAlternatives, checkCharges, checkItems, checkLease, checkRunning } from './quota-checks.js';
import { type CounterBook, QuotaCounters, stateOf } from './quota-counters.js';
import { chargeAttempt, endLease, reapLease, type SettlingWorld } from './quota-settlement.js';
import type {
  AdjustRequest,
  ChargeRequest,
  ChargeResult,
  CloseRequest,
  CounterState,
  CoverRequest,
  ExtendRequest,
  QuotaAlternative,
  QuotaCharge,
  QuotaCounter,
  QuotaRefusal,
  RenewRequest,
  ReserveRequest,
  ReserveResult,
} from './quota-store.js';
import { takeUnreported } from './quota-thresholds.js';

/** Leases reaped by one operation at most, so that a crowd that expires together delays no single request for long. */
const reapedAtOnce = 1024;

const ended: QuotaRefusal = Object.freeze({ blockedBy: 'closed' });

/**
 * The quota engine in memory: every operation is one synchronous step at a given moment. Moments must not go back. Usage events go to
 * `deliver`; without it, operations return `recorded: false`. A quiet engine publishes nothing: it replays the past.
 */
export class QuotaEngine {
  readonly #counters: CounterBook;
  readonly #leases = new LeaseRegistry();
  readonly #world: SettlingWorld;

  constructor(
    thresholds: readonly number[],
    deliver?: (event: UsageEvent) => void,
    counters: CounterBook = new QuotaCounters(),
    isQuiet = false,
  ) {
    this.#counters = counters;
    this.#world = { counters: this.#counters, leases: this.#leases, thresholds, deliver, isQuiet };
  }

  /** Nothing is kept: neither counters nor leases. */
  get isEmpty(): boolean {
    return this.#counters.size === 0 && this.#leases.size === 0;
  }

  /** How many counters, and leases live or remembered, are kept. */
  get size(): { readonly counters: number; readonly leases: number } {
    return { counters: this.#counters.size, leases: this.#leases.size };
  }

  reserve(request: ReserveRequest, nowMs: number): ReserveResult {
    checkAlternatives(request.alternatives);
    checkLease(request);
    this.#advance(nowMs);
    const known = this.#leases.get(request, nowMs);
    // A lease that has ended has no answer any more.
    if (known) return known.answer ?? refused(ended, nowMs);
    const decision = decide(this.#counters, request.alternatives, nowMs);
    if (!decision.ok) return refused(decision.refusal, nowMs);
    const { id, partition, leaseMs, attemptId } = request;
    const lease = new Lease(id, partition, leaseMs, nowMs + leaseMs);
    lease.declared = attemptId;
    this.#leases.add(lease);
    lease.answer = this.#grant(lease, request.alternatives, decision, attemptId, nowMs);
    return lease.answer;
  }

  extend(request: ExtendRequest, nowMs: number): ReserveResult {
    checkCharges(request.charges);
    this.#advance(nowMs);
    const lease = this.#leases.get(request, nowMs);
    const before = lease?.extensions.find(({ asked }) => sameCharges(asked, request.charges));
    if (before) return before.answer;
    if (lease?.state !== 'live') return refused(ended, nowMs);
    const alternatives = [{ charges: request.charges }];
    const decision = decide(this.#counters, alternatives, nowMs, { lease });
    if (!decision.ok) endLease(this.#world, lease, nowMs);
    else this.#leases.renew(lease, nowMs);
    // Where that attempt has been charged already, its floors are read by nothing.
    const answer = decision.ok
      ? this.#grant(lease, alternatives, decision, lease.declared, nowMs)
      : refused(decision.refusal, nowMs);
    lease.extensions.push({ asked: request.charges, answer });
    if (!decision.ok) this.#leases.bury(lease, lease.expiresAtMs);
    return answer;
  }

  cover(request: CoverRequest, nowMs: number): ReserveResult {
    checkAlternatives(request.alternatives);
    this.#advance(nowMs);
    const lease = this.#leases.get(request, nowMs);
    if (lease?.state !== 'live') return refused(ended, nowMs);
    const known = lease.attempt(request.attemptId);
    if (known?.covered) return known.covered;
    const asking: Asking = { lease, covers: true };
    const decision = decide(this.#counters, request.alternatives, nowMs, asking);
    if (!decision.ok) return refused(decision.refusal, nowMs);
    this.#leases.renew(lease, nowMs);
    if (known) for (const cost of known.costs) cost.floor = 0;
    const answer = this.#grant(lease, request.alternatives, decision, request.attemptId, nowMs);
    lease.attemptOrNew(request.attemptId).covered = answer;
    return answer;
  }

  charge(request: ChargeRequest, nowMs: number): ChargeResult {
    checkItems(request.items);
    this.#advance(nowMs);
    const lease = this.#leases.get(request, nowMs) ?? this.#remember(request, nowMs);
    const isLate = lease.state === 'closed';
    const result = chargeAttempt(this.#world, lease, request, nowMs);
    if (isLate) this.#leases.bury(lease, lease.expiresAtMs);
    return result;
  }

  renew(request: RenewRequest, nowMs: number): boolean {
    for (const { items } of request.running) {
      for (const { counter, amount } of items) checkRunning(counter, amount);
    }
    this.#advance(nowMs);
    const lease = this.#leases.get(request, nowMs);
    if (lease?.state !== 'live') return false;
    this.#leases.renew(lease, nowMs);
    for (const { attemptId, items, event } of request.running) {
      const attempt = lease.attemptOrNew(attemptId);
      if (attempt.state !== 'running') continue;
      attempt.event = event;
      for (const cost of attempt.costs) [cost.floor, cost.running] = [0, 0];
      for (const { counter, windowId, amount } of items) {
        const hold = lease.holdOn(counter, windowId);
        if (hold) costOn(attempt, hold).running = amount;
      }
    }
    return true;
  }

  close(request: CloseRequest, nowMs: number): void {
    this.#advance(nowMs);
    const lease = this.#leases.get(request, nowMs);
    if (!lease) this.#remember(request, nowMs);
    else endLease(this.#world, lease, nowMs);
  }

  /** The second half of an adjustment: it is in the ledger. */
  adjust({ id, partition, charges }: AdjustRequest, nowMs: number): void {
    this.#advance(nowMs);
    if (this.#leases.get({ id, partition }, nowMs)) return;
    this.#remember({ id, partition }, nowMs);
    for (const { counter, window, amount } of charges) this.#counters.adjust(counter, window, amount, nowMs);
  }

  read(counters: readonly QuotaCounter[], nowMs: number): CounterState[] {
    this.#advance(nowMs);
    return counters.map((counter) => this.#counters.read(counter, nowMs));
  }

  /** Applies the passing of time: reaps expired leases, and removes windows that are over and counters that are empty. */
  sweep(nowMs: number): void {
    this.#advance(nowMs);
    const { counters, leases } = this.size;
    this.#leases.forgetSome(1024 + (leases >> 3), nowMs, this.#release, true);
    this.#counters.forgetSome(1024 + (counters >> 3), nowMs);
  }

  /** Reaps every live lease, expired or not: this process will no longer see their attempts end. */
  reapAll(nowMs: number): void {
    for (let lease = this.#leases.soonest; lease; lease = this.#leases.soonest) {
      reapLease(this.#world, lease, nowMs);
    }
  }

  #advance(nowMs: number): void {
    for (let reaped = 0; reaped < reapedAtOnce; reaped += 1) {
      const lease = this.#leases.expired(nowMs);
      if (!lease) break;
      reapLease(this.#world, lease, nowMs);
    }
    this.#leases.forgetSome(4, nowMs, this.#release);
    this.#counters.tidy(nowMs);
  }

  readonly #release = (lease: Lease): void => {
    for (const { counter, windowCounter } of lease.holds)
      this.#counters.release(counter.counter, windowCounter);
  };

  /** Writes the decision into counters and lease, and registers the attempt with its floors and its event. */
  #grant(
    lease: Lease,
    alternatives: readonly QuotaAlternative[],
    admission: Admission,
    attemptId: string | undefined,
    nowMs: number,
  ): ReserveResult {
    const { alternative, tallies, granted } = admission;
    const { charges, event } = alternatives[alternative] as QuotaAlternative;
    const attempt = attemptId === undefined ? undefined : lease.attemptOrNew(attemptId);
    if (attempt && event) attempt.event = event;
    for (let index = 0; index < charges.length; index += 1) {
      const charge = charges[index] as QuotaCharge;
      const hold = this.#holdFor(lease, charge, tallies[index] as Hold['windowCounter']);
      const amount = granted[index] as number;
      hold.amount += amount;
      hold.windowCounter.hold(amount);
      if (attempt) addFloor(attempt, hold, charge);
    }
    return {
      ok: true,
      alternative,
      grants: charges.map(({ counter }, index) => ({
        counter,
        window: (tallies[index] as Hold['windowCounter']).windowId,
        granted: granted[index] as number,
      })),
      states: charges.map((charge, index) => stateOf(charge, tallies[index] as Hold['windowCounter'])),
      crossed: takeUnreported(tallies, nowMs),
      nowMs,
      expiresAtMs: lease.expiresAtMs,
    };
  }

  #holdFor(lease: Lease, counter: QuotaCounter, windowCounter: Hold['windowCounter']): Hold {
    const known = lease.holdOn(counter.counter, windowCounter.windowId);
    if (known) return known;
    const hold = { counter, windowCounter, amount: 0 };
    lease.holds.push(hold);
    this.#counters.retain(windowCounter);
    return hold;
  }

  /** A tombstone for an id of which no lease is known. */
  #remember({ id, partition }: CloseRequest, nowMs: number): Lease {
    const { unknownForMs } = this.#leases;
    const lease = new Lease(id, partition, 0, nowMs);
    lease.state = 'closed';
    this.#leases.bury(lease, nowMs + unknownForMs);
    return lease;
  }
}

function addFloor(attempt: Attempt, hold: Hold, { floor }: QuotaCharge): void {
  if (floor) costOn(attempt, hold).floor += floor;
}

function refused(refusal: QuotaRefusal, nowMs: number): ReserveResult {
  return { ok: false, refusal, nowMs };
}

/** A request's second budget may ask the same counter under another cap; only the very same question is a repetition. */
function sameCharges(one: readonly QuotaCharge[], other: readonly QuotaCharge[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ counter, limit, want }, index) => {
      const twin = other[index] as QuotaCharge;
      return twin.counter === counter && twin.limit === limit && twin.want === want;
    })
  );
}
