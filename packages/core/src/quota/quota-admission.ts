import type { Lease } from './lease.js';
import type { CounterBook } from './quota-counters.js';
import { type BlockingCounter, refusalOf } from './quota-refusal.js';
import type { QuotaAlternative, QuotaCharge, QuotaRefusal } from './quota-store.js';
import type { WindowCounter } from './window-counter.js';

/** The grants for a request; nothing is written yet. */
export interface Admission {
  readonly ok: true;
  readonly alternative: number;
  /** One for each charge, in order. */
  readonly tallies: readonly WindowCounter[];
  readonly granted: readonly number[];
}

export type Decision = Admission | { readonly ok: false; readonly refusal: QuotaRefusal };

/** The requester: an existing lease, and whether it only registers an attempt within its holds. */
export interface Asking {
  readonly lease?: Lease | undefined;
  readonly covers?: boolean | undefined;
}

/** Finds the first alternative that fits as a whole. Changes nothing that could be observed. */
export function decide(
  counters: CounterBook,
  alternatives: readonly QuotaAlternative[],
  nowMs: number,
  asking: Asking = {},
): Decision {
  let blocking: BlockingCounter[] = [];
  for (let alternative = 0; alternative < alternatives.length; alternative += 1) {
    const { charges } = alternatives[alternative] as QuotaAlternative;
    const tallies: WindowCounter[] = [];
    const granted: number[] = [];
    blocking = [];
    for (let index = 0; index < charges.length; index += 1) {
      const charge = charges[index] as QuotaCharge;
      const windowCounter = windowCounterFor(counters, charge, nowMs, asking);
      const ahead = grantedOf(windowCounter, tallies, granted);
      const grant = grantFor(charge, windowCounter, ahead, asking);
      if (grant === undefined) blocking.push({ index, charge, windowCounter, ahead });
      tallies.push(windowCounter);
      granted.push(grant ?? 0);
    }
    if (blocking.length === 0) return { ok: true, alternative, tallies, granted };
  }
  return { ok: false, refusal: refusalOf(blocking, nowMs) };
}

/** Granted here so far to the request under decision, by charges before. */
function grantedOf(
  windowCounter: WindowCounter,
  tallies: readonly WindowCounter[],
  granted: readonly number[],
): number {
  let sum = 0;
  for (let index = 0; index < tallies.length; index += 1) {
    if (tallies[index] === windowCounter) sum += granted[index] as number;
  }
  return sum;
}

/** Amounts already held for an attempt that needs no more count in the window that admitted it. */
function windowCounterFor(
  counters: CounterBook,
  charge: QuotaCharge,
  nowMs: number,
  asking: Asking,
): WindowCounter {
  const held = asking.covers && charge.want === 0 ? asking.lease?.holdOn(charge.counter) : undefined;
  held?.windowCounter.moveTo(nowMs);
  return held?.windowCounter ?? counters.current(charge, nowMs);
}

/** The amount that can be granted of the requested one; `undefined`: not enough. */
function grantFor(
  charge: QuotaCharge,
  windowCounter: WindowCounter,
  ahead: number,
  asking: Asking,
): number | undefined {
  const { limit, min, onlyBelow, soft } = charge;
  const live = charge.window.kind === 'live';
  const want = live ? Math.min(charge.want, 1) : charge.want;
  // A lease counts once, however often it asks.
  if (live && asking.lease?.holdOn(charge.counter)?.amount === 1) return 0;
  const { used } = windowCounter;
  const taken = used + windowCounter.held;
  if (onlyBelow !== undefined && taken >= onlyBelow * limit) return undefined;
  if (soft || (want === 0 && asking.covers)) return want;
  const left = Math.max(0, limit - taken - ahead);
  const grant = Math.min(want, left);
  if (grant < (min ?? want) || (grant === 0 && used >= limit)) return undefined;
  return grant;
}
