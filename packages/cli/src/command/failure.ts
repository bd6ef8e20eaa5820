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

const connectionCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT']);

/** A connection that failed, with the place that was tried; any other error unchanged. */
export function placed(error: unknown, place: string): unknown {
  return connectionCodes.has(codeOf(error))
    ? new Error(`${sentences[codeOf(error)]} (${place})`, { cause: error })
    : error;
}

/** Node tries several addresses of a name and reports all of them. */
function codeOf(error: unknown): string {
  const { code, errors } = Object(error) as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : '';
}

/** Writes one line with the cause of the failure; returns the exit code. Never shows a connection string. */
export function sayFailure(error: unknown, writeError: (text: string) => void): number {
  writeError(`tollgate: ${shown(sentenceOf(error))}\n`);
  return error instanceof UsageError || error instanceof TypeError ? 2 : 1;
}

function sentenceOf(error: unknown): string {
  const code = codeOf(error);
  if (Object.hasOwn(sentences, code)) return sentences[code] ?? code;
  if (error instanceof AggregateError && error.errors.length > 0) return sentenceOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
