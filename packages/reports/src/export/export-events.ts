import { Readable } from 'node:stream';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Database } from '@tollgate/postgres';
import { checkQuery, type UsageQuery } from '../reports/usage-query.js';
import { csv } from './csv.js';
import { type ExportRow, eventPages } from './event-pages.js';
import { jsonLines } from './json-lines.js';
import { parquet } from './parquet.js';

/** Which events are exported, and how. */
export interface ExportQuery extends Pick<UsageQuery, 'from' | 'to' | 'where'> {
  /** `csv` for people, `jsonl` and `parquet` for warehouses; see {@link warehouseLayout}. */
  format: 'csv' | 'jsonl' | 'parquet';
  /**
   * In CSV, a text that a spreadsheet would run as a formula begins with an apostrophe; `keep` leaves it as it is, for programs.
   * @defaultValue 'escape'
   */
  formulas?: 'escape' | 'keep';
  /** Called after every 2 000 events with their number so far, and the time of the last. */
  onProgress?: (events: number, at: string) => void;
}

/**
 * The events of a period, corrections as separate rows, in the order of their ids, as a stream of bytes. For a period of any length, a few
 * thousand events are in memory; while the stream is not read, the database is not queried. A period that is over gives the same rows each
 * time, except those that are settled or corrected later. Throws a `TypeError` for a wrong query; the stream fails where the database does.
 */
export function exportEvents(database: Database, query: ExportQuery): Readable {
  checkOptions<ExportQuery>(
    'exportEvents',
    query,
    {
      ...{ from: accepts.anything, to: accepts.anything, where: accepts.object },
      format: accepts.oneOf('csv', 'jsonl', 'parquet'),
      formulas: accepts.oneOf('escape', 'keep'),
      onProgress: accepts.function,
    },
    ['from', 'to', 'format'],
  );
  const { from, to, where = {}, format, formulas = 'escape', onProgress } = query;
  const pages = counted(eventPages(database, checkQuery('exportEvents', { from, to, where })), onProgress);
  const written = {
    csv: () => csv(pages, formulas === 'keep'),
    jsonl: () => jsonLines(pages),
    parquet: () => parquet(pages),
  };
  return Readable.from(written[format](), { objectMode: false });
}

const placeOfTime = 3;

async function* counted(
  pages: AsyncIterable<readonly ExportRow[]>,
  onProgress: ExportQuery['onProgress'],
): AsyncGenerator<readonly ExportRow[]> {
  let events = 0;
  for await (const page of pages) {
    yield page;
    events += page.length;
    onProgress?.(events, page.at(-1)?.[placeOfTime] ?? '');
  }
}
