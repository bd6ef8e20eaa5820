import { CallsUnderway } from './calls-underway.js';
import { ProviderLimit } from './provider-limit.js';
import {
  type ProviderAmounts,
  type ProviderUnit,
  providerUnits,
  type Statement,
  type TakeAnswer,
  type Taken,
  type WaitingCall,
} from './provider-store.js';

/** The longest pause that a provider's response can cause, in ms. */
const longestRestMs = 60_000;
/** Time after its scheduled request at which a silent waiter is forgotten, in ms. */
const graceMs = 1_000;
/** The longest interval between two requests of a waiter, in ms: a response to any other process can change the remaining amounts. */
const latestAskMs = 250;

/** A tenant's waiting call, and its position in the fair order. */
interface Line {
  start: number;
  readonly sizes: ProviderAmounts[];
  /** Positions among the calls that are asked for; none: it waits elsewhere. */
  readonly positions: number[];
  untilMs: number;
}

/**
 * The limits of one provider for one key and model, and the order of the waiters. Waiting tenants get shares of equal size, by start-time
 * fair queueing (Goyal, Vin and Cheng, 1996): a tenant's turn moves back by the amounts of its call. A waiter in another process keeps its
 * place until the time at which it was to ask again.
 */
export class ProviderAllowance {
  readonly #limits = new Map<ProviderUnit, ProviderLimit>();
  /** All that was ever taken. */
  readonly #totals = { requests: 0, tokens: 0, inputTokens: 0, outputTokens: 0 };
  readonly #underway = new CallsUnderway();
  #waiting = new Map<string, Line>();
  #restsUntilMs = 0;
  /** Virtual time: where the last one to be served began. */
  #time = 0;

  /** Time until a call of this size fits, if no other call waits, in ms. */
  waitMs(size: ProviderAmounts, nowMs: number): number {
    let waitMs = Math.max(0, this.#restsUntilMs - nowMs);
    for (const [unit, limit] of this.#limits) {
      waitMs = Math.max(waitMs, limit.waitMs(size[unit] ?? 0, this.#totals[unit], nowMs));
    }
    return waitMs;
  }

  /** Gives those their turn whose turn it is, as far as there is room. */
  take(calls: readonly WaitingCall[], nowMs: number): TakeAnswer {
    const [only] = calls;
    if (only && calls.length === 1 && this.#waiting.size === 0 && this.waitMs(only.size, nowMs) === 0) {
      return { taken: [this.taken(only.size, nowMs)], waitMs: 0 };
    }
    const lines = this.#linesOf(calls, nowMs);
    const taken: (Taken | undefined)[] = calls.map(() => undefined);
    const held: ProviderAmounts[] = [];
    let waitMs = 0;
    for (let line = firstOf(lines); line; line = firstOf(lines)) {
      const [size = {}] = line.sizes;
      waitMs = this.waitMs(size, nowMs);
      if (waitMs > 0) break;
      line.sizes.shift();
      const position = line.positions.shift();
      if (position === undefined) {
        held.push(size);
        this.#hold(size, 1);
      } else {
        taken[position] = this.taken(size, nowMs);
        this.#time = line.start;
      }
      line.start += this.#costOf(size);
    }
    for (const size of held) this.#hold(size, -1);
    const askMs = waitMs > 0 ? Math.min(Math.max(1, Math.ceil(waitMs)), latestAskMs) : 0;
    for (const [tenant, line] of lines) {
      if (line.positions.length === 0) continue;
      line.untilMs = nowMs + askMs + graceMs;
      this.#waiting.set(tenant, { ...line, sizes: line.sizes.slice(0, 1), positions: [] });
    }
    return { taken, waitMs: askMs };
  }

  /** Takes so much, whether it is there or not. */
  taken(size: ProviderAmounts, nowMs: number): Taken {
    for (const [unit, limit] of this.#limits) limit.take(size[unit] ?? 0, this.#totals[unit], nowMs);
    for (const unit of providerUnits) this.#totals[unit] += size[unit] ?? 0;
    const taken = { atMs: nowMs, totals: { ...this.#totals }, size };
    this.#underway.add(taken);
    return taken;
  }

  giveBack(taken: Taken): void {
    const { size } = taken;
    this.#underway.remove(taken);
    for (const [unit, limit] of this.#limits) limit.giveBack(size[unit] ?? 0);
    for (const unit of providerUnits) this.#totals[unit] -= size[unit] ?? 0;
  }

  state({ limits, taken, restMs = 0 }: Statement, nowMs: number): void {
    this.#restsUntilMs = Math.max(this.#restsUntilMs, nowMs + Math.min(restMs, longestRestMs));
    if (taken) this.#underway.remove(taken);
    const underway = this.#underway.sum(nowMs);
    for (const stated of limits) {
      let limit = this.#limits.get(stated.unit);
      if (!limit) {
        limit = new ProviderLimit();
        this.#limits.set(stated.unit, limit);
      }
      const { unit } = stated;
      const mark = taken && {
        atMs: taken.atMs,
        total: taken.totals[unit] ?? 0,
        underway: underway[unit] ?? 0,
      };
      limit.stated(stated, mark, this.#totals[unit], nowMs);
    }
  }

  /** The waiting calls, here and in other processes; they are removed, and added again where they continue to wait. */
  #linesOf(calls: readonly WaitingCall[], nowMs: number): Map<string, Line> {
    const lines = new Map<string, Line>();
    for (const [tenant, line] of this.#waiting) {
      if (line.untilMs > nowMs) lines.set(tenant, { ...line, sizes: [...line.sizes], positions: [] });
      else this.#waiting.delete(tenant);
    }
    for (const [position, { tenant, size }] of calls.entries()) {
      let line = lines.get(tenant);
      if (!line) {
        line = { start: this.#time, sizes: [], positions: [], untilMs: 0 };
        lines.set(tenant, line);
      } else if (line.positions.length === 0) line.sizes.length = 0;
      this.#waiting.delete(tenant);
      line.sizes.push(size);
      line.positions.push(position);
    }
    return lines;
  }

  #hold(size: ProviderAmounts, sign: 1 | -1): void {
    for (const [unit, limit] of this.#limits) limit.hold(sign * (size[unit] ?? 0));
  }

  /** The largest share of any limit that a call takes. */
  #costOf(size: ProviderAmounts): number {
    let cost = Number.EPSILON;
    for (const [unit, { limit }] of this.#limits) cost = Math.max(cost, (size[unit] ?? 0) / limit);
    return cost;
  }
}

/** Whose turn it is: who has had the least. */
function firstOf(lines: ReadonlyMap<string, Line>): Line | undefined {
  let first: Line | undefined;
  let firstTenant = '';
  for (const [tenant, line] of lines) {
    if (line.sizes.length === 0) continue;
    if (!first || line.start < first.start || (line.start === first.start && tenant < firstTenant)) {
      first = line;
      firstTenant = tenant;
    }
  }
  return first;
}
