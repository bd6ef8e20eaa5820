import {
  type CounterState,
  type QuotaCounter,
  refillMs,
  stateOf,
  type ThresholdCrossing,
  type Unit,
  type Window,
  type WindowCounterView,
} from '@tollgate/core/internal';
import { listIn, numberIn, type Reply, textIn } from './reply.js';
import type { Unpacker } from './unpacker.js';

const bucket = 2;
const calendar = 1;

/** A counter in a script's reply: [window, granted, kind, figures of its kind …]. */
export function viewOf(figures: Reply): WindowCounterView {
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
  return liveView(windowId, first);
}

function liveView(windowId: string, held: number): WindowCounterView {
  return { windowId, used: 0, held, resetsAtMs: undefined, waitMs: () => undefined };
}

function calendarView(windowId: string, used: number, held: number, endMs: number): WindowCounterView {
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
): WindowCounterView {
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

/** A counter in a window of this kind, in its stored form, which plain replies contain. */
export function storedStateIn(
  counter: ToldCounter,
  kind: Window['kind'],
  windowId: string,
  stored: Unpacker,
): CounterState {
  if (kind === 'live') return stateOf(counter, liveView(windowId, stored.number()));
  const view =
    kind === 'calendar'
      ? calendarView(windowId, stored.number(), stored.number(), stored.seconds() * 1_000)
      : bucketView(windowId, stored.number(), stored.number(), stored.number(), [
          stored.number(),
          stored.number(),
          stored.number(),
        ]);
  // The number of thresholds that were reached, which is not used here.
  stored.byte();
  return stateOf(counter, view);
}

/** The identity of a counter, and its cap. */
export type ToldCounter = Pick<QuotaCounter, 'counter' | 'unit' | 'limit'>;

export function stateIn(counter: ToldCounter, figures: unknown, windowId?: string): CounterState {
  const view = viewOf(listIn(figures));
  return stateOf(counter, windowId === undefined ? view : { ...view, windowId });
}

/** Crossed thresholds: [counter, window, unit, limit, used, share as text] each. */
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
