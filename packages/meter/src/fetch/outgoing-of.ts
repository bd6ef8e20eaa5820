import { TollgateError } from '@tollgate/core';
import type { JsonValue, OutgoingRequest } from '@tollgate/core/internal';

/** The arguments of `fetch`, in one form. */
export interface FetchRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** The caller's own signals, that of the request and that of `init`. */
  readonly signals: readonly AbortSignal[];
  /** Reads the body; once. */
  readonly text: () => Promise<string>;
}

type FetchInput = Parameters<typeof fetch>[0];
type FetchInit = NonNullable<Parameters<typeof fetch>[1]>;

/** The `Request` that `fetch` was given, if it was one, of whatever realm. */
export const requestIn = (input: FetchInput): Request | undefined =>
  typeof input === 'object' && 'headers' in input ? input : undefined;

/** Reads the arguments of `fetch` with its precedence: `init` overrides a `Request`. */
export function readFetch(input: FetchInput, init: FetchInit = {}): FetchRequest {
  const request = requestIn(input);
  const { body } = init;
  const signals = [request?.signal, init.signal].filter((signal) => signal !== undefined && signal !== null);
  return {
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    url: request ? request.url : String(input),
    headers: new Headers(init.headers ?? request?.headers),
    signals,
    text: () => {
      if (typeof body === 'string') return Promise.resolve(body);
      if (body === undefined || body === null) return request ? request.text() : Promise.resolve('');
      return new Response(body).text();
    },
  };
}

/** The outgoing request of a metered call. @throws TollgateError for a body that is no JSON. */
export async function outgoingOf(
  request: FetchRequest,
): Promise<OutgoingRequest & { readonly text: string }> {
  const type = request.headers.get('content-type') ?? 'application/json';
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type) || request.headers.has('content-encoding')) {
    throw new TollgateError({
      status: 415,
      code: 'unsupported_media_type',
      message: 'A metered call has to be sent as plain JSON.',
      param: 'content-type',
      retryAfterMs: false,
    });
  }
  const text = await request.text();
  const { method, url } = request;
  return { method, url, headers: Object.fromEntries(request.headers), body: parseJson(text), text };
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TollgateError({
      status: 400,
      code: 'invalid_json',
      message: 'The body of a metered call must be JSON.',
      retryAfterMs: false,
      cause,
    });
  }
}
