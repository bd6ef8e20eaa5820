import { TollgateError } from '@tollgate/core';
import { describeValue } from '@tollgate/core/internal';

/** 400 `unsupported_parameter`: the client's field has no counterpart at the provider. */
export function notTranslatableError(param: string, why: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'unsupported_parameter',
    param,
    message: `${param} is not supported here: ${why}.`,
    retryAfterMs: false,
  });
}

/** 400 `invalid_value`: the client's own format does not allow it. */
export function notValidError(param: string, expected: string, received: unknown): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'invalid_value',
    param,
    message: `${param} must be ${expected}, received ${describeValue(received)}.`,
    retryAfterMs: false,
  });
}
