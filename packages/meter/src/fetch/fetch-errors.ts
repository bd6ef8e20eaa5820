import { TollgateError } from '@tollgate/core';

/** There is no request, or no meter in it. Thrown, since it is the app's mistake. */
export function noRequestError(message: string): TollgateError {
  return new TollgateError({ status: 500, code: 'no_request', message: `${message}.` });
}

/** The refusal of a provider's route that costs money and cannot be metered. */
export function unmeteredRouteError(route: string, provider?: string): TollgateError {
  const whose = provider === undefined ? "The provider's route" : `The route`;
  const where = provider === undefined ? '' : ` of ${provider}`;
  return new TollgateError({
    status: 400,
    code: 'unsupported_parameter',
    param: 'path',
    message: `${whose} "${route}"${where} is not metered, so it is not offered here.`,
    retryAfterMs: false,
  });
}

/** The refusal of a host without a declared provider, where the app enabled it. */
export function unknownHostError(host: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'unsupported_parameter',
    param: 'host',
    message: `The host "${host.slice(0, 100)}" is not known as a provider, so its calls are not metered and not offered here.`,
    retryAfterMs: false,
  });
}
