import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { adjustmentEvent } from '@tollgate/core/internal';
import { checkDailyUsage, database, type Ledger, ledger } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { sql } from 'kysely';
import { reports, type UsageQuery } from '../src/index.js';

const hourMs = 3_600_000;
const start = Date.UTC(2026, 9, 1);
const now = (): number => Date.UTC(2026, 9, 20);

/** Ten days of usage, one event every 47 minutes, some of them corrected. */
function history(): UsageEvent[] {
  return Array.from({ length: 300 }, (_, index) => {
    const event = usageEvent(
      {
        tenant: ['acme', 'globex'][index % 2] ?? '',
        team: ['data', undefined][index % 3] ?? undefined,
        user: `u${index % 9}`,
        model: ['gpt-5', 'gpt-5-mini', "o'model"][index % 3] ?? '',
        attempt: (index % 7) + 1,
        labels: index % 4 === 0 ? { feature: 'summaries' } : {},
        source: index % 5 === 0 ? 'estimated' : 'provider',
        costNanoUsd: String(9_007_199_254_740n + BigInt(index)),
      },
      start + index * 47 * 60_000,
    );
    if (index % 11 !== 0) return [event];
    return [event, adjustmentEvent(event, { ...event, costNanoUsd: '5', outputTokens: 1 }, [])];
  }).flat();
}

describe.each(queried)('the sums of days on $name', ({ start: startDatabase }) => {
  let server: TestDatabase;
  let books: Ledger;
  const events = history();

  beforeAll(async () => {
    server = await startDatabase();
    books = ledger({ database: database(server.options) });
    await Promise.all([...events, ...events].map((event) => books.write(event)));
  }, 150_000);
  afterAll(async () => {
    await books.database.end();
    await server.end();
  }, 90_000);

  const days = () => books.database.query.selectFrom('daily_usage').selectAll().execute();

  it.each<[string, Partial<UsageQuery>]>([
    ['whole days', {}],
    ['parts of days at both ends', { from: '2026-10-02T07:13:00Z', to: '2026-10-07T21:59:59.999Z' }],
    ['a part of one day', { from: '2026-10-03T07:00:00Z', to: '2026-10-03T19:00:00Z' }],
    [
      'no team, by feature',
      { where: { team: null, model: ['gpt-5', "o'model"] }, by: ['feature', 'source'] },
    ],
    ['UTC weeks', { by: ['week', 'tenant'] }],
    ['one tenant, in one row', { where: { tenant: 'acme' }, by: [] }],
  ])('give the same report as the events themselves: %s', async (_, some) => {
    const query = { from: '2026-10-01', to: '2026-11-01', by: ['tenant', 'model'] as const, ...some };
    const told = await reports({ database: books.database }).usage(query);
    expect(told.length).toBeGreaterThan(0);
    // A condition that only the events can answer, and that is always true.
    const users = [null, ...Array.from({ length: 9 }, (_unused, index) => `u${index}`)];
    const slowly = await reports({ database: books.database }).usage({
      ...query,
      where: { ...query.where, user: users },
    });
    expect(told).toEqual(slowly);
  });

  it('are fewer than the events, and say when nothing is wrong', async () => {
    expect((await days()).length).toBeLessThan(events.length);
    expect(await checkDailyUsage(books.database, { now })).toEqual([]);
  });

  it('that are wrong are found by the doctor, and made anew from the events', async () => {
    const before = await days();
    await sql`update tollgate.daily_usage set cost_nano_usd = cost_nano_usd + 1
      where slot = (select slot from tollgate.daily_usage where day = '2026-10-04' limit 1) and day = '2026-10-04'`.execute(
      books.database.query,
    );
    await sql`delete from tollgate.daily_usage where day = '2026-10-06'`.execute(books.database.query);
    const found = await checkDailyUsage(books.database, { now, repair: true });
    expect(found.map(({ day }) => day)).toEqual(['2026-10-04', '2026-10-06']);
    expect(BigInt(found[0]?.keptNanoUsd ?? 0) - BigInt(found[0]?.costNanoUsd ?? 0)).toBe(1n);
    expect(found[1]).toMatchObject({ keptAttempts: 0, keptNanoUsd: '0' });
    expect(await checkDailyUsage(books.database, { now })).toEqual([]);
    expect(new Set(await days())).toEqual(new Set(before));
  });

  it('are made by the migration, for a ledger from before there were any', async () => {
    const before = await days();
    await books.database.end();
    const older = database({ ...server.options, migrate: false });
    await older.ready();
    await sql`drop table tollgate.daily_usage, tollgate.callers`.execute(older.query);
    await sql`delete from tollgate.migrations where name >= '0004-daily-usage'`.execute(older.query);
    await older.end();
    books = ledger({ database: database(server.options) });
    await books.database.ready();
    expect(new Set(await days())).toEqual(new Set(before));
  }, 90_000);

  it('go with the months that are dropped', async () => {
    const later = usageEvent({ tenant: 'later' }, start + 40 * 24 * hourMs);
    await books.write(later);
    expect(await books.dropMonthsBefore('2026-11')).toEqual(['2026-10']);
    expect((await days()).map(({ tenant }) => tenant)).toEqual(['later']);
  });

  it.each([
    [{ days: 0 }, '"days" must be'],
    [{ repare: true }, 'did you mean "repair"?'],
  ])('are not checked with the options %j', async (options, message) => {
    await expect(checkDailyUsage(books.database, options as never)).rejects.toThrow(message);
  });
});
