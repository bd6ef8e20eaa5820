import { adjustmentEvent, uncertainEvent } from '../call/usage-correction.js';
import type { EventCharge, UsageEvent } from '../call/usage-event.js';
import { publish } from '../lib/channel.js';
import { type Attempt, type Hold, type Lease, markCharged, takeReaped } from './lease.js';
import { type LeaseRegistry, reapedKeptMs } from './lease-registry.js';
import { type CounterBook, stateOf } from './quota-counters.js';
import type {
  ChargeItem,
  ChargeRequest,
  ChargeResult,
  QuotaCounter,
  ThresholdCrossing,
} from './quota-store.js';
import { newlyReached, takeUnreported } from './quota-thresholds.js';
import type { WindowCounter } from './window-counter.js';

/** The state that settling reads and writes. */
export interface SettlingWorld {
  readonly counters: CounterBook;
  readonly leases: LeaseRegistry;
  readonly thresholds: readonly number[];
  readonly deliver: ((event: UsageEvent) => void) | undefined;
  readonly isQuiet: boolean;
}

/** Charges the actual usage of one attempt to a lease, live or ended, once. */
export function chargeAttempt(
  world: SettlingWorld,
  lease: Lease,
  request: ChargeRequest,
  nowMs: number,
): ChargeResult {
  const tallies = request.items.map((item) => windowCounterOf(world, lease, item, nowMs));
  const attempt = lease.attemptOrNew(request.attemptId);
  const outcome =
    attempt.state === 'charged' ? 'repeated' : attempt.state === 'reaped' ? 'adjusted' : 'charged';
  const crossed = takeUnreported(tallies, nowMs);
  if (outcome !== 'repeated') {
    for (const { hold } of attempt.costs) hold.windowCounter.moveTo(nowMs);
    const corrections = settleItems(world, lease, attempt, request.items, tallies, crossed, nowMs);
    const { event: written } = attempt;
    if (outcome === 'adjusted' && written) {
      world.deliver?.(adjustmentEvent(written, request.event, corrections));
    } else world.deliver?.(request.event);
    markCharged(attempt);
    publishSettled(world, lease, { attemptId: attempt.id, outcome, charges: corrections });
  }
  if (request.close) endLease(world, lease, nowMs);
  const states = request.items.map((item, index) => stateOf(item, tallies[index] as WindowCounter));
  return { outcome, recorded: world.deliver !== undefined, states, crossed };
}

/** Writes the items; the earlier charge of a reaped attempt is taken off in the same step. Returns the signed differences. */
function settleItems(
  { thresholds }: SettlingWorld,
  lease: Lease,
  attempt: Attempt,
  items: readonly ChargeItem[],
  tallies: readonly WindowCounter[],
  crossed: ThresholdCrossing[],
  nowMs: number,
): EventCharge[] {
  const differences: EventCharge[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] as ChargeItem;
    if (item.window.kind === 'live') continue;
    const windowCounter = tallies[index] as WindowCounter;
    const hold = lease.state === 'live' ? lease.holdOn(item.counter, item.windowId) : undefined;
    const release = hold ? Math.min(item.release, hold.amount) : 0;
    if (hold) hold.amount -= release;
    const before = attempt.state === 'reaped' ? takeReaped(attempt, item.counter, item.windowId) : 0;
    raise(item, windowCounter, item.amount - before, release, thresholds, crossed, nowMs);
    if (item.amount !== before) {
      differences.push({ counter: item.counter, window: item.windowId, amount: item.amount - before });
    }
  }
  for (const { hold, charged } of attempt.costs) {
    if (charged === 0) continue;
    hold.windowCounter.settle(-charged, 0);
    differences.push({
      counter: hold.counter.counter,
      window: hold.windowCounter.windowId,
      amount: -charged,
    });
  }
  return differences;
}

/** Releases the holds and turns the lease into a tombstone for two leases; does nothing for one that has ended. */
export function endLease(world: SettlingWorld, lease: Lease, nowMs: number): void {
  const { counters, leases } = world;
  if (lease.state !== 'live') return;
  const givenBack = giveBack(lease, nowMs);
  for (const { counter, windowCounter } of lease.holds) counters.release(counter.counter, windowCounter);
  lease.state = 'closed';
  lease.extensions = [];
  leases.bury(lease, nowMs + 2 * lease.leaseMs);
  publishSettled(world, lease, { outcome: 'closed', givenBack });
}

/**
 * Ends a lease whose heartbeats have stopped: every attempt without a charge is charged its last heartbeat, and its floor as far as the
 * lease holds it; its event is delivered as uncertain, the rest is released. The tombstone keeps the charges, since the actual usage may
 * still arrive.
 */
export function reapLease(world: SettlingWorld, lease: Lease, nowMs: number): void {
  const running = lease.attempts.filter(({ state }) => state === 'running');
  const surplus = new Map(lease.holds.map((hold) => [hold, surplusOf(hold, running)]));
  for (const attempt of running) reapAttempt(world, attempt, surplus, nowMs);
  const givenBack = giveBack(lease, nowMs);
  lease.reap();
  world.leases.bury(lease, nowMs + reapedKeptMs);
  publishSettled(world, lease, { outcome: 'reaped', givenBack });
}

/** The part of a hold left for floors, beyond the amounts reported by heartbeats. */
function surplusOf(hold: Hold, attempts: readonly Attempt[]): number {
  let left = hold.amount;
  for (const { costs } of attempts) for (const cost of costs) if (cost.hold === hold) left -= cost.running;
  return Math.max(0, left);
}

function reapAttempt(
  { thresholds, deliver }: SettlingWorld,
  attempt: Attempt,
  surplus: Map<Hold, number>,
  nowMs: number,
): void {
  const charges: EventCharge[] = [];
  for (const cost of attempt.costs) {
    const { hold, floor, running } = cost;
    const left = surplus.get(hold) ?? 0;
    const beyond = Math.min(Math.max(0, floor - running), left);
    const amount = hold.counter.window.kind === 'live' ? 0 : running + beyond;
    if (amount === 0) continue;
    surplus.set(hold, left - beyond);
    cost.charged = amount;
    const { counter, windowCounter } = hold;
    const crossed: ThresholdCrossing[] = [];
    windowCounter.moveTo(nowMs);
    raise(counter, windowCounter, amount, 0, thresholds, crossed, nowMs);
    if (crossed.length > 0) windowCounter.unreported = [...(windowCounter.unreported ?? []), ...crossed];
    charges.push({ counter: counter.counter, window: windowCounter.windowId, amount });
  }
  attempt.state = 'reaped';
  if (!attempt.event) return;
  attempt.event = uncertainEvent(attempt.event, charges, nowMs);
  deliver?.(attempt.event);
}

/** Raises (or, by a correction, lowers) `used`, and collects the thresholds that this reaches. */
function raise(
  counter: QuotaCounter,
  windowCounter: WindowCounter,
  amount: number,
  release: number,
  thresholds: readonly number[],
  crossed: ThresholdCrossing[],
  nowMs: number,
): void {
  windowCounter.settle(amount, release);
  if (amount > 0) crossed.push(...newlyReached(counter, windowCounter, thresholds, nowMs));
}

function giveBack(lease: Lease, nowMs: number): EventCharge[] {
  const given: EventCharge[] = [];
  for (const hold of lease.holds) {
    const { counter, windowCounter, amount } = hold;
    if (amount === 0) continue;
    hold.amount = 0;
    windowCounter.moveTo(nowMs);
    windowCounter.settle(0, amount);
    given.push({ counter: counter.counter, window: windowCounter.windowId, amount });
  }
  return given;
}

function windowCounterOf(
  { counters }: SettlingWorld,
  lease: Lease,
  item: ChargeItem,
  nowMs: number,
): WindowCounter {
  const held = lease.holdOn(item.counter, item.windowId)?.windowCounter;
  held?.moveTo(nowMs);
  return held ?? counters.byId(item, item.windowId, nowMs);
}

function publishSettled(
  { isQuiet }: SettlingWorld,
  lease: Lease,
  facts: Readonly<Record<string, unknown>>,
): void {
  if (isQuiet) return;
  publish('tollgate:settle', () => ({ id: lease.id, partition: lease.partition, ...facts }));
}
