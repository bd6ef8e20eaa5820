import { accepts, checkOptions, describeValue } from '@tollgate/core/internal';
import type { Database } from '@tollgate/postgres';
import { type BillLine, billOf, checkPlanPrices, type PlanPrice } from './bill.js';
import type { Dimension } from './dimensions.js';
import { type Mover, movers } from './movers.js';
import { type OutcomeCost, outcomeCosts, outcomeCounts, recordOutcome } from './outcomes.js';
import { type CheckedQuery, checkQuery, type UsageQuery } from './usage-query.js';
import { type UsageSum, usageReport } from './usage-report.js';

export interface ReportsOptions {
  /** Where the ledger is: `books.database`, or what `database()` made. */
  database: Database;
  /** What the customers of each plan pay, by the plan's name. @defaultValue {} (everybody pays what usage costs) */
  prices?: Readonly<Record<string, PlanPrice>>;
}

/** What the ledger can tell. Every method throws a `TypeError` for a wrong query, and rejects while the database is away. */
export interface Reports {
  /** What was used and what it cost, by any mix of dimensions. */
  usage(query: UsageQuery): Promise<UsageSum[]>;
  /** What has changed most against the period of the same length before. `limit` is the number of changes. @defaultValue limit 10 */
  topMovers(query: UsageQuery): Promise<Mover[]>;
  /** What each tenant is billed for a month, `'2026-10'` in a time zone (UTC). */
  bill(month: string, options?: { timeZone?: string; tenant?: string }): Promise<BillLine[]>;
  /** Notes what a request has led to, e.g. `'resolved'`; once, however often it is told. */
  recordOutcome(requestId: string, outcome: string): Promise<void>;
  /** What usage has cost for each time that an outcome was reached. */
  costPerOutcome(outcome: string, query: UsageQuery): Promise<OutcomeCost[]>;
}

/** Reports on the ledger. Throws a `TypeError` for a wrong or unknown option. */
export function reports(options: ReportsOptions): Reports {
  checkOptions<ReportsOptions>(
    'reports',
    options,
    { database: accepts.methods('ready', 'end'), prices: accepts.object },
    ['database'],
  );
  const { database, prices = {} } = options;
  checkPlanPrices(prices);
  billOf(Object.keys(prices).map(planWithoutUsage), prices);

  async function sums(asked: CheckedQuery): Promise<UsageSum[]> {
    await database.ready();
    return usageReport(database, asked);
  }

  return {
    usage: async (query) => sums(checkQuery('usage', query)),
    async topMovers({ limit = 10, ...query }) {
      const asked = checkQuery('topMovers', { ...query, limit });
      await database.ready();
      return movers(database, asked);
    },
    async bill(month, { timeZone = 'UTC', tenant } = {}) {
      const where = tenant === undefined ? {} : { where: { tenant } };
      const isUtc = timeZone === 'UTC';
      // Only the database knows where the month of another zone begins.
      const by: Dimension[] = isUtc ? ['tenant', 'plan'] : ['tenant', 'plan', 'month'];
      const asked = checkQuery('bill', { ...monthRange(month, isUtc), by, timeZone, ...where, limit: 1e6 });
      await database.ready();
      const found = await usageReport(database, asked, ['costNanoUsd']);
      return billOf(isUtc ? found : found.filter((one) => one.by.month === month), prices);
    },
    async recordOutcome(requestId, outcome) {
      for (const [name, value] of Object.entries({ requestId, outcome })) {
        if (typeof value === 'string' && value !== '' && value.length <= 200 && !value.includes('\0'))
          continue;
        throw new TypeError(
          `recordOutcome: "${name}" must be a text of at most 200, received ${describeValue(value)}`,
        );
      }
      await database.ready();
      await recordOutcome(database, requestId, outcome);
    },
    async costPerOutcome(outcome, query) {
      const asked = checkQuery('costPerOutcome', query);
      const found = await sums(asked);
      return outcomeCosts(found, await outcomeCounts(database, asked, outcome));
    },
  };
}

/** The month in UTC, or a day more on either side: then it is a month of some time zone. */
function monthRange(month: string, isUtc: boolean): { from: Date; to: Date } {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined)
    throw new TypeError(`bill: a month such as "2026-01" is required, received ${describeValue(month)}`);
  const moreMs = isUtc ? 0 : 86_400_000;
  const start = Date.UTC(Number(year), Number(number) - 1);
  return { from: new Date(start - moreMs), to: new Date(Date.UTC(Number(year), Number(number)) + moreMs) };
}

const planWithoutUsage = (plan: string): UsageSum => ({
  by: { tenant: '', plan },
  attempts: 0,
  calls: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costNanoUsd: '0',
  unconfirmedNanoUsd: '0',
});
