import { maxCapNanoUsd } from '../lib/money.js';
import { accepts, checkOptions, describeValue, suggestion } from '../lib/options.js';
import type { Unit } from '../lib/unit.js';
import type { Limit, RequestRate, ScopePart } from './limit.js';
import { type LimitPeriod, readAmount, readLimitText } from './limit-text.js';
import { type LimitDeclaration, type LimitText, periodMs, type RequestsDeclaration } from './plan.js';
import { bucketProblem } from './token-bucket.js';
import type { CalendarPeriod, Window } from './window.js';

const words = ['child', 'key', 'user', 'team', 'tenant', 'global', 'route', 'model'];
const nameText = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Reads one limit of a plan, or of a builder. Throws a `TypeError` that starts with `where`. */
export function declareLimit(where: string, unit: Unit, declared: LimitText | LimitDeclaration): Limit {
  const given: LimitDeclaration = typeof declared === 'object' ? declared : { limit: declared };
  checkOptions<LimitDeclaration>(
    where,
    given,
    {
      limit: accepts.anything,
      by: scopeCheck,
      timeZone: timeZoneCheck,
      anchorDay: accepts.integerBetween(1, 31),
      window: accepts.oneOf('calendar', 'bucket'),
      burst: (value) =>
        typeof value === 'string' ||
        accepts.positiveInteger(value) === true ||
        "a positive amount in the limit's unit",
      overage: (value) =>
        (typeof value === 'number' && value > 0 && value <= 1) || 'a share above 0 and at most 1',
      soft: accepts.boolean,
      name: nameCheck,
    },
    ['limit'],
  );
  const { amount, period } = readLimitText(where, unit, given.limit);
  if (unit === 'usd' && amount > maxCapNanoUsd) {
    throw new TypeError(
      `${where}: caps above 9,000,000 USD cannot be counted exactly, received ${describeValue(given.limit)}`,
    );
  }
  const window = windowOf(where, unit, given, amount, period);
  const { overage } = given;
  if (overage !== undefined && (window.kind !== 'calendar' || given.soft)) {
    throw new TypeError(
      given.soft
        ? `${where}: a soft limit refuses nothing, so it has no "overage"`
        : `${where}: "overage" belongs to calendar windows; a bucket has a "burst"`,
    );
  }
  const most = amount + Math.floor(amount * (overage ?? 0));
  if (unit === 'usd' && most > maxCapNanoUsd) {
    throw new TypeError(`${where}: the limit and its "overage" must be at most 9,000,000 USD together`);
  }
  if (!Number.isSafeInteger(most)) {
    throw new TypeError(
      `${where}: the limit and its "overage" must be at most ${Number.MAX_SAFE_INTEGER} together`,
    );
  }
  return Object.freeze({
    name: given.name ?? `${unit}-${shortPeriod[period]}`,
    unit,
    amount: window.kind === 'bucket' ? window.burst : most,
    ...(overage !== undefined && { included: amount }),
    window,
    scope: Object.freeze(scopeOf(given.by)),
    soft: given.soft ?? false,
  });
}

/** Reads one rate of requests. Throws a `TypeError` that starts with `where`. */
export function declareRequests(where: string, declared: LimitText | RequestsDeclaration): RequestRate {
  const given: RequestsDeclaration = typeof declared === 'object' ? declared : { rate: declared };
  checkOptions<RequestsDeclaration>(
    where,
    given,
    {
      rate: accepts.anything,
      burst: accepts.positiveInteger,
      window: accepts.oneOf('fixed', 'sliding'),
      by: scopeCheck,
      name: nameCheck,
    },
    ['rate'],
  );
  const { amount, period } = readLimitText(where, 'requests', given.rate);
  if (period === 'month') {
    throw new TypeError(
      `${where}: requests are counted in windows of at most a week, received ${describeValue(given.rate)}; count months with budget({ limits: [requests('10k/month')] })`,
    );
  }
  if (amount === 0)
    throw new TypeError(`${where} must allow at least 1 request, received ${describeValue(given.rate)}`);
  if (given.burst !== undefined && given.burst > amount) {
    throw new TypeError(`${where}: "burst" must be at most the rate's ${amount}, received ${given.burst}`);
  }
  return Object.freeze({
    name: given.name ?? `requests-${shortPeriod[period]}`,
    amount,
    windowMs: periodMs[period],
    burst: given.burst,
    sliding: given.window === 'sliding',
    scope: Object.freeze(scopeOf(given.by)),
  });
}

/** Short names of periods in the names of limits. */
const shortPeriod: Readonly<Record<LimitPeriod, string>> = {
  second: 's',
  minute: 'min',
  hour: 'hour',
  day: 'day',
  week: 'week',
  month: 'month',
};

function windowOf(
  where: string,
  unit: Unit,
  given: LimitDeclaration,
  amount: number,
  period: LimitPeriod,
): Window {
  const steady = period === 'second' || (period === 'minute' && unit !== 'usd' && unit !== 'requests');
  const kind = given.window ?? (steady || given.burst !== undefined ? 'bucket' : 'calendar');
  if (kind === 'bucket') {
    if (period === 'month')
      throw new TypeError(`${where}: a month has no fixed length and cannot be a bucket`);
    const bucket = {
      kind,
      rate: amount,
      periodMs: periodMs[period],
      burst: burstOf(where, unit, given.burst, amount),
    };
    const problem = bucketProblem(bucket);
    if (problem) throw new TypeError(`${where}: ${problem}`);
    return Object.freeze(bucket);
  }
  if (given.burst !== undefined) throw new TypeError(`${where}: "burst" belongs to window: 'bucket'`);
  if (period === 'second')
    throw new TypeError(`${where}: a second is no calendar window; use window: 'bucket'`);
  const anchorDay = given.anchorDay ?? 1;
  if (anchorDay !== 1 && period !== 'month' && period !== 'week') {
    throw new TypeError(`${where}: "anchorDay" belongs to weeks and months, not to a ${period}`);
  }
  if (period === 'week' && anchorDay > 7) {
    throw new TypeError(
      `${where}: "anchorDay" of a week must be an integer from 1 to 7, received ${anchorDay}`,
    );
  }
  return Object.freeze({
    kind,
    period: period as CalendarPeriod,
    timeZone: given.timeZone ?? 'UTC',
    anchorDay,
  });
}

function burstOf(where: string, unit: Unit, burst: number | string | undefined, amount: number): number {
  const read = typeof burst === 'string' ? readAmount(burst, unit) : (burst ?? amount);
  if (read === undefined || !Number.isSafeInteger(read) || read < 1) {
    throw new TypeError(
      `${where}: "burst" must be a positive amount in the limit's unit, received ${describeValue(burst)}`,
    );
  }
  return read;
}

function scopeOf(by: LimitDeclaration['by']): readonly ScopePart[] {
  if (by === undefined) return ['key'];
  return Array.isArray(by) ? [...by] : [by as ScopePart];
}

/** Names the first part that is no scope, so that a list's error says which one. */
function strangerOf(parts: readonly unknown[]): string {
  const stranger = parts.length > 1 ? parts.find((part) => !isScopePart(part)) : undefined;
  return typeof stranger === 'string'
    ? `without ${describeValue(stranger)}${suggestion(stranger, words)}: `
    : '';
}

function scopeCheck(value: unknown): true | string {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const good = parts.length > 0 && new Set(parts).size === parts.length && parts.every(isScopePart);
  return (
    good ||
    `${strangerOf(parts)}one or several of ${words.map((word) => `"${word}"`).join(', ')}, or { name, of: (req, caller) => value }`
  );
}

function isScopePart(part: unknown): part is ScopePart {
  if (typeof part === 'string') return words.includes(part);
  if (typeof part !== 'object' || part === null || !('name' in part) || !('of' in part)) return false;
  return nameCheck(part.name) === true && !words.includes(String(part.name)) && typeof part.of === 'function';
}

function nameCheck(value: unknown): true | string {
  return (typeof value === 'string' && nameText.test(value)) || 'a short name of a-z, 0-9, ".", "_" and "-"';
}

function timeZoneCheck(value: unknown): true | string {
  if (typeof value !== 'string') return 'an IANA time zone such as "Europe/Berlin"';
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return 'an IANA time zone such as "Europe/Berlin"';
  }
}
