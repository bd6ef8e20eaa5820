import { formatUsd } from '@tollgate/core';
import {
  type CalendarPeriod,
  type CalendarWindow,
  calendarSpan,
  type ThresholdCrossing,
} from '@tollgate/core/internal';
import type { AlertReport, Severity } from './incident.js';

/** A bucket has no end: its incident ends when no share was reached for this long, in ms. */
const bucketQuietMs = 900_000;
const periods: readonly string[] = ['minute', 'hour', 'day', 'week', 'month'] satisfies CalendarPeriod[];

/**
 * The report of a reached share of a cap: one incident for each counter and window, one step for each share. `unresolved`: the part of the
 * used amount charged for calls whose end is unknown, if it is known.
 */
export function thresholdReport(
  crossing: ThresholdCrossing,
  nowMs: number,
  unresolved?: number,
): AlertReport {
  const { counter, window, unit, limit, used, threshold } = crossing;
  const percent = Math.round(threshold * 1_000) / 10;
  const endsAtMs = endOf(counter, window, nowMs);
  const amount = (value: number): string | number => (unit === 'usd' ? `$${formatUsd(value)}` : value);
  return {
    key: `budget/${counter}/${window}`.slice(0, 200),
    kind: 'budget',
    severity: severityOf(threshold),
    title: `${percent} % of ${amount(limit)}${unit === 'usd' ? '' : ` ${unit}`} used: ${counter}, ${window}`,
    facts: {
      ...{ counter, window, unit, limit: amount(limit), used: amount(used), percent },
      ...(unresolved !== undefined && { unresolved: amount(unresolved) }),
    },
    step: String(threshold),
    ...(endsAtMs === undefined ? { quietMs: bucketQuietMs } : { endsAtMs }),
  };
}

function severityOf(threshold: number): Severity {
  if (threshold >= 1) return 'error';
  return threshold >= 0.8 ? 'warning' : 'info';
}

/** When the window ends, from the counter's name (`usd/month@Europe/Berlin+15/tenant=acme`); `undefined` where it is not the current one. */
function endOf(counter: string, window: string, nowMs: number): number | undefined {
  const [, period = '', timeZone = 'UTC', anchor = '1'] =
    /^\w+\/([a-z]+)(?:@([A-Za-z][\w/+-]*?))?(?:\+(\d{1,2}))?(?:\/[^/=]+=.*)?$/.exec(counter) ?? [];
  if (!isPeriod(period)) return undefined;
  const definition: CalendarWindow = { kind: 'calendar', period, timeZone, anchorDay: Number(anchor) };
  try {
    const span = calendarSpan(definition, nowMs);
    return span.id === window ? span.endMs : undefined;
  } catch {
    return undefined;
  }
}

const isPeriod = (text: string): text is CalendarPeriod => periods.includes(text);
