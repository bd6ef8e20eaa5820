import { TollgateError } from '@tollgate/core';

/** There is no request, or no meter in it. Thrown, since it is the app's mistake. */
export function noRequest(message: string): TollgateError {
  return new TollgateError({ status: 500, code: 'no_request', message: `${message}.` });
}

/** The refusal of a provider's route that costs money and cannot be metered. */
export function unmeteredRoute(route: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'unsupported_parameter',
    param: 'path',
    message: `The provider's route "${route}" is not metered, so it is not offered here.`,
    retryAfterMs: false,
  });
}
