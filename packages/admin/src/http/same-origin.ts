import { TollgateError } from '@tollgate/core';
import type { Request } from 'express';

/**
 * The refusal (403) of a write that a page of another origin may have made a browser send: one with cookies from another site, or whose
 * origin nothing shows. Requests without cookies carry credentials that another page's script cannot attach.
 */
export function crossOriginRefusal({ headers }: Pick<Request, 'headers'>): TollgateError | undefined {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' ? undefined : refused();
  if (headers.origin === undefined) return headers.cookie === undefined ? undefined : refused();
  const own = URL.canParse(headers.origin) ? new URL(headers.origin).host : undefined;
  return own !== undefined && own === headers.host ? undefined : refused();
}

const refused = (): TollgateError =>
  new TollgateError({
    status: 403,
    code: 'insufficient_scope',
    message: 'Changes are accepted from pages of the same origin only.',
    retryAfterMs: false,
  });
