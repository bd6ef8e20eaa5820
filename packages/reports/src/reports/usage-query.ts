import { describeValue } from '@tollgate/core/internal';
import { checkDimension, type Dimension, type Facet, isPeriod } from './dimensions.js';

/** Which usage a report is about. */
export interface UsageQuery {
  /** The first moment, as a date or ISO 8601. Usage counts by the time its attempt began. */
  from: Date | string;
  /** The first moment after it. */
  to: Date | string;
  /** What each row is for; none: one row for everything. @defaultValue [] */
  by?: readonly Dimension[];
  /** Only usage with these values; `null`: where there is none. */
  where?: { readonly [Name in Facet]?: string | null | readonly (string | null)[] };
  /** IANA time zone of days, weeks and months. @defaultValue 'UTC' */
  timeZone?: string;
  /** Rows at most, the dearest first, 1 to 1 000 000. @defaultValue 10_000 */
  limit?: number;
}

/** A query as it is run. */
export interface CheckedQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly by: readonly Dimension[];
  readonly where: readonly (readonly [Facet, readonly (string | null)[]])[];
  readonly timeZone: string;
  readonly limit: number;
}

const names = ['from', 'to', 'by', 'where', 'timeZone', 'limit'];

/** Throws a `TypeError` that names the report, the field and what was received. */
export function checkQuery(report: string, query: UsageQuery): CheckedQuery {
  const { from, to, by = [], where = {}, timeZone = 'UTC', limit = 10_000 } = query;
  const unknown = Object.keys(query).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${report}: unknown field "${unknown}"; known are ${names.join(', ')}`);
  const [fromMs, toMs] = [momentOf(report, 'from', from), momentOf(report, 'to', to)];
  if (toMs <= fromMs) throw new TypeError(`${report}: "to" must be after "from"`);
  if (!Array.isArray(by))
    throw new TypeError(`${report}: "by" must be an array, received ${describeValue(by)}`);
  for (const dimension of by) checkDimension(report, dimension);
  if (new Set(by).size < by.length) throw new TypeError(`${report}: "by" names a dimension twice`);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1e6) {
    throw new TypeError(
      `${report}: "limit" must be an integer from 1 to 1000000, received ${describeValue(limit)}`,
    );
  }
  return {
    fromMs,
    toMs,
    by,
    where: conditionsOf(report, where),
    timeZone: checkedZone(report, timeZone),
    limit,
  };
}

function conditionsOf(report: string, where: NonNullable<UsageQuery['where']>): CheckedQuery['where'] {
  return Object.entries(where).flatMap(([facet, value]) => {
    checkDimension(report, facet);
    if (isPeriod(facet)) throw new TypeError(`${report}: "where" takes no ${facet}; use "from" and "to"`);
    if (value === undefined) return [];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const wrong = values.find((one) => one !== null && typeof one !== 'string');
    if (wrong !== undefined)
      throw new TypeError(`${report}: "where" takes texts, received ${describeValue(wrong)}`);
    return [[facet as Facet, values as readonly (string | null)[]] as const];
  });
}

function momentOf(report: string, name: string, value: Date | string): number {
  const timeMs = value instanceof Date || typeof value === 'string' ? new Date(value).getTime() : Number.NaN;
  if (Number.isFinite(timeMs)) return timeMs;
  throw new TypeError(`${report}: "${name}" must be a date or ISO 8601, received ${describeValue(value)}`);
}

function checkedZone(report: string, timeZone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    throw new TypeError(
      `${report}: "timeZone" must be an IANA time zone, received ${describeValue(timeZone)}`,
    );
  }
}
