import { shown } from './table.js';

/** The arguments are invalid, which is known without the database. */
export class UsageError extends Error {}

/** Codes of Node and of PostgreSQL that people meet, as sentences. */
const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the database does not answer: nothing listens there',
  ENOTFOUND: 'the database’s host name is not known',
  ETIMEDOUT: 'the database does not answer in time',
  '28P01': 'the database refuses this user and password',
  '28000': 'the database refuses this user',
  '3D000': 'the server has no database of that name',
  '42P01': 'the tables are not there: run "tollgate migrate"',
  '3F000': 'the tables are not there: run "tollgate migrate"',
};

/** Writes one line with the cause of the failure; returns the exit code. Never shows a connection string. */
export function sayFailure(error: unknown, writeError: (text: string) => void): number {
  writeError(`tollgate: ${shown(sentenceOf(error))}\n`);
  return error instanceof UsageError || error instanceof TypeError ? 2 : 1;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = Object.hasOwn(sentences, code) ? sentences[code] : undefined;
  if (known !== undefined) return known;
  // Node tries several addresses of a name and reports all of them.
  if (error instanceof AggregateError && error.errors.length > 0) return sentenceOf(error.errors[0]);
  return error.message || error.name;
}
