import { createHash } from 'node:crypto';
import type { Caller } from '@tollgate/core';
import type { DeclaredCall, ParsedCall } from '@tollgate/core/internal';
import type { CacheSettings } from './options.js';

/** Headers that change a provider's response. */
const meaningful = ['anthropic-version', 'anthropic-beta', 'openai-beta'];

/** Whose answers a caller may be given: everything is kept apart by it. */
export const tenantOf = ({ tenant, id }: Caller): string => tenant || id;

/** The key of a call: SHA-256 over its tenant or caller, its destination, and the exact body to be sent. */
export function cacheKey(
  call: DeclaredCall,
  parsed: ParsedCall,
  caller: Caller,
  by: CacheSettings['by'],
): string {
  const { url, headers, body } = call.outgoing;
  const owner = by === 'tenant' ? null : ((by === 'user' ? caller.user : caller.keyId) ?? caller.id);
  const names = [
    tenantOf(caller),
    by,
    owner,
    parsed.api,
    parsed.provider,
    parsed.model,
    placeOf(url),
    parsed.stream,
    // Gemini's streams are events or an array; usage is in a stream for those who asked.
    /[?&]alt=sse\b/.test(url),
    asksUsage(body),
    ...meaningful.map((name) => headers[name] ?? null),
  ];
  return createHash('sha256')
    .update(JSON.stringify(names))
    .update('\n')
    .update(parsed.serialise())
    .digest('hex');
}

/**
 * Where a handler sends its call; of a call that the request's own body declares, the path it came by: another path may have another
 * handler, which has the call made by others and takes no answer of ours, so that it must not be admitted as one that is answered.
 */
const placeOf = (url: string): string =>
  URL.canParse(url) ? new URL(url).origin : (url.split('?', 1)[0] ?? '');

function asksUsage(body: unknown): boolean {
  const options = memberOf(body, 'stream_options');
  return memberOf(options, 'include_usage') === true;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
