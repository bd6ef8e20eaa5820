import type { ExportRow } from './event-pages.js';
import { type ExportType, exportColumns } from './export-columns.js';

/** Rows of one group, which is in memory as a whole: about 40 MB while it is encoded. */
const groupRows = 20_000;

const physical = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
  integer: { type: 'INT64' },
  boolean: { type: 'BOOLEAN' },
  timestamp: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  money: {
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    converted_type: 'DECIMAL',
    precision: 38,
    scale: 9,
  },
} as const;

/**
 * Pages as a Parquet file (Snappy): integers as INT64, money as DECIMAL(38, 9), times as milliseconds UTC, labels and charges as JSON. Nothing
 * is a float.
 */
export async function* parquet(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const file = new ParquetWriter({
    writer: bytes,
    createdBy: 'tollgate',
    schema: [
      { name: 'usage_events', num_children: exportColumns.length },
      ...exportColumns.map(({ name, type, isRequired }) => ({
        ...{ name, ...physical[type] },
        repetition_type: isRequired ? ('REQUIRED' as const) : ('OPTIONAL' as const),
      })),
    ],
  });
  /** The bytes written since the last call; the writer's buffer is used again. */
  const written = (): Uint8Array => {
    const chunk = bytes.getBytes().slice();
    bytes.index = 0;
    return chunk;
  };
  async function writeGroup(rows: readonly ExportRow[]): Promise<Uint8Array> {
    const columnData = exportColumns.map(({ name, type }, column) => ({
      name,
      data: rows.map((row) => parquetValue(type, row[column] ?? null)),
    }));
    await file.write({ columnData, rowGroupSize: groupRows });
    return written();
  }
  let waiting: ExportRow[] = [];
  for await (const page of pages) {
    waiting.push(...page);
    if (waiting.length < groupRows) continue;
    yield await writeGroup(waiting.splice(0, groupRows));
  }
  if (waiting.length > 0) yield await writeGroup(waiting);
  waiting = [];
  await file.finish();
  yield written();
}

function parquetValue(type: ExportType, value: string | null): unknown {
  if (value === null) return undefined;
  if (type === 'integer') return BigInt(value);
  if (type === 'money') return BigInt(value.replace('.', ''));
  if (type === 'boolean') return value === 'true';
  if (type === 'timestamp') return new Date(value);
  return type === 'json' ? JSON.parse(value) : value;
}
