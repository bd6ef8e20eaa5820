/**
 * Reads dollars per million tokens, as a catalogue's float or a declared decimal text, into pico-dollars per token: the
 * same number with the point six places to the right. Rounded up where a price is finer than that.
 */
export function rateOf(usdPerMillion: number | string): bigint {
  return scaled(usdPerMillion, 6);
}

/** Reads dollars per thousand uses into pico-dollars per use. */
export function feeOf(usdPerThousand: number | string): bigint {
  return scaled(usdPerThousand, 9);
}

/** Reads dollars into pico-dollars. */
export function picoOf(usd: number | string): bigint {
  return scaled(usd, 12);
}

const decimal = /^(\d{1,9})(?:\.(\d{1,18}))?$/;

/** Whether a text is a plain decimal amount of dollars, such as `'0.25'`: no sign, no exponent, no currency. */
export function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && decimal.test(value);
}

function scaled(amount: number | string, places: number): bigint {
  const text = typeof amount === 'string' ? amount : decimalText(amount);
  const match = decimal.exec(text);
  if (!match) throw new RangeError(`a price must be a plain decimal number, received ${text}`);
  const fraction = match[2] ?? '';
  const exact = BigInt((match[1] ?? '0') + fraction.slice(0, places).padEnd(places, '0'));
  return /[1-9]/.test(fraction.slice(places)) ? exact + 1n : exact;
}

/** A float as the catalogue's author wrote it: the shortest text that reads back as it, without an exponent. */
function decimalText(amount: number): string {
  const text = String(amount);
  return text.includes('e') ? amount.toFixed(15).replace(/0+$/, '').replace(/\.$/, '') : text;
}
