import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type CalendarPeriod,
  type CalendarWindow,
  calendarSpan,
  calendarSpanOf,
} from '../../src/internal.js';

const minuteMs = 60_000;
const long = process.env.TOLLGATE_LONG === '1';
const runs = { numRuns: long ? 10_000 : 200, ...(long ? {} : { seed: 20_261_121 }) };

const calendar = (period: CalendarPeriod, timeZone = 'UTC', anchorDay = 1): CalendarWindow => ({
  kind: 'calendar',
  period,
  timeZone,
  anchorDay,
});
const at = (iso: string): number => Date.parse(iso);
const shown = (window: CalendarWindow, iso: string): string => {
  const { id, startMs, endMs } = calendarSpan(window, at(iso));
  return `${id}: ${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()}`;
};

/** Zones whose rules differ in kind: half and quarter hours, 30-minute summer time, changes at and around midnight, a lost day. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Asia/Tehran',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
];

const localDates = new Map<string, Intl.DateTimeFormat>();

function localDate(timeZone: string, ms: number): string {
  const format =
    localDates.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  localDates.set(timeZone, format);
  return format.format(ms);
}

/** The latest date that local clocks have shown up to this moment, by looking at every minute of the last three hours. */
function latestDate(timeZone: string, ms: number): string {
  let date = '';
  for (let back = 0; back <= 180; back += 1) {
    const shownDate = localDate(timeZone, ms - back * minuteMs);
    if (shownDate > date) date = shownDate;
  }
  return date;
}

/** The window's name by walking back, day by day, to the date on which it began. */
function oracle({ period, timeZone, anchorDay }: CalendarWindow, ms: number): string {
  const date = new Date(`${latestDate(timeZone, ms)}T00:00:00Z`);
  const begins = (): boolean => {
    if (period === 'day') return true;
    if (period === 'week') return date.getUTCDay() === anchorDay % 7;
    const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    return date.getUTCDate() === Math.min(anchorDay, last);
  };
  while (!begins()) date.setUTCDate(date.getUTCDate() - 1);
  return date.toISOString().slice(0, period === 'month' && anchorDay === 1 ? 7 : 10);
}

describe('a calendar window', () => {
  it('in UTC is named after its start', () => {
    expect(shown(calendar('minute'), '2026-11-21T14:05:59.999Z')).toBe(
      '2026-11-21T14:05: 2026-11-21T14:05:00.000Z to 2026-11-21T14:06:00.000Z',
    );
    expect(shown(calendar('hour'), '2026-11-21T14:05:00Z')).toBe(
      '2026-11-21T14: 2026-11-21T14:00:00.000Z to 2026-11-21T15:00:00.000Z',
    );
    expect(shown(calendar('day'), '2026-11-21T00:00:00Z')).toBe(
      '2026-11-21: 2026-11-21T00:00:00.000Z to 2026-11-22T00:00:00.000Z',
    );
    expect(shown(calendar('week'), '2026-11-21T14:00:00Z')).toBe(
      '2026-11-16: 2026-11-16T00:00:00.000Z to 2026-11-23T00:00:00.000Z',
    );
    expect(shown(calendar('month'), '2026-12-31T23:59:59Z')).toBe(
      '2026-12: 2026-12-01T00:00:00.000Z to 2027-01-01T00:00:00.000Z',
    );
  });

  it('begins a week on its anchor day, Monday 1 to Sunday 7', () => {
    const saturday = '2026-11-21T12:00:00Z';
    const starts = [1, 2, 3, 4, 5, 6, 7].map(
      (day) => calendarSpan(calendar('week', 'UTC', day), at(saturday)).id,
    );
    expect(starts).toEqual([
      '2026-11-16',
      '2026-11-17',
      '2026-11-18',
      '2026-11-19',
      '2026-11-20',
      '2026-11-21',
      '2026-11-15',
    ]);
  });

  it('begins a month on its anchor day, at the latest on the month’s last', () => {
    const on31st = calendar('month', 'UTC', 31);
    expect(shown(on31st, '2027-02-27T12:00:00Z')).toBe(
      '2027-01-31: 2027-01-31T00:00:00.000Z to 2027-02-28T00:00:00.000Z',
    );
    expect(shown(on31st, '2028-02-29T00:00:00Z')).toBe(
      '2028-02-29: 2028-02-29T00:00:00.000Z to 2028-03-31T00:00:00.000Z',
    );
    expect(calendarSpan(calendar('month', 'UTC', 15), at('2027-01-14T23:59:59Z')).id).toBe('2026-12-15');
  });

  it('has 23 and 25 hours on the days on which clocks change', () => {
    const berlin = calendar('day', 'Europe/Berlin');
    expect(shown(berlin, '2026-03-29T12:00:00Z')).toBe(
      '2026-03-29: 2026-03-28T23:00:00.000Z to 2026-03-29T22:00:00.000Z',
    );
    expect(shown(berlin, '2026-10-25T12:00:00Z')).toBe(
      '2026-10-25: 2026-10-24T22:00:00.000Z to 2026-10-25T23:00:00.000Z',
    );
  });

  it('gives the repeated hour two names', () => {
    const hour = calendar('hour', 'Europe/Berlin');
    expect(calendarSpan(hour, at('2026-10-25T00:30:00Z')).id).toBe('2026-10-25T02+02:00');
    expect(calendarSpan(hour, at('2026-10-25T01:30:00Z')).id).toBe('2026-10-25T02+01:00');
  });

  it('knows offsets that are not whole hours, and 30 minutes of summer time', () => {
    expect(shown(calendar('hour', 'Asia/Kathmandu'), '2026-11-21T14:20:00Z')).toBe(
      '2026-11-21T20+05:45: 2026-11-21T14:15:00.000Z to 2026-11-21T15:15:00.000Z',
    );
    const lordHowe = calendar('hour', 'Australia/Lord_Howe');
    expect(shown(lordHowe, '2026-04-04T14:59:59Z')).toBe(
      '2026-04-05T01+11:00: 2026-04-04T14:00:00.000Z to 2026-04-04T15:00:00.000Z',
    );
    expect(shown(lordHowe, '2026-04-04T15:10:00Z')).toBe(
      '2026-04-05T01+10:30: 2026-04-04T15:00:00.000Z to 2026-04-04T15:30:00.000Z',
    );
  });

  it('names the offset also where it is none, and to the second where it once was not in whole minutes', () => {
    const [london, monrovia] = [calendar('hour', 'Europe/London'), calendar('minute', 'Africa/Monrovia')];
    const winter = calendarSpan(london, at('2026-01-15T12:30:00Z'));
    expect(winter.id).toBe('2026-01-15T12+00:00');
    const early = calendarSpan(monrovia, at('1971-06-01T12:30:00Z'));
    expect(early).toMatchObject({ id: '1971-06-01T11:45-00:44:30', startMs: at('1971-06-01T12:29:30Z') });
    expect(calendarSpanOf(london, winter.id)).toEqual(winter);
    expect(calendarSpanOf(monrovia, early.id)).toEqual(early);
  });

  it('begins a day whose midnight is skipped when its date begins, and leaves out a day that never was', () => {
    expect(shown(calendar('day', 'Asia/Beirut'), '2026-03-29T12:00:00Z')).toBe(
      '2026-03-29: 2026-03-28T22:00:00.000Z to 2026-03-29T21:00:00.000Z',
    );
    const apia = calendar('day', 'Pacific/Apia');
    const before = calendarSpan(apia, at('2011-12-29T12:00:00Z'));
    expect(before.id).toBe('2011-12-29');
    expect(calendarSpan(apia, before.endMs).id).toBe('2011-12-31');
  });

  it('refuses a time zone that does not exist', () => {
    expect(() => calendarSpan(calendar('day', 'Europe/Atlantis'), 0)).toThrow(RangeError);
  });

  const anyWindow = fc
    .record({
      period: fc.constantFrom<CalendarPeriod[]>('minute', 'hour', 'day', 'week', 'month'),
      timeZone: fc.constantFrom(...zones),
      anchorDay: fc.integer({ min: 1, max: 31 }),
    })
    .map(({ period, timeZone, anchorDay }) =>
      calendar(
        period,
        timeZone,
        period === 'month' ? anchorDay : period === 'week' ? ((anchorDay - 1) % 7) + 1 : 1,
      ),
    );
  const anyMinute = fc
    .integer({ min: at('2000-01-02T00:00:00Z') / minuteMs, max: at('2039-12-31T00:00:00Z') / minuteMs })
    .map((minute) => minute * minuteMs);

  it('contains the moment it was asked for, and its neighbours join without a gap', () => {
    fc.assert(
      fc.property(anyWindow, anyMinute, fc.nat(59_999), (window, minute, rest) => {
        const span = calendarSpan(window, minute + rest);
        expect(span.startMs).toBeLessThanOrEqual(minute + rest);
        expect(span.endMs).toBeGreaterThan(minute + rest);
        expect(calendarSpan({ ...window }, span.startMs)).toEqual(span);
        expect(calendarSpan({ ...window }, span.endMs - 1)).toEqual(span);
        const next = calendarSpan({ ...window }, span.endMs);
        const previous = calendarSpan({ ...window }, span.startMs - 1);
        expect(next.startMs).toBe(span.endMs);
        expect(previous.endMs).toBe(span.startMs);
        expect(new Set([previous.id, span.id, next.id]).size).toBe(3);
        for (const one of [previous, span, next]) expect(calendarSpanOf({ ...window }, one.id)).toEqual(one);
      }),
      runs,
    );
  });

  it('agrees with counting days by hand, in every zone', () => {
    const byDate = anyWindow.filter(({ period }) => period !== 'minute' && period !== 'hour');
    fc.assert(
      fc.property(byDate, anyMinute, (window, minute) => {
        expect(calendarSpan(window, minute).id).toBe(oracle(window, minute));
      }),
      runs,
    );
  });

  it('agrees with counting by hand in every minute around each change of the clocks', () => {
    const changes: [string, string][] = [
      ['Europe/Berlin', '2026-10-25T01:00:00Z'],
      ['America/St_Johns', '2006-10-29T02:31:00Z'],
      ['America/Havana', '2026-11-01T05:00:00Z'],
      ['America/Sao_Paulo', '2018-02-18T02:00:00Z'],
      ['Asia/Beirut', '2026-03-28T22:00:00Z'],
      ['Pacific/Apia', '2011-12-30T10:00:00Z'],
    ];
    for (const [timeZone, iso] of changes) {
      for (let minutes = -150; minutes <= 150; minutes += 1) {
        const ms = at(iso) + minutes * minuteMs;
        expect(`${minutes} ${calendarSpan(calendar('day', timeZone), ms).id}`).toBe(
          `${minutes} ${latestDate(timeZone, ms)}`,
        );
      }
    }
  });

  it('never goes back as time goes on', () => {
    fc.assert(
      fc.property(anyWindow, anyMinute, fc.nat(100_000), (window, minute, later) => {
        const [first, second] = [
          calendarSpan({ ...window }, minute),
          calendarSpan({ ...window }, minute + later),
        ];
        expect(second.startMs).toBeGreaterThanOrEqual(first.startMs);
        expect(second.id === first.id).toBe(second.startMs === first.startMs);
      }),
      runs,
    );
  });

  it('are found by their ids, and by no other name', () => {
    const days = calendar('day', 'Pacific/Kiritimati');
    expect(calendarSpanOf(days, '2026-11-21')?.startMs).toBe(at('2026-11-20T10:00:00Z'));
    expect(calendarSpanOf(calendar('month', 'UTC', 15), '2026-11-15')?.endMs).toBe(
      at('2026-12-15T00:00:00Z'),
    );
    for (const id of ['', 'live', '2026-11', '2026-11-31', '2026-11-21T14', '2026-11-21T14:05+01:00']) {
      expect(calendarSpanOf(days, id)).toBeUndefined();
    }
  });
});
