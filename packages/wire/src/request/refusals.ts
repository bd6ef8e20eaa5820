import { TollgateError } from '@tollgate/core';
import { describeValue } from '@tollgate/core/internal';

/** Characters of a field's name that a refusal repeats: clients choose them. */
const longestName = 64;

const shortened = (name: string): string =>
  name.length <= longestName ? name : `${name.slice(0, longestName)}…`;

/** A value that the provider would refuse, or that makes a bound impossible: 400 `invalid_value`. */
export function invalidValueError(param: string, expected: string, received: unknown): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'invalid_value',
    param: shortened(param),
    message: `${shortened(param)} must be ${expected}, received ${describeValue(received)}.`,
    retryAfterMs: false,
  });
}

/** Something whose cost cannot be bounded, or that this app does not offer: 400 `unsupported_parameter`. */
export function unsupportedError(param: string, why: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'unsupported_parameter',
    param: shortened(param),
    message: `${shortened(param)} is not supported here: ${why}.`,
    retryAfterMs: false,
  });
}

/** No price is known: 400 `model_not_priced`. */
export function notPriced(model: string, what = 'no price is known for it'): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'model_not_priced',
    param: 'model',
    message: `The model ${describeValue(model)} cannot be used here: ${what}.`,
    retryAfterMs: false,
  });
}
