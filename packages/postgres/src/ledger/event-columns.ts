import { createHash } from 'node:crypto';
import type { UsageEvent } from '@tollgate/core';
import { describeValue, idTimeMs } from '@tollgate/core/internal';

type ColumnType = 'uuid' | 'text' | 'timestamptz' | 'integer' | 'bigint' | 'boolean' | 'jsonb';

/** A column of `usage_events`, and the field of an event that it holds. */
interface EventColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly field: keyof UsageEvent;
}

const column = (name: string, type: ColumnType, field: keyof UsageEvent): EventColumn => ({
  name,
  type,
  field,
});

/** The columns that hold a field as it is. */
const fieldColumns: readonly EventColumn[] = [
  column('event_id', 'uuid', 'eventId'),
  column('kind', 'text', 'kind'),
  column('adjusts', 'uuid', 'adjusts'),
  column('admitted_at', 'timestamptz', 'admittedAt'),
  column('settled_at', 'timestamptz', 'time'),
  column('request_id', 'text', 'requestId'),
  column('call_id', 'text', 'callId'),
  column('attempt', 'integer', 'attempt'),
  column('tenant', 'text', 'tenant'),
  column('team', 'text', 'team'),
  column('user_id', 'text', 'user'),
  column('key_id', 'text', 'keyId'),
  column('plan', 'text', 'plan'),
  column('route', 'text', 'route'),
  column('labels', 'jsonb', 'labels'),
  column('provider', 'text', 'provider'),
  column('requested_model', 'text', 'requestedModel'),
  column('model', 'text', 'model'),
  column('input_tokens', 'bigint', 'inputTokens'),
  column('cached_input_tokens', 'bigint', 'cachedInputTokens'),
  column('cache_write_tokens', 'bigint', 'cacheWriteTokens'),
  column('output_tokens', 'bigint', 'outputTokens'),
  column('reasoning_tokens', 'bigint', 'reasoningTokens'),
  column('tier', 'text', 'tier'),
  column('cost_nano_usd', 'bigint', 'costNanoUsd'),
  column('unresolved_nano_usd', 'bigint', 'unresolvedNanoUsd'),
  column('price_version', 'text', 'priceVersion'),
  column('source', 'text', 'source'),
  column('uncertain', 'boolean', 'uncertain'),
  column('overrun', 'boolean', 'overrun'),
  column('charges', 'jsonb', 'charges'),
  column('status', 'integer', 'status'),
  column('outcome', 'text', 'outcome'),
  column('stream', 'boolean', 'stream'),
  column('latency_ms', 'bigint', 'latencyMs'),
  column('time_to_first_token_ms', 'bigint', 'timeToFirstTokenMs'),
];

const known = new Set<string>(fieldColumns.map(({ field }) => field));

/** The columns that are written, in the order of a row's values. */
export const eventColumns: readonly Pick<EventColumn, 'name' | 'type'>[] = [
  ...fieldColumns,
  { name: 'at', type: 'timestamptz' },
  { name: 'more', type: 'jsonb' },
];

/** An event as the texts of its columns. */
export interface EventRow {
  readonly eventId: string;
  readonly values: readonly (string | null)[];
}

/** Throws a `TypeError` where an event cannot be a row. */
export function rowOf(event: UsageEvent): EventRow {
  const { eventId } = event;
  const timeMs = typeof eventId === 'string' ? idTimeMs(eventId) : undefined;
  if (timeMs === undefined) {
    throw new TypeError(`usage event ${describeValue(eventId)}: its id is no UUIDv7`);
  }
  const values = fieldColumns.map(({ type, field }) => textOf(type, event[field]));
  return { eventId, values: [...values, new Date(timeMs).toISOString(), jsonText(unknownFields(event))] };
}

/** Fields that have no column, of a later version. */
function unknownFields(event: UsageEvent): Record<string, unknown> | undefined {
  const more = Object.entries(event).filter(([name, value]) => !known.has(name) && value !== undefined);
  return more.length === 0 ? undefined : Object.fromEntries(more);
}

/** A value as PostgreSQL reads it from text. */
function textOf(type: ColumnType, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (type === 'jsonb') return jsonText(value);
  if (typeof value === 'number') return String(Math.round(value));
  return type === 'text' ? storable(String(value)) : String(value);
}

/** Longer names are kept by their beginning and a hash of the whole: an entry of an index has a limit, a name has not. */
const longestText = 600;

/** PostgreSQL takes no NUL and no half of a surrogate pair: each becomes U+FFFD. */
function storable(text: string): string {
  const kept = Buffer.from(text.slice(0, longestText)).toString().replaceAll('\0', '\uFFFD');
  if (text.length <= longestText) return kept;
  return `${kept}…sha256-${createHash('sha256').update(text).digest('base64url')}`;
}

/** The same within JSON, where both are written as escapes; an escaped backslash before them is none. */
function jsonText(value: unknown): string | null {
  if (value === undefined) return null;
  return JSON.stringify(value).replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f]..)/g, '$1\\ufffd');
}
