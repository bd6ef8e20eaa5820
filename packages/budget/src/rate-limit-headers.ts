import {
  appendRateLimit,
  type CounterState,
  type RateLimitEntry,
  type Window,
} from '@tollgate/core/internal';
import type { Response } from 'express';
import type { LimitCharge } from './charges.js';

const fixedSeconds: Readonly<Record<string, number>> = {
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 604_800,
};

/** Writes headers with the remaining amount of each of the caller's own limits. Shared limits are not disclosed. */
export function sayWhatIsLeft(
  res: Response,
  charges: readonly LimitCharge[],
  states: readonly CounterState[],
  nowMs: number,
): void {
  const entries: RateLimitEntry[] = [];
  for (let index = 0; index < charges.length; index += 1) {
    const { limit, charge } = charges[index] as LimitCharge;
    const state = states[index];
    if (!state || charge.wide || limit.soft) continue;
    const { resetsAtMs } = state;
    entries.push({
      name: limit.name,
      unit: limit.unit,
      quota: state.limit,
      windowSeconds: secondsOf(limit.window),
      left: state.left,
      resetSeconds: resetsAtMs === undefined ? undefined : (resetsAtMs - nowMs) / 1000,
    });
  }
  appendRateLimit(res, entries);
}

function secondsOf(window: Window): number | undefined {
  if (window.kind === 'bucket') return window.periodMs / 1000;
  return window.kind === 'calendar' ? fixedSeconds[window.period] : undefined;
}
