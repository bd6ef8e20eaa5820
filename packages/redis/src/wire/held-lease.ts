import type { UsageEvent } from '@tollgate/core';
import type {
  ChargeRequest,
  QuotaCharge,
  QuotaCounter,
  ReserveRequest,
  ReserveResult,
} from '@tollgate/core/internal';
import type { QuietCharge, QuietRenewal } from './quiet-requests.js';

type Admitted = Extract<ReserveResult, { ok: true }>;

/** A reservation's amount on one counter in one window. */
export interface Hold {
  readonly counter: QuotaCounter;
  readonly windowId: string;
  amount: number;
}

/** An attempt's charge to a hold if its end is not seen. */
interface AttemptCost {
  readonly hold: Hold;
  floor: number;
  running: number;
}

interface RunningAttempt {
  readonly id: string;
  event: UsageEvent | undefined;
  readonly costs: AttemptCost[];
}

/** A reservation in the store, as far as this process knows. */
export interface HeldLease {
  readonly id: string;
  readonly leaseMs: number;
  readonly holds: readonly Hold[];
  readonly attempts: readonly RunningAttempt[];
}

/** An operation on a reservation. */
export type Step =
  | {
      readonly kind: 'take';
      readonly attemptId: string | undefined;
      /** By which a repetition is known. */
      readonly question: string;
      readonly taken: Taken;
    }
  | { readonly kind: 'charge'; readonly request: QuietCharge }
  | { readonly kind: 'renew'; readonly request: QuietRenewal };

export interface Taken {
  readonly charges: readonly QuotaCharge[];
  readonly result: Admitted;
  readonly event: UsageEvent | undefined;
  /** A cover states the floor of its attempt again. */
  readonly covers: boolean;
}

/** Applies the operations on a reservation in their order. */
export function heldLeaseOf({ id, leaseMs }: ReserveRequest, steps: readonly Step[]): HeldLease {
  const holds = new Map<string, Hold>();
  const attempts = new Map<string, RunningAttempt>();
  for (const step of steps) {
    if (step.kind === 'take') take(holds, attempts, step.attemptId, step.taken);
    else if (step.kind === 'charge') charge(holds, attempts, step.request);
    else renew(holds, attempts, step.request);
  }
  return { id, leaseMs, holds: [...holds.values()], attempts: [...attempts.values()] };
}

const placeOf = (counter: string, windowId: string): string => `${counter}|${windowId}`;

function take(
  holds: Map<string, Hold>,
  attempts: Map<string, RunningAttempt>,
  attemptId: string | undefined,
  { charges, result, event, covers }: Taken,
): void {
  const attempt = attemptId === undefined ? undefined : attemptOf(attempts, attemptId);
  if (attempt && covers) for (const cost of attempt.costs) cost.floor = 0;
  if (attempt && event) attempt.event = event;
  for (const [at, { counter, window, granted }] of result.grants.entries()) {
    const charged = charges[at];
    if (!charged) continue;
    const place = placeOf(counter, window);
    const hold = holds.get(place) ?? { counter: charged, windowId: window, amount: 0 };
    hold.amount += granted;
    holds.set(place, hold);
    if (attempt && charged.floor) costOf(attempt, hold).floor += charged.floor;
  }
}

function charge(
  holds: Map<string, Hold>,
  attempts: Map<string, RunningAttempt>,
  { attemptId, items }: Pick<ChargeRequest, 'attemptId' | 'items'>,
): void {
  attempts.delete(attemptId);
  for (const { counter, windowId, release, window } of items) {
    const hold = holds.get(placeOf(counter, windowId));
    if (hold && window.kind !== 'live') hold.amount -= Math.min(hold.amount, release);
  }
}

function renew(
  holds: Map<string, Hold>,
  attempts: Map<string, RunningAttempt>,
  { running }: QuietRenewal,
): void {
  for (const { attemptId, items, event } of running) {
    const attempt = attemptOf(attempts, attemptId);
    if (event) attempt.event = event;
    for (const cost of attempt.costs) [cost.floor, cost.running] = [0, 0];
    for (const { counter, windowId, amount } of items) {
      const hold = holds.get(placeOf(counter, windowId));
      if (hold) costOf(attempt, hold).running = amount;
    }
  }
}

function attemptOf(attempts: Map<string, RunningAttempt>, id: string): RunningAttempt {
  const known = attempts.get(id);
  if (known) return known;
  const attempt: RunningAttempt = { id, event: undefined, costs: [] };
  attempts.set(id, attempt);
  return attempt;
}

function costOf(attempt: RunningAttempt, hold: Hold): AttemptCost {
  const known = attempt.costs.find((cost) => cost.hold === hold);
  if (known) return known;
  const cost = { hold, floor: 0, running: 0 };
  attempt.costs.push(cost);
  return cost;
}
