import type { ExportRow } from './event-pages.js';
import { exportColumns } from './export-columns.js';

/** Characters that spreadsheets treat as the beginning of a formula, full-width forms as well (OWASP, "CSV Injection"). */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

/**
 * Pages as CSV by RFC 4180: a line of names, CRLF, UTF-8 without a mark. An absent value is an empty cell, an empty text is `""`. Unless formulas
 * are kept, a text that a spreadsheet would take for one begins with an apostrophe.
 */
export async function* csv(
  pages: AsyncIterable<readonly ExportRow[]>,
  keepsFormulas: boolean,
): AsyncGenerator<string> {
  const cellOf = (value: string | null, column: number): string => {
    if (value === null) return '';
    const isText = exportColumns[column]?.type === 'text';
    const safe = isText && !keepsFormulas && formula.test(value) ? `'${value}` : value;
    return safe === '' || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  yield `${exportColumns.map(({ name }) => name).join(',')}\r\n`;
  for await (const page of pages) yield page.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}
