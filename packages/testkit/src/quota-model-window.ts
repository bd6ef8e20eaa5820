import type { QuotaCounter } from '@tollgate/core/internal';

const lengths = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const idLengths = { minute: 16, hour: 13, day: 10 } as const;

function periodOf({ counter, window }: QuotaCounter): keyof typeof lengths {
  if (window.kind !== 'calendar' || window.period === 'week' || window.period === 'month') {
    throw new Error(`the model has no such window: ${counter}`);
  }
  return window.period;
}

/** Id of the window in which a counter counts at a moment. */
export function windowIdAt(counter: QuotaCounter, nowMs: number): string {
  if (counter.window.kind !== 'calendar') return counter.window.kind;
  return new Date(nowMs).toISOString().slice(0, idLengths[periodOf(counter)]);
}

/** When a calendar window ends, from its id alone. */
export function windowEndMs(counter: QuotaCounter, id: string): number {
  const period = periodOf(counter);
  const whole = { minute: ':00Z', hour: ':00:00Z', day: 'T00:00:00Z' }[period];
  return Date.parse(id + whole) + lengths[period];
}

/** The same for a window known only by its id, whose length shows its period. */
export function namedWindowEndMs(id: string): number {
  const period = id.length === 16 ? 'minute' : id.length === 13 ? 'hour' : 'day';
  const whole = { minute: ':00Z', hour: ':00:00Z', day: 'T00:00:00Z' }[period];
  return Date.parse(id + whole) + lengths[period];
}
