import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { sql } from 'kysely';
import { database, type Ledger, ledger } from '../src/index.js';

const start = Date.UTC(2026, 9, 5, 12);
const minuteMs = 60_000;

describe.each(queried)('who has used anything on $name', ({ start: begin }) => {
  let server: TestDatabase;
  let books: Ledger;
  beforeAll(async () => {
    server = await begin();
    books = ledger({ database: database(server.options) });
  }, 150_000);
  afterEach(() => books.database.query.deleteFrom('callers').execute());
  afterAll(async () => {
    await books.close();
    await books.database.end();
    await server.end();
  }, 150_000);

  const used = async (facts: object, afterMinutes: number) => {
    await books.write(usageEvent({ tenant: 'acme', ...facts }, start + afterMinutes * minuteMs));
    await books.flush();
  };
  const callers = async () => {
    const query = books.database.query.selectFrom('callers').selectAll().orderBy('plan').orderBy('key_id');
    return (await query.execute()).map(({ slot, last_at, ...row }) => ({
      ...row,
      minute: (last_at.getTime() - start) / minuteMs,
    }));
  };
  const names = { tenant: 'acme', team: null, user_id: null };

  it('is noted once for each tenant, team, user and key', async () => {
    await used({ keyId: 'k1', plan: 'free', team: undefined, user: undefined }, 0);
    await used({ keyId: 'k1', plan: 'free', team: undefined, user: undefined }, 1);
    await used({ keyId: 'k2', plan: 'pro', team: 'data', user: undefined }, 2);
    expect(await callers()).toEqual([
      { ...names, key_id: 'k1', plan: 'free', minute: 0 },
      { ...names, team: 'data', key_id: 'k2', plan: 'pro', minute: 2 },
    ]);
  });

  it('has the plan of the last event, whatever the order of delivery, and a time that is at most an hour behind', async () => {
    const who = { keyId: 'k1', team: undefined, user: undefined };
    await used({ ...who, plan: 'free' }, 10);
    await used({ ...who, plan: 'pro' }, 20);
    await used({ ...who, plan: 'free' }, 5); // late
    expect(await callers()).toEqual([{ ...names, key_id: 'k1', plan: 'pro', minute: 20 }]);
    await used({ ...who, plan: 'pro' }, 60);
    await used({ ...who, plan: 'pro' }, 90);
    expect(await callers()).toEqual([{ ...names, key_id: 'k1', plan: 'pro', minute: 90 }]);
  });

  it('is noted once where one batch has many events of one caller', async () => {
    const events = Array.from({ length: 50 }, (_, index) =>
      usageEvent(
        {
          tenant: 'acme',
          keyId: 'k1',
          plan: index === 49 ? 'pro' : 'free',
          team: undefined,
          user: undefined,
        },
        start + index,
      ),
    );
    await Promise.all(events.map((event) => books.write(event)));
    await books.flush();
    expect((await callers()).map(({ plan }) => plan)).toEqual(['pro']);
  });

  it('is noted by the migration of an older ledger, for those whom a window of today may contain', async () => {
    const nowMs = Date.now();
    await books.write(usageEvent({ tenant: 'now', keyId: 'k1', plan: 'free' }, nowMs));
    await books.write(
      usageEvent({ tenant: 'then', keyId: 'k2', plan: 'pro' }, nowMs - 40 * 24 * 60 * minuteMs),
    );
    await books.flush();
    await sql`drop table tollgate.callers`.execute(books.database.query);
    await sql`delete from tollgate.migrations where name >= '0009-callers'`.execute(books.database.query);
    await books.close();
    await books.database.end();
    books = ledger({ database: database(server.options) });
    await books.database.ready();
    const noted = await books.database.query.selectFrom('callers').select('tenant').execute();
    expect(noted.map(({ tenant }) => tenant)).toContain('now');
    expect(noted.map(({ tenant }) => tenant)).not.toContain('then');
  }, 150_000);
});
