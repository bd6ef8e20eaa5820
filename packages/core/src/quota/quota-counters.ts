import { calendarSpan } from '../plans/calendar-window.js';
import type { WindowSpan } from '../plans/window.js';
import type { CounterState, QuotaCounter } from './quota-store.js';
import type { WindowSpend } from './spend-source.js';
import {
  BucketCounter,
  CalendarCounter,
  LiveCounter,
  type WindowCounter,
  type WindowCounterView,
} from './window-counter.js';

/** Where an engine keeps its counters. */
export interface CounterBook {
  /** How many counters are kept. */
  readonly size: number;
  /** The tally of the window that `nowMs` falls into. */
  current(counter: QuotaCounter, nowMs: number): WindowCounter;
  /** The tally of a window by id. Of a window that is over and forgotten, one that nothing else sees. */
  byId(counter: QuotaCounter, windowId: string, nowMs: number): WindowCounter;
  /** The counter's state, without storing anything for one that was never used. */
  read(counter: QuotaCounter, nowMs: number): CounterState;
  /** Changes the used amount of an open calendar window, never below 0, by its name alone. */
  adjust(counter: string, windowId: string, amount: number, nowMs: number): void;
  /** A lease refers to the tally, and may still change it. */
  retain(windowCounter: WindowCounter): void;
  release(key: string, windowCounter: WindowCounter): void;
  /** Called between operations: removes some of the ended windows. */
  tidy(nowMs: number): void;
  forgetSome(steps: number, nowMs: number): void;
}

/** Every counter of a memory store, by key. Removes empty and ended ones, a few counters at each operation. */
export class QuotaCounters implements CounterBook {
  /** Each counter in its window now. */
  readonly #current = new Map<string, WindowCounter>();
  /** Past windows that leases still refer to, by counter and window. */
  readonly #past = new Map<string, Map<string, WindowCounter>>();
  #round = this.#current.entries();
  /** Since the last operation. */
  #added = 0;
  /** Usage of earlier processes, by counter and window, until the counter is first used here. */
  readonly #before = new Map<string, number>();

  get size(): number {
    return this.#current.size;
  }

  /** Sets the initial amounts of windows, for their first use. */
  restore(spends: readonly WindowSpend[]): void {
    for (const { counter, window, amount } of spends) {
      if (amount > 0) this.#before.set(windowKey(counter, window), amount);
    }
  }

  current(counter: QuotaCounter, nowMs: number): WindowCounter {
    const current = this.#current.get(counter.counter);
    if (!current) return this.#add(counter, nowMs);
    const { window } = counter;
    if (window.kind === 'calendar' && current instanceof CalendarCounter) {
      if (nowMs < current.span.endMs) return current;
      return this.#roll(counter.counter, current, calendarSpan(window, nowMs));
    }
    if (window.kind === 'bucket' && current instanceof BucketCounter) {
      current.moveTo(nowMs);
      current.adopt(window);
      return current;
    }
    if (window.kind === 'live' && current instanceof LiveCounter) return current;
    throw new TypeError(
      `quota: counter "${counter.counter}" has already been counted in another kind of window`,
    );
  }

  byId(counter: QuotaCounter, windowId: string, nowMs: number): WindowCounter {
    const current = this.current(counter, nowMs);
    if (current.windowId === windowId) return current;
    const past = this.#past.get(counter.counter)?.get(windowId);
    return past ?? new CalendarCounter({ id: windowId, startMs: nowMs, endMs: nowMs });
  }

  read(counter: QuotaCounter, nowMs: number): CounterState {
    const windowCounter = this.#current.has(counter.counter)
      ? this.current(counter, nowMs)
      : this.#newCounter(counter, nowMs);
    return stateOf(counter, windowCounter);
  }

  adjust(counter: string, windowId: string, amount: number, nowMs: number): void {
    const current = this.#current.get(counter);
    if (current && !(current instanceof CalendarCounter)) return;
    if (current?.windowId === windowId) {
      if (!current.hasEnded(nowMs)) current.settle(amount, 0);
      return;
    }
    // A window that is over, or one that was not used here yet.
    if (this.#past.get(counter)?.has(windowId)) return;
    const key = windowKey(counter, windowId);
    const used = Math.max(0, (this.#before.get(key) ?? 0) + amount);
    if (used > 0) this.#before.set(key, used);
    else this.#before.delete(key);
  }

  /** Raises the used amount of an open calendar window to at least `amount`, by its name alone. */
  raise({ counter, window, amount }: WindowSpend, nowMs: number): void {
    const current = this.#current.get(counter);
    const used =
      current?.windowId === window ? current.used : (this.#before.get(windowKey(counter, window)) ?? 0);
    if (amount > used) this.adjust(counter, window, amount - used, nowMs);
  }

  retain(windowCounter: WindowCounter): void {
    windowCounter.references += 1;
  }

  release(key: string, windowCounter: WindowCounter): void {
    windowCounter.references -= 1;
    if (windowCounter.references > 0) return;
    const past = this.#past.get(key);
    past?.delete(windowCounter.windowId);
    if (past?.size === 0) this.#past.delete(key);
  }

  /**
   * To be called between operations, since a running one may reference a window counter that is still empty. Two are checked for each one
   * added, so that ended ones are removed faster than new ones are added.
   */
  tidy(nowMs: number): void {
    const steps = 1 + 2 * this.#added;
    this.#added = 0;
    this.forgetSome(steps, nowMs);
  }

  /** Checks the next few counters in turn and removes those without content. */
  forgetSome(steps: number, nowMs: number): void {
    for (let step = 0; step < steps; step += 1) {
      const next = this.#round.next();
      if (next.done) {
        this.#round = this.#current.entries();
        return;
      }
      const [key, current] = next.value;
      if (current.references > 0 || !current.isOver(nowMs) || this.#past.has(key)) continue;
      this.#current.delete(key);
    }
  }

  #add(counter: QuotaCounter, nowMs: number): WindowCounter {
    this.#added += 1;
    const added = this.#newCounter(counter, nowMs);
    this.#current.set(counter.counter, added);
    return added;
  }

  #roll(key: string, over: WindowCounter, span: WindowSpan): WindowCounter {
    if (over.references > 0) {
      const past = this.#past.get(key) ?? new Map<string, WindowCounter>();
      past.set(over.windowId, over);
      this.#past.set(key, past);
    }
    const current = this.#newCalendarCounter(key, span);
    this.#current.set(key, current);
    return current;
  }

  #newCounter({ counter, window }: QuotaCounter, nowMs: number): WindowCounter {
    if (window.kind === 'calendar') return this.#newCalendarCounter(counter, calendarSpan(window, nowMs));
    return window.kind === 'bucket' ? new BucketCounter(window, nowMs) : new LiveCounter();
  }

  #newCalendarCounter(counter: string, span: WindowSpan): WindowCounter {
    const windowCounter = new CalendarCounter(span);
    if (this.#before.size > 0) windowCounter.used = this.#before.get(windowKey(counter, span.id)) ?? 0;
    return windowCounter;
  }
}

const windowKey = (counter: string, window: string): string => `${counter} ${window}`;

/** A window counter as callers see it, against the cap in force for them. */
export function stateOf(
  { counter, unit, limit }: Pick<QuotaCounter, 'counter' | 'unit' | 'limit'>,
  windowCounter: WindowCounterView,
): CounterState {
  const { windowId, used, held, resetsAtMs } = windowCounter;
  return {
    counter,
    window: windowId,
    unit,
    limit,
    used,
    held,
    left: Math.max(0, limit - used - held),
    resetsAtMs,
  };
}
