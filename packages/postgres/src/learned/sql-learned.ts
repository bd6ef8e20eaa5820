import { accepts, checkOptions, type LearnedStore } from '@tollgate/core/internal';
import type { Database } from '../connection/database.js';

/** Options of {@link sqlLearned}. */
export interface SqlLearnedOptions {
  /** The database that the ledger uses. It is not closed with this. */
  database: Database;
}

/** Rows that are read at once. */
const portionSize = 500;
/** Longer names do not fit into an index of PostgreSQL, in UTF-16 units. */
const longestSubject = 600;
/** PostgreSQL's texts contain neither NUL nor halves of surrogate pairs. */
const unstorable = /[\0\p{Surrogate}]/u;
/** A row that is not written for longer than this is removed, in days: habits are of the latest 28. */
const keptDays = 40;

/**
 * Habits that `watch()` has learned, in the ledger's database: every process loads all of them and writes those that it has changed, so that a
 * deployment loses nothing. Rejects while the database is away. Throws a `TypeError` for a wrong or unknown option.
 */
export function sqlLearned(options: SqlLearnedOptions): LearnedStore {
  checkOptions<SqlLearnedOptions>('sqlLearned', options, { database: accepts.methods('ready', 'execute') }, [
    'database',
  ]);
  const { database } = options;
  const table = `"${database.schema}".learned`;
  const run = async (statement: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> => {
    await database.ready();
    return database.execute(statement, values);
  };
  return {
    async *load() {
      let last = '';
      for (;;) {
        const rows = await run(
          `select subject, record from ${table} where subject collate "C" > $1 order by subject collate "C" limit ${portionSize}`,
          [last],
        );
        if (rows.length > 0)
          yield rows.map(({ subject, record }) => [String(subject), String(record)] as const);
        if (rows.length < portionSize) return;
        last = String(rows.at(-1)?.subject);
      }
    },
    async save(portion, isLast) {
      const kept = new Map(portion.filter(([subject]) => isStorable(subject)));
      if (kept.size > 0)
        await run(
          `insert into ${table} (subject, record, saved_at)
           select subject, record, now() from unnest($1::text[], $2::text[]) as given (subject, record) order by subject
           on conflict (subject) do update set record = excluded.record, saved_at = excluded.saved_at`,
          [[...kept.keys()], [...kept.values()]],
        );
      if (isLast) await run(`delete from ${table} where saved_at < now() - interval '${keptDays} days'`, []);
    },
    async forget(subjects) {
      await run(`delete from ${table} where subject = any ($1::text[])`, [subjects.filter(isStorable)]);
    },
  };
}

/** Others are learned again after a restart. */
const isStorable = (subject: string): boolean =>
  subject.length <= longestSubject && !unstorable.test(subject);
