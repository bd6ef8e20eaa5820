import {
  type CounterState,
  type QuotaCounter,
  refillMs,
  refillRate,
  type WindowCounterView,
} from '@tollgate/core/internal';

/** A counter's known state, to compute how long time alone takes until an amount fits; for a bucket to within a unit. */
export function viewOfState(
  { window }: QuotaCounter,
  state: CounterState,
  toldAtMs: number,
): WindowCounterView {
  const { window: windowId, used, held, resetsAtMs } = state;
  return {
    windowId,
    used,
    held,
    resetsAtMs,
    waitMs(most, nowMs) {
      if (window.kind === 'live') return undefined;
      if (window.kind === 'calendar') return Math.max(0, (resetsAtMs ?? nowMs) - nowMs);
      const level = { whole: used + held, remainder: 0, atMs: toldAtMs };
      return Math.max(0, toldAtMs - nowMs + refillMs(level, refillRate(window), most));
    },
  };
}
