import type { ChargeItem, QuotaAlternative, QuotaCharge, ReserveRequest } from './quota-store.js';

const whole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** A wrong figure would stay in a counter for good: it is refused before anything is written. */
function checkCharge(charge: QuotaCharge): void {
  const { counter, limit, want, min, floor, onlyBelow } = charge;
  if (!whole(limit)) wrong(counter, 'limit', limit);
  if (!whole(want)) wrong(counter, 'want', want);
  if (min !== undefined && !(whole(min) && min <= want)) wrong(counter, 'min', min);
  if (floor !== undefined && !whole(floor)) wrong(counter, 'floor', floor);
  if (onlyBelow !== undefined && !(onlyBelow > 0 && onlyBelow <= 1)) wrong(counter, 'onlyBelow', onlyBelow);
}

export function checkCharges(charges: readonly QuotaCharge[]): void {
  for (const charge of charges) checkCharge(charge);
}

export function checkAlternatives(alternatives: readonly QuotaAlternative[]): void {
  if (alternatives.length === 0) throw new TypeError('quota: "alternatives" must hold at least one');
  for (const { charges } of alternatives) checkCharges(charges);
}

export function checkLease({ leaseMs }: ReserveRequest): void {
  if (!Number.isSafeInteger(leaseMs) || leaseMs < 1000 || leaseMs > 3_600_000) {
    throw new TypeError(`quota: "leaseMs" must be an integer from 1000 to 3600000, received ${leaseMs}`);
  }
}

export function checkItems(items: readonly ChargeItem[]): void {
  for (const { counter, limit, amount, release } of items) {
    if (!whole(limit)) wrong(counter, 'limit', limit);
    if (!whole(amount)) wrong(counter, 'amount', amount);
    if (!whole(release)) wrong(counter, 'release', release);
  }
}

export function checkRunning(counter: string, amount: number): void {
  if (!whole(amount)) wrong(counter, 'amount', amount);
}

function wrong(counter: string, name: string, value: number): never {
  throw new TypeError(`quota: "${name}" of counter "${counter}" is out of range, received ${value}`);
}
