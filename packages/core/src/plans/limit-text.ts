import { nanoUsdPerUsd } from '../lib/money.js';
import { describeValue } from '../lib/options.js';
import type { Unit } from '../lib/unit.js';

/** The periods of limit texts. `month` has no fixed length. */
export type LimitPeriod = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month';

/** A limit text, read: an integer in the unit (nano-dollars for `usd`) per period. */
export interface ReadLimitText {
  readonly amount: number;
  readonly period: LimitPeriod;
}

const periods: Readonly<Record<string, LimitPeriod>> = {
  s: 'second',
  sec: 'second',
  second: 'second',
  min: 'minute',
  minute: 'minute',
  h: 'hour',
  hour: 'hour',
  day: 'day',
  d: 'day',
  week: 'week',
  month: 'month',
};

const amountText = /^(\$?)(\d[\d_]{0,15})(?:\.(\d{1,9}))?([kM]?)$/;
const exponents: Readonly<Record<string, number>> = { '': 0, k: 3, M: 6 };

/**
 * Reads `'20k/day'` or `'$0.50/day'` exactly. Throws a `TypeError` that names `where`, the received and the expected value. Amounts in
 * dollars, and only those, are written with `$`.
 */
export function readLimitText(where: string, unit: Unit, text: unknown): ReadLimitText {
  const example = unit === 'usd' ? '"$0.50/day"' : unit === 'requests' ? '"5/min"' : '"20k/day"';
  const fail = (why: string): never => {
    throw new TypeError(
      `${where} must be a limit such as ${example}${why && ` (${why})`}, received ${describeValue(text)}`,
    );
  };
  if (typeof text !== 'string') return fail('');
  const slash = text.indexOf('/');
  const period = slash === -1 ? undefined : periods[text.slice(slash + 1).trim()];
  const amount = readAmount(slash === -1 ? text : text.slice(0, slash).trim(), unit);
  if (amount === undefined && isTooLarge(text, unit)) {
    return fail(unit === 'usd' ? 'at most $9_000_000' : `at most ${Number.MAX_SAFE_INTEGER}`);
  }
  if (amount === undefined)
    return fail(unit === 'usd' ? 'an amount in dollars, with $' : 'a whole number, k or M');
  if (period === undefined) return fail(`a period of ${Object.keys(periods).join(', ')}`);
  return { amount, period };
}

/** Whether it is an amount in the unit that is too large to be counted exactly: dollars are counted in nano-dollars, up to 2⁵³. */
function isTooLarge(text: string, unit: Unit): boolean {
  const [, dollar, whole = '', , suffix = ''] = amountText.exec(text.split('/')[0]?.trim() ?? '') ?? [];
  const factor = 10 ** (exponents[suffix] ?? 0) * (unit === 'usd' ? nanoUsdPerUsd : 1);
  return (
    (dollar === '$') === (unit === 'usd') &&
    Number(whole.replaceAll('_', '')) * factor > Number.MAX_SAFE_INTEGER
  );
}

/** Reads `'20k'`, `'1.5M'` or `'$0.50'` as an integer in the unit; `undefined` where it is none or not a safe integer. */
export function readAmount(text: string, unit: Unit): number | undefined {
  const match = amountText.exec(text);
  if (!match) return undefined;
  const [, dollar, whole = '', fraction = '', suffix = ''] = match;
  if ((dollar === '$') !== (unit === 'usd')) return undefined;
  const shift = (exponents[suffix] ?? 0) + (unit === 'usd' ? Math.log10(nanoUsdPerUsd) : 0);
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > shift) return undefined;
  const amount = Number(whole.replaceAll('_', '') + digits.padEnd(shift, '0'));
  return Number.isSafeInteger(amount) ? amount : undefined;
}
