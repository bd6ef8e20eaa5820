/** A timer of a {@link ManualClock}. */
export interface ManualTimer {
  readonly id: number;
}

/** A clock that moves only by its functions. Times are in milliseconds since the epoch. */
export interface ManualClock {
  now(): number;
  /** Moves forward by `ms` (≥ 0), firing due timers in order, each at its own time; timers set meanwhile fire too if they become due. */
  advance(ms: number): void;
  /** Sets the time. Forwards it fires like `advance`; backwards, as a clock stepping back, it fires nothing. */
  set(ms: number): void;
  /** Calls `callback` once the clock has moved `delayMs` on. */
  setTimeout(callback: () => void, delayMs: number): ManualTimer;
  /** Calls `callback` each time the clock has moved another `everyMs` (> 0) on. */
  setInterval(callback: () => void, everyMs: number): ManualTimer;
  clearTimeout(timer: ManualTimer | undefined): void;
  clearInterval(timer: ManualTimer | undefined): void;
  /** Timers that have not fired or been cleared. */
  readonly pendingTimers: number;
}

interface Entry extends ManualTimer {
  dueMs: number;
  everyMs: number | undefined;
  callback: () => void;
}

/** Creates a clock set to `startMs` (2026-01-01T00:00:00Z by default). Its functions work detached, so `{ now }` can be passed on. */
export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let nowMs = startMs;
  let lastId = 0;
  const timers = new Map<number, Entry>();

  function add(callback: () => void, delayMs: number, everyMs: number | undefined): ManualTimer {
    lastId += 1;
    const entry: Entry = { id: lastId, dueMs: nowMs + Math.max(0, delayMs), everyMs, callback };
    timers.set(entry.id, entry);
    return entry;
  }

  function nextDue(untilMs: number): Entry | undefined {
    let next: Entry | undefined;
    for (const entry of timers.values()) {
      if (entry.dueMs <= untilMs && (next === undefined || entry.dueMs < next.dueMs)) next = entry;
    }
    return next;
  }

  function runUntil(untilMs: number): void {
    for (let entry = nextDue(untilMs); entry; entry = nextDue(untilMs)) {
      nowMs = Math.max(nowMs, entry.dueMs);
      if (entry.everyMs === undefined) timers.delete(entry.id);
      else entry.dueMs += entry.everyMs;
      entry.callback();
    }
    nowMs = untilMs;
  }

  const clear = (timer: ManualTimer | undefined): void => {
    if (timer) timers.delete(timer.id);
  };

  return {
    now: () => nowMs,
    advance(ms) {
      if (!(ms >= 0))
        throw new RangeError(`createManualClock: cannot advance by ${String(ms)} ms; use set() to step back`);
      runUntil(nowMs + ms);
    },
    set(ms) {
      if (ms >= nowMs) runUntil(ms);
      else nowMs = ms;
    },
    setTimeout: (callback, delayMs) => add(callback, delayMs, undefined),
    setInterval(callback, everyMs) {
      if (!(everyMs > 0))
        throw new RangeError(
          `createManualClock: an interval must be longer than 0 ms, received ${String(everyMs)}`,
        );
      return add(callback, everyMs, everyMs);
    },
    clearTimeout: clear,
    clearInterval: clear,
    get pendingTimers() {
      return timers.size;
    },
  };
}
