import type { UsageEvent } from '@tollgate/core';
import {
  type ChargeItem,
  calendarSpan,
  newId,
  type QuotaCharge,
  type QuotaCounter,
  type Window,
} from '@tollgate/core/internal';
import { usageEvent } from '@tollgate/testkit';

const periods: readonly Window[] = [
  { kind: 'calendar', period: 'day', timeZone: 'Europe/Berlin', anchorDay: 1 },
  { kind: 'calendar', period: 'month', timeZone: 'UTC', anchorDay: 15 },
  { kind: 'bucket', rate: 200_000, periodMs: 60_000, burst: 200_000 },
  { kind: 'live' },
];
const units = { calendar: 'usd', bucket: 'tokens', live: 'concurrent' } as const;

/** What a caller's requests ask, and what they settle. */
export interface QuotaBooks {
  readonly charges: readonly QuotaCharge[];
  readonly items: readonly ChargeItem[];
}

/** So many limits of every kind by turns, each on a counter of its own: a plan has money by day and month, tokens and live calls. */
export function booksOf(limits: number, caller: number): QuotaBooks {
  const nowMs = Date.now();
  const counters = Array.from({ length: limits }, (_, at): QuotaCounter => {
    const window = periods[at % periods.length] as Window;
    const name = window.kind === 'calendar' ? window.period : window.kind;
    const counter = `${units[window.kind]}/${name}${at}/tenant=acme/key=${caller}`;
    const limit = window.kind === 'calendar' ? 9e15 : window.kind === 'bucket' ? 200_000 : 1_000;
    return { counter, unit: units[window.kind], limit, window, wide: false, soft: false };
  });
  const windowOf = ({ window }: QuotaCounter): string =>
    window.kind === 'calendar' ? calendarSpan(window, nowMs).id : window.kind;
  return {
    charges: counters.map((counter) => ({ ...counter, want: 1, floor: 1 })),
    items: counters.map((counter) => ({ ...counter, windowId: windowOf(counter), amount: 1, release: 1 })),
  };
}

/** An event of the size that events have. */
export const quotaEvent: UsageEvent = usageEvent({
  requestId: newId(),
  callId: newId(),
  tenant: 'acme',
  keyId: '0190a5b27d3e7c4a',
  priceVersion: '2026-11-01',
});
