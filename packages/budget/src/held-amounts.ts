import type { ChargeItem, QuotaCharge, QuotaCounter, QuotaGrant, Settlement } from '@tollgate/core/internal';
import { chargeOf, spentOf } from './amounts.js';

/** An amount held on one counter, in the window that admitted it. */
export interface HeldPart {
  readonly counter: QuotaCounter;
  readonly windowId: string;
  readonly amount: number;
}

/** The amounts that one attempt takes from the counters, and whether they exceed the amounts held for it. */
export interface Spending {
  readonly items: readonly ChargeItem[];
  readonly overrun: boolean;
}

/** How much an attempt holds on a counter, and how much more it takes. */
export interface Lack {
  readonly counter: QuotaCounter;
  readonly held: number;
  readonly missing: number;
}

const nothing: readonly Lack[] = Object.freeze([]);

/** Counters charged once per request, no matter how many calls it makes. */
const perRequest = (counter: QuotaCounter): boolean =>
  counter.unit === 'concurrent' || counter.unit === 'requests';

/** A reservation's amounts: unassigned, or held for an attempt. The store is authoritative; this class divides its grants among attempts. */
export class HeldAmounts {
  readonly #free = new Map<string, HeldPart[]>();
  readonly #windows = new Map<string, HeldPart>();
  readonly #attempts = new Map<string, HeldPart[]>();
  #requests: HeldPart[] = [];

  /** Records the store's grants; all of them are unassigned. */
  add(charges: readonly QuotaCharge[], grants: readonly QuotaGrant[]): void {
    charges.forEach((counter, index) => {
      const grant = grants[index];
      if (!grant) return;
      const part = { counter, windowId: grant.window, amount: grant.granted };
      this.#windows.set(counter.counter, { ...part, amount: 0 });
      if (counter.unit === 'requests' && grant.granted > 0) this.#requests.push(part);
      else if (!perRequest(counter) && grant.granted > 0) this.#put(part);
    });
  }

  /** The unassigned amount held on a counter. */
  free(counter: string): number {
    return (this.#free.get(counter) ?? []).reduce((sum, part) => sum + part.amount, 0);
  }

  /** Whether the reservation counts here at all. */
  knows(counter: string): boolean {
    return this.#windows.has(counter);
  }

  /** Whether this counter needs nothing more of this reservation: requests and places in flight are taken once. */
  isHeldForRequest(counter: QuotaCounter): boolean {
    return perRequest(counter) && this.#windows.has(counter.counter);
  }

  /** Assigns an attempt's needed amounts, oldest window first; never more than is unassigned. */
  take(attemptId: string, needs: readonly (readonly [QuotaCounter, number])[]): void {
    const parts = this.#attempts.get(attemptId) ?? [];
    for (const [counter, need] of needs) {
      if (perRequest(counter)) continue;
      const taken = this.#takeFree(counter, need);
      const newest = this.#windows.get(counter.counter);
      if (taken.length > 0) parts.push(...taken);
      else if (newest) parts.push(newest);
    }
    this.#attempts.set(attemptId, parts);
  }

  /** Lets an attempt be charged on every counter that is known, although nothing is held for it. */
  takeNothing(attemptId: string): void {
    this.take(
      attemptId,
      [...this.#windows.values()].map(({ counter }) => [counter, 0] as const),
    );
  }

  /** Unassigns an attempt's amounts, for the next one to use. */
  giveBack(attemptId: string): void {
    for (const part of this.#attempts.get(attemptId) ?? []) if (part.amount > 0) this.#put(part);
    this.#attempts.delete(attemptId);
  }

  /** Whether an attempt is on the book: admitted, and not charged yet. */
  holdsFor(attemptId: string): boolean {
    return this.#attempts.has(attemptId);
  }

  /** On which counters a settlement takes more than an attempt holds, and how much is missing. Cheap where it is nothing. */
  lacking(attemptId: string, settlement: Settlement): readonly Lack[] {
    const parts = this.#attempts.get(attemptId) ?? [];
    let lacks: Lack[] | undefined;
    parts.forEach(({ counter }, index) => {
      let held = 0;
      for (let other = 0; other < parts.length; other += 1) {
        if (parts[other]?.counter.counter !== counter.counter) continue;
        if (other < index) return;
        held += parts[other]?.amount ?? 0;
      }
      const missing = spentOf(counter.unit, settlement) - held;
      if (missing <= 0) return;
      lacks ??= [];
      lacks.push({ counter, held, missing });
    });
    return lacks ?? nothing;
  }

  /**
   * The amounts that a settlement takes from each counter in each window. A window that admitted a part of the attempt takes at most that
   * part; usage that was never held goes to the newest. `overrun`: usage exceeded the holds.
   */
  spending(attemptId: string, settlement: Settlement): Spending {
    const parts = this.#attempts.get(attemptId) ?? [];
    const items: ChargeItem[] = [];
    let overrun = false;
    for (let index = 0; index < parts.length; index += 1) {
      const { counter, windowId, amount: release } = parts[index] as HeldPart;
      const held = heldOn(counter, parts);
      if (spentOf(counter.unit, settlement) > held) overrun = true;
      let wanted = chargeOf(counter.unit, settlement, held);
      for (const before of items) if (before.counter === counter.counter) wanted -= before.amount;
      const amount = isLastOf(counter, parts, index) ? wanted : Math.min(wanted, release);
      items.push(itemOf(counter, windowId, amount, release));
    }
    return { items, overrun };
  }

  /** Forgets an attempt that was charged. */
  forget(attemptId: string): void {
    this.#attempts.delete(attemptId);
  }

  /** The request itself, to be charged with its first attempt, once. */
  takeRequests(): ChargeItem[] {
    const items = this.#requests.map(({ counter, windowId, amount }) =>
      itemOf(counter, windowId, amount, amount),
    );
    this.#requests = [];
    return items;
  }

  #put(part: HeldPart): void {
    const parts = this.#free.get(part.counter.counter);
    if (parts) parts.push(part);
    else this.#free.set(part.counter.counter, [part]);
  }

  #takeFree(counter: QuotaCounter, need: number): HeldPart[] {
    const parts = this.#free.get(counter.counter) ?? [];
    const taken: HeldPart[] = [];
    let missing = need;
    while (missing > 0) {
      const part = parts.shift();
      if (!part) break;
      const amount = Math.min(part.amount, missing);
      taken.push({ ...part, amount });
      missing -= amount;
      if (part.amount > amount) parts.unshift({ ...part, amount: part.amount - amount });
    }
    return taken;
  }
}

/** The amount that the parts hold on one counter, in all windows. */
function heldOn({ counter }: QuotaCounter, parts: readonly HeldPart[]): number {
  let held = 0;
  for (const part of parts) if (part.counter.counter === counter) held += part.amount;
  return held;
}

/** Whether no later part is held on the same counter, in a newer window. */
function isLastOf({ counter }: QuotaCounter, parts: readonly HeldPart[], at: number): boolean {
  for (let index = at + 1; index < parts.length; index += 1) {
    if (parts[index]?.counter.counter === counter) return false;
  }
  return true;
}

/** A charge's counter with the settled amounts instead of the requested one. */
function itemOf(of: QuotaCounter, windowId: string, amount: number, release: number): ChargeItem {
  const { counter, unit, limit, window, wide, soft } = of;
  return { counter, unit, limit, window, wide, soft, windowId, amount, release };
}
