import { accepts } from '@tollgate/core/internal';
import { type ExportColumn, type ExportType, exportColumns } from './export-columns.js';

const bigQueryTypes: Readonly<Record<ExportType, string>> = {
  ...{
    text: 'STRING',
    integer: 'INT64',
    money: 'NUMERIC',
    boolean: 'BOOL',
    timestamp: 'TIMESTAMP',
    json: 'JSON',
  },
};
const snowflakeTypes: Readonly<Record<ExportType, string>> = {
  ...{ text: 'varchar', integer: 'number(38, 0)', money: 'number(38, 9)', boolean: 'boolean' },
  ...{ timestamp: 'timestamp_tz', json: 'variant' },
};

/**
 * The settings with which a warehouse loads exports: for BigQuery the schema file of `bq load`, for Snowflake the statements that create
 * the table and load a stage's files. Throws a `TypeError` for another warehouse.
 */
export function warehouseLayout(warehouse: 'bigquery' | 'snowflake'): string {
  const verdict = accepts.oneOf('bigquery', 'snowflake')(warehouse);
  if (verdict !== true) throw new TypeError(`warehouseLayout: the warehouse must be ${verdict}`);
  return warehouse === 'bigquery' ? bigQuerySchema() : snowflakeStatements();
}

function bigQuerySchema(): string {
  const fields = exportColumns.map(({ name, type, isRequired }) => ({
    name,
    type: bigQueryTypes[type],
    mode: isRequired ? 'REQUIRED' : 'NULLABLE',
  }));
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

function snowflakeStatements(): string {
  const declared = ({ name, type, isRequired }: ExportColumn): string =>
    `  ${name} ${snowflakeTypes[type]}${isRequired ? ' not null' : ''}`;
  return `create table if not exists usage_events (
${exportColumns.map(declared).join(',\n')}
) cluster by (to_date(began_at), tenant);

-- put file://usage.jsonl @%usage_events;  or usage.parquet, with (type = parquet)
copy into usage_events from @%usage_events
  file_format = (type = json)
  match_by_column_name = case_insensitive;
`;
}
