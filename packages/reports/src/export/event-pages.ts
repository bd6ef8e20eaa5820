import type { Database } from '@tollgate/postgres';
import { sql } from 'kysely';
import type { CheckedQuery } from '../reports/usage-query.js';
import { conditionsOf, periodOfEvents } from '../reports/usage-rows.js';
import { exportColumns } from './export-columns.js';

/** Values of the columns of an export, in their order. */
export type ExportRow = readonly (string | null)[];

/** Events that are in memory at once. */
const pageSize = 2_000;

const fields = sql.join(exportColumns.map(({ name, value }) => sql`${value} as ${sql.ref(`out_${name}`)}`));

/** The events of a query, page by page in the order of their ids; the next page is read when it is asked for. */
export async function* eventPages(
  database: Database,
  asked: CheckedQuery,
): AsyncGenerator<readonly ExportRow[]> {
  await database.ready();
  const { query, schema } = database;
  let last: string | null | undefined;
  for (;;) {
    const after = last === undefined ? sql`true` : sql`event_id > ${last}::uuid`;
    const { rows } = await sql<Record<string, string | null>>`
      select ${fields} from ${sql.id(schema, 'usage_events')}
      where ${periodOfEvents(asked)} and ${after} and ${conditionsOf(asked)}
      order by event_id limit ${sql.lit(pageSize)}`.execute(query);
    if (rows.length > 0) yield rows.map((row) => exportColumns.map(({ name }) => row[`out_${name}`] ?? null));
    if (rows.length < pageSize) return;
    last = rows.at(-1)?.out_event_id;
  }
}
