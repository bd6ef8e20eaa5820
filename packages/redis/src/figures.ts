import {
  type CounterState,
  type QuotaCounter,
  refillMs,
  stateOf,
  type TallyView,
  type ThresholdCrossing,
  type Unit,
  type Window,
} from '@tollgate/core';
import { listIn, numberIn, type Reply, textIn } from './reply.js';
import type { Unpacker } from './unpacker.js';

const bucket = 2;
const calendar = 1;
const live = 3;

/** A counter as a script tells it: [window, granted, kind, figures of its kind …]. */
export function viewOf(figures: Reply): TallyView {
  const windowId = textIn(figures[0]);
  const kind = numberIn(figures[2]);
  const [first, second, third, ...more] = figures.slice(3).map(numberIn) as [
    number,
    number,
    number,
    ...number[],
  ];
  if (kind === calendar) return calendarView(windowId, first, second, third);
  if (kind === bucket) return bucketView(windowId, first, second, third, more);
  return { windowId, used: 0, held: first, resetsAtMs: undefined, waitMs: () => undefined };
}

function calendarView(windowId: string, used: number, held: number, endMs: number): TallyView {
  return {
    windowId,
    used,
    held,
    resetsAtMs: endMs,
    waitMs: (_most, nowMs) => Math.max(0, endMs - nowMs),
  };
}

function bucketView(
  windowId: string,
  whole: number,
  remainder: number,
  atMs: number,
  [holds = 0, numerator = 1, denominator = 1]: readonly number[],
): TallyView {
  const level = { whole, remainder, atMs };
  const rate = { numerator, denominator };
  return {
    windowId,
    used: Math.max(0, whole - holds),
    held: Math.min(holds, whole),
    resetsAtMs: atMs + refillMs(level, rate, 0),
    waitMs: (most) => refillMs(level, rate, most),
  };
}

/** A counter as it is stored, which plain answers tell it as: its kind and figures of its kind, as scripts tell them. */
export function storedCounter(kind: Window['kind'], stored: Unpacker): number[] {
  if (kind === 'live') return [live, stored.number()];
  const figures =
    kind === 'calendar'
      ? [calendar, stored.number(), stored.number(), stored.seconds() * 1_000]
      : [bucket, ...Array.from({ length: 6 }, () => stored.number())];
  // The number of thresholds that were reached, which nobody is told.
  stored.byte();
  return figures;
}

/** What tells one counter from another, and its cap. */
export type ToldCounter = Pick<QuotaCounter, 'counter' | 'unit' | 'limit'>;

export function stateIn(counter: ToldCounter, figures: unknown, windowId?: string): CounterState {
  const view = viewOf(listIn(figures));
  return stateOf(counter, windowId === undefined ? view : { ...view, windowId });
}

/** What thresholds were crossed: [counter, window, unit, limit, used, share as text] each. */
export function crossingsIn(value: unknown): ThresholdCrossing[] {
  return listIn(value).map((entry) => {
    const [counter, window, unit, limit, used, threshold] = listIn(entry);
    return {
      counter: textIn(counter),
      window: textIn(window),
      unit: textIn(unit) as Unit,
      limit: numberIn(limit),
      used: numberIn(used),
      threshold: Number(textIn(threshold)),
    };
  });
}
