import {
  type CalendarPeriod,
  type CalendarWindow,
  calendarSpan,
  type WindowSpend,
} from '@tollgate/core/internal';
import { partitionOf } from '../script/partition.js';
import { widePartition } from '../wire/wide-part.js';

/** The spend of an open window, with its counter's location. */
export interface PlacedSpend {
  /** `undefined`: its tenant is not part of its name, so that it may be in any. */
  readonly partition: number | undefined;
  /** The counter and its window, as scripts name them. */
  readonly key: string;
  readonly endsAtMs: number;
  readonly amount: number;
}

/** Where a spend belongs; `undefined`: its window is not open at that time of the server's, or of a kind that is not counted so. */
export function placeOfSpend(
  { counter, window, amount }: WindowSpend,
  partitions: number,
  nowMs: number,
): PlacedSpend | undefined {
  const endsAtMs = endOf(counter, window, nowMs);
  if (endsAtMs === undefined) return undefined;
  const [, tenant] = /\/tenant=([^/]*)/.exec(counter) ?? [];
  const name = tenant === undefined ? widePartition : nameOf(tenant);
  const partition = name === undefined ? undefined : partitionOf(name, partitions);
  return { partition, key: `c:${counter}|${window}`, endsAtMs, amount };
}

/** A tenant in a counter's name; long names are replaced by their hash. */
function nameOf(tenant: string): string | undefined {
  if (tenant.startsWith('sha256-')) return undefined;
  try {
    return decodeURIComponent(tenant);
  } catch {
    return undefined;
  }
}

/** The end of the window with that id, by the counter's name: `usd/month@Europe/Berlin+15/tenant=acme`. */
function endOf(counter: string, windowId: string, nowMs: number): number | undefined {
  const [name = ''] = counter.split(/\/[^/=]+=/);
  const [, period, rest = ''] = /^\w+\/(minute|hour|day|week|month)(.*)$/.exec(name) ?? [];
  if (period === undefined) return undefined;
  for (const window of windowsNamed(period as CalendarPeriod, rest)) {
    const span = calendarSpan(window, nowMs);
    const spans = [span, calendarSpan(window, span.startMs - 1), calendarSpan(window, span.endMs)];
    const found = spans.find(({ id }) => id === windowId);
    if (found) return found.endMs;
  }
  return undefined;
}

/** `@zone+anchor`, where a zone may end in `+5` itself. */
function windowsNamed(period: CalendarPeriod, rest: string): CalendarWindow[] {
  const zoned = rest.startsWith('@');
  const [, zone = '', anchor = '1'] = /^@?(.*?)(?:\+(\d+))?$/.exec(rest) ?? [];
  const named = [
    { timeZone: zoned ? zone : 'UTC', anchorDay: Number(anchor) },
    { timeZone: zoned ? rest.slice(1) : 'UTC', anchorDay: 1 },
  ];
  return named
    .filter(({ timeZone }) => isZone(timeZone))
    .map(({ timeZone, anchorDay }) => ({ kind: 'calendar', period, timeZone, anchorDay }));
}

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}
