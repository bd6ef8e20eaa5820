import { formatUsd } from '@tollgate/core';
import {
  type CalendarPeriod,
  type CalendarWindow,
  type ChannelPayloads,
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
  const amount = (value: number): string | number => amountInWords(unit, value);
  return {
    key: `budget/${counter}/${window}`.slice(0, 200),
    kind: 'budget',
    severity: severityOf(threshold),
    title: `${percent} % used of ${limitInWords(crossing)}: ${amount(used)} of ${amount(limit)}`,
    facts: {
      ...{ counter, window, unit, limit: amount(limit), used: amount(used), percent },
      ...(unresolved !== undefined && { unresolved: amount(unresolved) }),
    },
    step: String(threshold),
    ...(endsAtMs === undefined ? { quietMs: bucketQuietMs } : { endsAtMs }),
  };
}

type RefusedState = NonNullable<ChannelPayloads['tollgate:reserve']['state']>;

/**
 * The report of the first refusal in a window: the limit has no room for a further request, also where less than all of it is used, since each
 * request reserves its worst case. One incident for each counter and window.
 */
export function refusalReport(state: RefusedState, nowMs: number): AlertReport {
  const { counter, window, unit, limit, used } = state;
  const endsAtMs = endOf(counter, window, nowMs) ?? state.resetsAtMs;
  const [share, most] = [amountInWords(unit, used), amountInWords(unit, limit)];
  return {
    key: `refused/${counter}/${window}`.slice(0, 200),
    kind: 'budget',
    severity: 'error',
    title: `Requests are refused: no further one fits into ${limitInWords(state)} (${share} of ${most} used). Raise the limit, or wait for the window to end`,
    facts: {
      ...{ counter, window, unit, limit: most, used: share },
      ...(endsAtMs !== undefined && { resets_at: new Date(endsAtMs).toISOString() }),
    },
    ...(endsAtMs !== undefined && endsAtMs > nowMs ? { endsAtMs } : { quietMs: bucketQuietMs }),
  };
}

/** The report of a limit whose overage is being used. One incident for each counter and window. */
export function overageReport(facts: ChannelPayloads['tollgate:overage'], nowMs: number): AlertReport {
  const { counter, window, unit, included, limit, used } = facts;
  const endsAtMs = endOf(counter, window, nowMs) ?? facts.resetsAtMs;
  const amount = (value: number): string | number => amountInWords(unit, value);
  return {
    key: `overage/${counter}/${window}`.slice(0, 200),
    kind: 'budget',
    severity: 'warning',
    title: `All of ${limitInWords(facts)} is used (${amount(used)} of ${amount(included)}). Its overage is admitted, up to ${amount(limit)}; then requests are refused`,
    facts: {
      ...{ counter, window, unit, included: amount(included), limit: amount(limit), used: amount(used) },
      ...(endsAtMs !== undefined && { resets_at: new Date(endsAtMs).toISOString() }),
    },
    ...(endsAtMs !== undefined && endsAtMs > nowMs ? { endsAtMs } : { quietMs: bucketQuietMs }),
  };
}

const amountInWords = (unit: string, value: number): string | number =>
  unit === 'usd' ? `$${formatUsd(value)}` : value;

/** A counter's name as a person reads it: `usd/month/tenant=acme` is "the spend limit per month of tenant acme (2026-11)". */
function limitInWords({ counter, window, unit }: { counter: string; window: string; unit: string }): string {
  const [, period = ''] = counter.split('/');
  const whose = [...counter.matchAll(/\/([a-z]+)=([^/]*)/g)].map(
    ([, scope, name = '']) => `${scope} ${decoded(name)}`,
  );
  const per = periods.includes(period.split(/[@+]/, 1)[0] ?? '') ? ` per ${period.split(/[@+]/, 1)[0]}` : '';
  const what = unit === 'usd' ? 'spend' : unit;
  const span = window === 'bucket' ? '' : ` (${window})`;
  return `the ${what} limit${per} of ${whose.length === 0 ? 'all callers together' : whose.join(', ')}${span}`;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
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
