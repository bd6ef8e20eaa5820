import {
  type CounterBook,
  type CounterState,
  calendarSpan,
  type QuotaCounter,
} from '@tollgate/core/internal';
import { Slice } from './slice.js';

/** One counter: its current slice, and those of ended windows, for attempts admitted in them. */
interface Kept {
  readonly current: Slice;
  readonly past: Slice[];
}

/** Every slice of this process, by counter: serves as the counters of the engine in memory. */
export class SliceTable implements CounterBook {
  readonly #kept = new Map<string, Kept>();
  readonly #partitionOf: (counter: QuotaCounter) => string;

  constructor(partitionOf: (counter: QuotaCounter) => string) {
    this.#partitionOf = partitionOf;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Every slice, also of windows that are over. */
  *all(): IterableIterator<Slice> {
    for (const { current, past } of this.#kept.values()) {
      yield current;
      yield* past;
    }
  }

  known(counter: string): Slice | undefined {
    return this.#kept.get(counter)?.current;
  }

  current(counter: QuotaCounter, nowMs: number): Slice {
    const kept = this.#kept.get(counter.counter);
    if (kept && !kept.current.hasEnded(nowMs)) return kept.current;
    const { window } = counter;
    if (window.kind !== 'calendar') return this.#add(counter, window.kind, undefined);
    const { id, endMs } = calendarSpan(window, nowMs);
    return this.#add(counter, id, endMs);
  }

  byId(counter: QuotaCounter, windowId: string, nowMs: number): Slice {
    const current = this.current(counter, nowMs);
    if (current.windowId === windowId) return current;
    const { past } = this.#kept.get(counter.counter) as Kept;
    const known = past.find((slice) => slice.windowId === windowId);
    if (known) return known;
    // For a window without a slice: charges there are only sent to the store.
    const slice = this.#made(counter, windowId, nowMs);
    past.push(slice);
    return slice;
  }

  read(counter: QuotaCounter, nowMs: number): CounterState {
    return this.current(counter, nowMs).state(counter.limit);
  }

  /** Corrections are made where the counter itself is. */
  adjust(): void {}

  retain(slice: Slice): void {
    slice.references += 1;
  }

  release(_key: string, slice: Slice): void {
    slice.references -= 1;
  }

  /** Does nothing: windows that are over are removed by {@link forgetOver}, after their last flush. */
  tidy(): void {}

  forgetSome(): void {}

  forgetOver(): void {
    for (const [counter, kept] of this.#kept) {
      for (let at = kept.past.length - 1; at >= 0; at -= 1) {
        if (kept.past[at]?.isOver()) kept.past.splice(at, 1);
      }
      if (kept.past.length === 0 && kept.current.isOver()) this.#kept.delete(counter);
    }
  }

  #add(counter: QuotaCounter, windowId: string, endsAtMs: number | undefined): Slice {
    const slice = this.#made(counter, windowId, endsAtMs);
    const kept = this.#kept.get(counter.counter);
    if (kept) kept.past.push(kept.current);
    this.#kept.set(counter.counter, { current: slice, past: kept?.past ?? [] });
    return slice;
  }

  #made(counter: QuotaCounter, windowId: string, endsAtMs: number | undefined): Slice {
    return new Slice(counter, this.#partitionOf(counter), windowId, endsAtMs);
  }
}
