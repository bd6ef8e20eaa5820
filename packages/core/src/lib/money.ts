/**
 * Money: an integer number of nano-dollars (1 USD = 1 000 000 000). A safe integer, so that sums in a double (JavaScript, Lua)
 * are exact: caps above 9 000 000 USD are refused for that reason (2^53 nano-dollars are 9 007 199 USD).
 */
export type NanoUsd = number;

/** One dollar in nano-dollars. */
export const nanoUsdPerUsd = 1_000_000_000;

/** The largest cap of one window, in nano-dollars: 9 000 000 USD. */
export const maxCapNanoUsd: NanoUsd = 9_000_000 * nanoUsdPerUsd;

const dollars = /^\$?(\d{1,10})(?:\.(\d{1,9}))?$/;

/**
 * Reads an amount such as `'$0.50'`, `'12'` or `'0.000000001'` exactly, without a float on the way.
 * Returns `undefined` for anything else: a sign, an exponent, more than nine decimals, a fraction of a nano-dollar.
 */
export function parseUsd(text: string): NanoUsd | undefined {
  const match = dollars.exec(text);
  if (!match) return undefined;
  const whole = Number(match[1]) * nanoUsdPerUsd;
  const fraction = Number((match[2] ?? '').padEnd(9, '0'));
  const amount = whole + fraction;
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** Writes nano-dollars as dollars, without a float on the way: `1_500_000_000` → `'1.50'`, `1` → `'0.000000001'`. */
export function formatUsd(amount: NanoUsd): string {
  const digits = String(Math.abs(amount)).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '').padEnd(2, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -9)}.${fraction}`;
}
