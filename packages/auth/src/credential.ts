import type { IncomingHttpHeaders } from 'node:http';

/** The headers that may carry a credential: exactly one of them. Query and body are never read. */
const credentialHeaders = Object.freeze(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const);

/** Longer ones are ignored; Node itself refuses headers of more than 16 KiB by default. */
const maxLength = 16_384;
/** RFC 6750 §2.1, `b64token`: the characters of keys and tokens. */
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The credential found in a request: none, one, one that is malformed, or more than one. */
export type FoundCredential =
  | { readonly kind: 'none' | 'malformed' | 'conflict' }
  | { readonly kind: 'one'; readonly text: string };

const none: FoundCredential = Object.freeze({ kind: 'none' });
const malformed: FoundCredential = Object.freeze({ kind: 'malformed' });
const conflict: FoundCredential = Object.freeze({ kind: 'conflict' });

/**
 * Finds the one credential of a request. Of two `Authorization` headers Node keeps the first silently, so the raw headers
 * are counted; the values are those of `headers`, where an app may have put its own.
 */
export function credentialOf(req: {
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders?: readonly string[];
}): FoundCredential {
  const { headers } = req;
  const authorization = headers.authorization || undefined;
  let text = authorization;
  let places = authorization === undefined ? 0 : 1;
  for (let index = 1; index < credentialHeaders.length; index += 1) {
    const value = headers[credentialHeaders[index] as string];
    if (!value) continue;
    places += 1;
    text = String(value);
  }
  if (places > 1 || repeated(req.rawHeaders ?? [])) return conflict;
  if (text === undefined) return none;
  if (authorization !== undefined) {
    const scheme = /^bearer(?: +|$)/i.exec(authorization);
    // Another scheme is no attempt with a credential of ours: RFC 6750 §3.1 answers it like none.
    if (!scheme || scheme[0].length === authorization.length) return none;
    text = authorization.slice(scheme[0].length);
  }
  return text.length <= maxLength && b64token.test(text) ? { kind: 'one', text } : malformed;
}

function repeated(rawHeaders: readonly string[]): boolean {
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const { length } = name;
    if (length !== 13 && length !== 9 && length !== 7 && length !== 14) continue;
    const place = credentialHeaders.indexOf(name.toLowerCase() as (typeof credentialHeaders)[number]);
    if (place === -1) continue;
    if (seen & (1 << place)) return true;
    seen |= 1 << place;
  }
  return false;
}
