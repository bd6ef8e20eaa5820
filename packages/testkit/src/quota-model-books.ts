import type { QuotaCounter, ThresholdCrossing } from '@tollgate/core/internal';
import type { ModelLease } from './quota-model-lease.js';
import { namedWindowEndMs, windowEndMs } from './quota-model-window.js';

/** All charges, bucket draws and leases so far: every other figure is a sum over these lists. */
export class ModelBooks {
  readonly leases: ModelLease[] = [];
  readonly #charges: { counter: string; window: string; amount: number }[] = [];
  readonly #draws: { counter: string; units: number; atMs: number }[] = [];
  #crossings: (ThresholdCrossing & { reported: boolean })[] = [];
  readonly #thresholds: readonly number[];

  constructor(thresholds: readonly number[]) {
    this.#thresholds = thresholds;
  }

  /** Draws from a bucket when something is held, negative when it is given back; nothing elsewhere. */
  draw(counter: QuotaCounter, units: number, nowMs: number): void {
    if (counter.window.kind !== 'bucket') return;
    this.#refresh(counter, nowMs);
    this.#draws.push({ counter: counter.counter, units, atMs: nowMs });
  }

  /** Charges `amount` and gives back `release` in one step; returns the thresholds that this reaches. */
  use(
    counter: QuotaCounter,
    window: string,
    amount: number,
    release: number,
    nowMs: number,
  ): ThresholdCrossing[] {
    this.#refresh(counter, nowMs);
    if (counter.window.kind === 'bucket') this.draw(counter, amount - release, nowMs);
    else this.#charge(counter.counter, window, amount);
    if (amount <= 0 || this.#isOver(counter, window, nowMs)) return [];
    const used = this.used(counter, window, nowMs);
    const reached = this.#thresholds
      .filter((threshold) => used >= threshold * counter.limit)
      .filter(
        (threshold) =>
          !this.#crossings.some((one) => one.threshold === threshold && isAt(one, counter, window)),
      )
      .map((threshold) => {
        const { unit, limit } = counter;
        return { counter: counter.counter, window, unit, limit, used, threshold };
      });
    this.#crossings.push(...reached.map((crossing) => ({ ...crossing, reported: true })));
    return reached;
  }

  /** Corrects the charges of an open window, by name; never below 0. */
  adjust(counter: string, window: string, amount: number, nowMs: number): void {
    if (namedWindowEndMs(window) > nowMs) this.#charge(counter, window, amount);
  }

  /** A charge, or a correction; corrections never lower the sum below 0. */
  #charge(counter: string, window: string, amount: number): void {
    const charged = this.#charges.filter((one) => one.counter === counter && one.window === window);
    const used = charged.reduce((sum, one) => sum + one.amount, 0);
    this.#charges.push({ counter, window, amount: Math.max(-used, amount) });
  }

  /** The same by a lease that is reaped: its owner receives no result. */
  reapInto(counter: QuotaCounter, window: string, amount: number, nowMs: number): void {
    for (const { threshold } of this.use(counter, window, amount, 0, nowMs)) {
      for (const one of this.#crossings) {
        if (one.threshold === threshold && isAt(one, counter, window)) one.reported = false;
      }
    }
  }

  takeUnreported(counter: QuotaCounter, window: string, nowMs: number): ThresholdCrossing[] {
    if (this.#isOver(counter, window, nowMs)) return [];
    this.#refresh(counter, nowMs);
    const due = this.#crossings.filter((one) => !one.reported && isAt(one, counter, window));
    return due.map((one) => {
      one.reported = true;
      const { reported, ...crossing } = one;
      return crossing;
    });
  }

  /** The amount that leases hold of a counter in a window; of live leases, their number. */
  #holds(counter: string, window: string): number {
    let sum = 0;
    for (const lease of this.leases) {
      for (const hold of lease.holds) {
        if (hold.counter.counter === counter && hold.window === window) sum += hold.amount;
      }
    }
    return sum;
  }

  used(counter: QuotaCounter, window: string, nowMs: number): number {
    if (counter.window.kind === 'live') return 0;
    if (counter.window.kind === 'bucket') {
      return Math.max(0, this.drawn(counter, nowMs) - this.#holds(counter.counter, window));
    }
    let sum = 0;
    for (const charge of this.#charges) {
      if (charge.counter === counter.counter && charge.window === window) sum += charge.amount;
    }
    return sum;
  }

  held(counter: QuotaCounter, window: string, nowMs: number): number {
    const holds = this.#holds(counter.counter, window);
    return counter.window.kind === 'bucket' ? Math.min(holds, this.drawn(counter, nowMs)) : holds;
  }

  /** Units drawn from a bucket and not refilled, rounded up: all draws from the first on, in exact fractions. */
  drawn(counter: QuotaCounter, nowMs: number): number {
    const { window } = counter;
    if (window.kind !== 'bucket') return 0;
    const period = BigInt(window.periodMs);
    return Number((this.parts(counter, nowMs) + period - 1n) / period);
  }

  /** The same in parts of a unit, of which a unit has `periodMs`. */
  parts(counter: QuotaCounter, nowMs: number): bigint {
    const { window } = counter;
    if (window.kind !== 'bucket') return 0n;
    let [parts, atMs] = [0n, 0];
    const atLeast0 = (value: bigint): bigint => (value > 0n ? value : 0n);
    for (const draw of this.#draws) {
      if (draw.counter !== counter.counter) continue;
      parts = atLeast0(parts - BigInt(draw.atMs - atMs) * BigInt(window.rate));
      parts = atLeast0(parts + BigInt(draw.units) * BigInt(window.periodMs));
      atMs = draw.atMs;
    }
    return atLeast0(parts - BigInt(nowMs - atMs) * BigInt(window.rate));
  }

  #isOver(counter: QuotaCounter, window: string, nowMs: number): boolean {
    return counter.window.kind === 'calendar' && windowEndMs(counter, window) <= nowMs;
  }

  /** A bucket that is full again resets its thresholds. */
  #refresh(counter: QuotaCounter, nowMs: number): void {
    if (counter.window.kind !== 'bucket' || this.parts(counter, nowMs) > 0n) return;
    this.#crossings = this.#crossings.filter((one) => one.counter !== counter.counter);
  }
}

function isAt(crossing: ThresholdCrossing, counter: QuotaCounter, window: string): boolean {
  return crossing.counter === counter.counter && crossing.window === window;
}
