import type { ExportRow } from './event-pages.js';
import { exportColumns } from './export-columns.js';

/** Beyond 2^53 readers of JSON round, so these integers are written as text. */
const mayBeLarge = new Set(['cost_nano_usd', 'unresolved_nano_usd']);

const names = exportColumns.map(({ name }) => JSON.stringify(name));

/**
 * Pages as one JSON object a line, as BigQuery and Snowflake load them: times in ISO 8601, money and integers that may exceed 2^53 as
 * texts, labels and charges as JSON; absent values are left out.
 */
export async function* jsonLines(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map(lineOf).join('');
}

function lineOf(row: ExportRow): string {
  const fields = row.flatMap((value, column) =>
    value === null ? [] : [`${names[column]}:${jsonOf(value, column)}`],
  );
  return `{${fields.join(',')}}\n`;
}

function jsonOf(value: string, column: number): string {
  const { type, name = '' } = exportColumns[column] ?? {};
  const isJson = type === 'json' || type === 'boolean' || (type === 'integer' && !mayBeLarge.has(name));
  return isJson ? value : JSON.stringify(value);
}
