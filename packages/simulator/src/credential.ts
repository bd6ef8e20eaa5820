import type { IncomingHttpHeaders } from 'node:http';

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** The API key of a request, wherever its API puts it. */
export function credentialOf(headers: IncomingHttpHeaders, url: URL): string | undefined {
  return (
    headers.authorization?.replace(/^Bearer /i, '') ??
    one(headers['x-api-key']) ??
    one(headers['api-key']) ??
    one(headers['x-goog-api-key']) ??
    url.searchParams.get('key') ??
    undefined
  );
}
