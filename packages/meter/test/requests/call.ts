import { isTollgateError, type TollgateError } from '@tollgate/core';
import type { JsonValue, OutgoingRequest } from '@tollgate/core/internal';
import type { MeteredCall } from '../../src/requests/metered-call.js';
import { parseCall } from '../../src/requests/parse-call.js';
import type { ParseOptions } from '../../src/requests/parse-options.js';
import { parseSettings } from '../../src/requests/parse-settings.js';

export const paths = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  embeddings: '/v1/embeddings',
  messages: '/v1/messages',
  gemini: '/v1beta/models/gemini-2.5-flash:generateContent',
} as const;

export type Path = keyof typeof paths;

/** The least that a request of each format needs. */
export const plain: Readonly<Record<Path, Readonly<Record<string, JsonValue>>>> = {
  chat: { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }] },
  responses: { model: 'gpt-5-mini', input: 'hi' },
  embeddings: { model: 'text-embedding-3-small', input: 'hi' },
  messages: { model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'hi' }] },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
};

export type Fields = Readonly<Record<string, JsonValue>>;

export function outgoing(
  url: string,
  body: JsonValue | undefined,
  more?: Partial<OutgoingRequest>,
): OutgoingRequest {
  return { method: 'POST', url, headers: {}, body, ...more };
}

/** Parses a body sent to a path; fails the test where the path is no metered API. */
export function parse(url: string, body: JsonValue, options: ParseOptions = {}): MeteredCall {
  const call = parseCall(outgoing(url, body), parseSettings(options));
  if (!call) throw new Error(`${url} is not metered`);
  return call;
}

/** Parses the plain body of a format with more fields. */
export function call(
  path: Path,
  more: Readonly<Record<string, JsonValue>> = {},
  options: ParseOptions = {},
): MeteredCall {
  return parse(paths[path], { ...plain[path], ...more }, options);
}

/** How a request is refused: `400 invalid_value max_tokens`, or `passed`. */
export function verdict(run: () => unknown): string {
  try {
    run();
    return 'passed';
  } catch (error) {
    if (!isTollgateError(error)) throw error;
    return described(error);
  }
}

function described({ status, code, param }: TollgateError): string {
  return [status, code, param].filter((fact) => fact !== undefined).join(' ');
}

export function sent(call: MeteredCall): Record<string, JsonValue> {
  return JSON.parse(call.serialise()) as Record<string, JsonValue>;
}

/** How a plain request of a format with more fields is refused. */
export function refusal(path: Path, more: Fields, options?: ParseOptions): string {
  return verdict(() => call(path, more, options));
}
