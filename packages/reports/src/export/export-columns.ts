import { type RawBuilder, sql } from 'kysely';

/** How a column's values are to be understood: `money` has nine decimals. */
export type ExportType = 'text' | 'integer' | 'money' | 'boolean' | 'timestamp' | 'json';

export interface ExportColumn {
  readonly name: string;
  readonly type: ExportType;
  readonly isRequired: boolean;
  /** Its value as text, over `usage_events`. */
  readonly value: RawBuilder<string | null>;
}

function column(name: string, type: ExportType, isRequired = true): ExportColumn {
  return {
    name,
    type,
    isRequired,
    value: type === 'timestamp' ? isoTime(name) : sql`${sql.ref(name)}::text`,
  };
}

const optional = (name: string, type: ExportType): ExportColumn => column(name, type, false);

function isoTime(name: string): RawBuilder<string> {
  return sql`to_char(${sql.ref(name)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** The columns of an export, in their order. Later versions add columns at the end; none is renamed. */
export const exportColumns: readonly ExportColumn[] = [
  column('event_id', 'text'),
  column('kind', 'text'),
  optional('adjusts', 'text'),
  // `at` is a reserved word in BigQuery and elsewhere.
  { name: 'began_at', type: 'timestamp', isRequired: true, value: isoTime('at') },
  column('admitted_at', 'timestamp'),
  column('settled_at', 'timestamp'),
  column('request_id', 'text'),
  column('call_id', 'text'),
  column('attempt', 'integer'),
  column('tenant', 'text'),
  optional('team', 'text'),
  optional('user_id', 'text'),
  optional('key_id', 'text'),
  column('plan', 'text'),
  optional('route', 'text'),
  optional('feature', 'text'),
  column('labels', 'json'),
  column('provider', 'text'),
  column('requested_model', 'text'),
  column('model', 'text'),
  optional('tier', 'text'),
  column('input_tokens', 'integer'),
  column('cached_input_tokens', 'integer'),
  column('cache_write_tokens', 'integer'),
  column('output_tokens', 'integer'),
  column('reasoning_tokens', 'integer'),
  column('cost_nano_usd', 'integer'),
  {
    name: 'cost_usd',
    type: 'money',
    isRequired: true,
    value: sql`(cost_nano_usd * 1e-9)::numeric(38, 9)::text`,
  },
  optional('unresolved_nano_usd', 'integer'),
  column('price_version', 'text'),
  column('source', 'text'),
  column('uncertain', 'boolean'),
  column('overrun', 'boolean'),
  column('status', 'integer'),
  column('outcome', 'text'),
  column('stream', 'boolean'),
  column('latency_ms', 'integer'),
  optional('time_to_first_token_ms', 'integer'),
  column('charges', 'json'),
  optional('more', 'json'),
];
