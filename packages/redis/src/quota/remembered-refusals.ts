import {
  type BlockingCounter,
  type CounterState,
  type QuotaAlternative,
  type QuotaCharge,
  type QuotaRefusal,
  type RefillRate,
  refillMs,
  refillRate,
  refusalOf,
  type WindowCounterView,
} from '@tollgate/core/internal';

/** The state of a counter when it refused a request because of its used amount. */
interface Remembered {
  readonly state: CounterState;
  /** Of a token bucket. */
  readonly rate: RefillRate | undefined;
  /** The store's clock when it refused, which lies between the next two moments of this process's clock. */
  readonly nowMs: number;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  readonly untilMs: number;
}

/** A refusal received from the store. */
export interface ToldRefusal {
  readonly refusal: QuotaRefusal;
  readonly nowMs: number;
}

/** Counters remembered at most; the oldest go first. */
const mostRemembered = 10_000;

/**
 * The store's recent refusals caused by used amounts alone: used only grows until its window ends, apart from corrections, so that the same
 * refusal need not be requested again. Moments are of a monotonic clock.
 */
export class RememberedRefusals {
  readonly #rememberMs: number;
  readonly #most: number;
  readonly #counters = new Map<string, Remembered>();
  /** How often something was forgotten because it was no longer so: an answer on its way since before that is too old to keep. */
  forgotten = 0;

  constructor(rememberMs: number, most = mostRemembered) {
    this.#rememberMs = rememberMs;
    this.#most = most;
  }

  get size(): number {
    return this.#counters.size;
  }

  /** Keeps a refusal caused by used amounts. `asked` and `answered`: moments of this process's clock. */
  remember(
    { refusal, nowMs }: ToldRefusal,
    alternatives: readonly QuotaAlternative[],
    askedAtMs: number,
    answeredAtMs: number,
  ): void {
    const { blockedBy, state } = refusal;
    const charge = alternatives.at(-1)?.charges[refusal.charge ?? -1];
    if (blockedBy !== 'used' || !state || charge?.counter !== state.counter) return;
    const { window } = charge;
    // Our clock and the store's are read at different moments, and the store's counts whole milliseconds.
    const openMs = window.kind === 'calendar' ? (state.resetsAtMs ?? nowMs) - nowMs - 1 : this.#rememberMs;
    this.#counters.delete(charge.counter);
    this.#counters.set(charge.counter, {
      state,
      rate: window.kind === 'bucket' ? refillRate(window) : undefined,
      nowMs,
      askedAtMs,
      answeredAtMs,
      untilMs: askedAtMs + Math.min(this.#rememberMs, openMs),
    });
    if (this.#counters.size <= this.#most) return;
    for (const oldest of this.#counters.keys()) {
      this.#counters.delete(oldest);
      return;
    }
  }

  /** The refusal of a request of which no alternative can fit, by the remembered states; `undefined`: the store must decide. */
  refusalFor(alternatives: readonly QuotaAlternative[], atMs: number): ToldRefusal | undefined {
    if (this.#counters.size === 0) return undefined;
    let blocking: BlockingCounter[] = [];
    let nowMs = 0;
    for (const [place, { charges }] of alternatives.entries()) {
      blocking = [];
      for (const [index, charge] of charges.entries()) {
        const most = mostOf(charge);
        // A charge that never fits gets the store's refusal, which has the figures.
        if (most < 0 && place === alternatives.length - 1) return undefined;
        const remembered = most < 0 ? undefined : this.#recall(charge, atMs);
        const windowCounter = remembered && windowCounterOf(remembered, atMs);
        if (most < 0) blocking.push({ index, charge, windowCounter: nothing, ahead: 0 });
        else if (remembered && windowCounter && windowCounter.used > most) {
          blocking.push({ index, charge, windowCounter, ahead: 0 });
          nowMs = Math.max(nowMs, remembered.nowMs + Math.floor(atMs - remembered.answeredAtMs));
        }
      }
      if (blocking.length === 0) return undefined;
    }
    return { refusal: refusalOf(blocking, nowMs), nowMs };
  }

  /** Compares with the current state of counters: less used than remembered is a correction. */
  notice(states: readonly CounterState[]): void {
    if (this.#counters.size === 0) return;
    for (const { counter, window, used } of states) {
      const known = this.#counters.get(counter);
      if (known && !known.rate && known.state.window === window && used < known.state.used) {
        this.forget(counter);
      }
    }
  }

  forget(counter: string): void {
    this.#counters.delete(counter);
    this.forgotten += 1;
  }

  /** The remembered state of a charge's counter, unless it is old or the cap or the refill has changed. */
  #recall({ counter, limit, window }: QuotaCharge, atMs: number): Remembered | undefined {
    const known = this.#counters.get(counter);
    if (!known) return undefined;
    if (atMs >= known.untilMs) {
      this.#counters.delete(counter);
      return undefined;
    }
    if (limit > known.state.limit) return undefined;
    if (window.kind !== 'bucket') return known.rate ? undefined : known;
    const { numerator, denominator } = refillRate(window);
    return known.rate?.numerator === numerator && known.rate.denominator === denominator ? known : undefined;
  }
}

/** The most that may be used for a charge to fit; below 0: it never does. */
function mostOf({ limit, want, min, onlyBelow, soft, window }: QuotaCharge): number {
  const below = onlyBelow === undefined ? Number.POSITIVE_INFINITY : Math.ceil(onlyBelow * limit) - 1;
  if (soft) return below;
  return Math.min(limit - (window.kind === 'live' ? 1 : Math.max(1, min ?? want)), below);
}

/** A lower bound of a counter's used amount now. */
function windowCounterOf({ state, rate, nowMs, askedAtMs }: Remembered, atMs: number): WindowCounterView {
  const { window: windowId, held, resetsAtMs } = state;
  if (!rate) {
    const waitMs = (_most: number, laterMs: number) => Math.max(0, (resetsAtMs ?? laterMs) - laterMs);
    return { windowId, used: state.used, held, resetsAtMs, waitMs };
  }
  const { numerator, denominator } = rate;
  // A unit more than has been refilled: part of one may have been there before.
  const refilled = Math.floor(((atMs - askedAtMs + 1) * numerator) / denominator) + 1;
  const used = Math.max(0, state.used - refilled);
  const level = { whole: state.used + held, remainder: 0, atMs: nowMs };
  const waitMs = (most: number, laterMs: number) =>
    Math.max(0, nowMs + refillMs(level, rate, most) - laterMs);
  return { windowId, used, held, resetsAtMs, waitMs };
}

/** For a charge that never fits, and is not reported. */
const nothing: WindowCounterView = {
  windowId: '',
  used: 0,
  held: 0,
  resetsAtMs: undefined,
  waitMs: () => undefined,
};
