import type { Clock } from '../src/clock.js';

interface Due {
  readonly atMs: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** A clock that moves only when told to, quick enough for hundreds of thousands of timers. */
export function simulatedTime(): { clock: Clock; advance: (ms: number) => void } {
  let nowMs = 0;
  /** The next one last. */
  const timers: Due[] = [];
  const after: Clock['after'] = (ms, callback) => {
    const due = { atMs: nowMs + ms, callback, cancelled: false };
    let low = 0;
    let high = timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((timers[middle]?.atMs ?? 0) > due.atMs) low = middle + 1;
      else high = middle;
    }
    timers.splice(low, 0, due);
    return () => {
      due.cancelled = true;
    };
  };
  const advance = (ms: number): void => {
    const untilMs = nowMs + ms;
    for (let next = timers.at(-1); next && next.atMs <= untilMs; next = timers.at(-1)) {
      timers.pop();
      nowMs = next.atMs;
      if (!next.cancelled) next.callback();
    }
    nowMs = untilMs;
  };
  return { clock: { now: () => nowMs, after }, advance };
}

/** Seeded random numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The value that a share of all values does not pass. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
